"""Writes the file a scripted model sees with: the smallest encoder of pictures."""

import io
from pathlib import Path
from typing import Final

import gguf
import numpy as np
from PIL import Image

_SIDE: Final = 28
_PATCH: Final = 14
_WIDTH: Final = 32
_FEED_FORWARD: Final = 32
_MODEL_WIDTH: Final = 256
"""That of `scripted_model`."""


def write_tiny_projector(path: Path) -> Path:
    """Write the file to the path and return the path."""
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_type("mmproj")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", "mlp")
    writer.add_bool("clip.use_gelu", True)
    for name, number in (
        ("image_size", _SIDE),
        ("patch_size", _PATCH),
        ("embedding_length", _WIDTH),
        ("feed_forward_length", _FEED_FORWARD),
        ("block_count", 1),
        ("attention.head_count", 2),
        ("projection_dim", _MODEL_WIDTH),
    ):
        writer.add_uint32(f"clip.vision.{name}", number)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
    for name, shape in _shapes().items():
        writer.add_tensor(name, np.zeros(shape, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def dot() -> bytes:
    """Return a small picture."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(file, "PNG")
    return file.getvalue()


def _shapes() -> dict[str, tuple[int, ...]]:
    patches = (_SIDE // _PATCH) ** 2
    shapes: dict[str, tuple[int, ...]] = {
        "v.class_embd": (_WIDTH,),
        "v.patch_embd.weight": (_WIDTH, 3, _PATCH, _PATCH),
        "v.position_embd.weight": (patches + 1, _WIDTH),
        "mm.0.weight": (_MODEL_WIDTH, _WIDTH),
        "mm.0.bias": (_MODEL_WIDTH,),
        "mm.2.weight": (_MODEL_WIDTH, _MODEL_WIDTH),
        "mm.2.bias": (_MODEL_WIDTH,),
    }
    squares = ("attn_q", "attn_k", "attn_v", "attn_out", "ffn_up", "ffn_down")
    for name in squares:
        shapes[f"v.blk.0.{name}.weight"] = (_WIDTH, _WIDTH)
        shapes[f"v.blk.0.{name}.bias"] = (_WIDTH,)
    for name in ("v.blk.0.ln1", "v.blk.0.ln2", "v.pre_ln"):
        shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (_WIDTH,)
    return shapes
