"""Finds the weights of a model Ollama keeps, by the manifest that names it.

A blob is called by its hash and goes with the next update of its tag, so a model is
remembered by its manifest, and the blob is looked up whenever it is loaded.
"""

import json
from pathlib import Path
from typing import Final

from backend.runtime.regular_files import open_regular

MANIFESTS: Final = "manifests"
_MODEL_LAYER: Final = "application/vnd.ollama.image.model"
_MOST_BYTES: Final = 1024 * 1024
_OWN: Final = ("registry.ollama.ai", "library")


def is_manifest(path: Path) -> bool:
    """Whether a path is where Ollama keeps a manifest."""
    return MANIFESTS in path.parts and path.suffix.lower() != ".gguf"


def weights_of(path: Path) -> Path:
    """Return the file to load for a path: that itself, or a manifest's blob.

    Raises:
        OSError: The manifest cannot be read.
    """
    if not is_manifest(path):
        return path
    with open_regular(path) as file:
        raw = file.read(_MOST_BYTES)
    try:
        layers = json.loads(raw)["layers"]
        digests = [e["digest"] for e in layers if e["mediaType"] == _MODEL_LAYER]
        digest = str(digests[0]).replace(":", "-", 1)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return path
    if not digest.replace("-", "").isalnum():
        return path
    root = Path(*path.parts[: path.parts.index(MANIFESTS)])
    return root / "blobs" / digest


def model_name(path: Path) -> str:
    """Return what to call the model of a path."""
    if not is_manifest(path):
        return path.stem
    parts = path.parts[path.parts.index(MANIFESTS) + 1 :]
    kept = [part for part in parts if part not in _OWN]
    return f"{'/'.join(kept[:-1])}:{kept[-1]}" if len(kept) > 1 else path.name
