"""Judges a GGUF file before llama.cpp is started, and says what it is instead."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from backend.errors import EngineError, EngineFault
from backend.llm.builtin.file_faults import why_no_header, why_unreadable
from backend.llm.builtin.gguf_header import Header, HeaderError, read_header
from backend.llm.builtin.memory import GIGABYTE, available_memory
from backend.llm.builtin.memory_need import OVERHEAD_BYTES, token_bytes
from backend.llm.builtin.ollama_files import weights_of
from backend.llm.builtin.projectors import projector_beside

_MOST_PARTS: Final = 999
_PART: Final = re.compile(r"^(.*)-(\d{5})(-of-(\d{5})\.gguf)$", re.IGNORECASE)
_EMBEDDERS: Final = (
    "bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "neo-bert",
    "modern-bert", "eurobert", "gemma-embedding", "llama-embed", "t5encoder",
)  # fmt: skip
_FAMILIAR: Final = (
    "llama", "qwen2", "qwen2moe", "qwen3", "qwen3moe", "gemma", "gemma2", "gemma3",
    "phi2", "phi3", "deepseek2", "gpt-oss", "glm4", "granite", "command-r", "cohere2",
    "starcoder2", "stablelm", "olmo2", "falcon",
)  # fmt: skip
"""Architectures every llama.cpp of today knows; another one is loaded for a try."""
_DRAWERS: Final = (
    "aura", "cosmos", "flux", "hidream", "hunyuan-video", "hyvid", "ltxv", "lumina2",
    "qwen_image", "sd1", "sd3", "sdxl", "wan",
)  # fmt: skip
_WRITERS_AT_ONCE: Final = ("dream", "llada", "llada-moe", "rnd1")
"""Models that write all words at the same time, for which llama.cpp has no chat."""
_CHOOSE: Final = "Choose another GGUF file"


class ModelFile(Struct, frozen=True):
    """A file that may be a model.

    Attributes:
        weights: What is loaded.
        bytes: Of all its parts, and of what it sees with.
        is_familiar: It is of a kind that is certainly known.
        context: How much it was trained to read, in tokens; 0 when it does not say.
        token_bytes: What a token takes in memory that was read.
        projector: What it sees with; None for a model that does not.
    """

    weights: Path
    bytes: int
    is_familiar: bool
    context: int = 0
    token_bytes: int = 0
    projector: Path | None = None


def check_model_file(path: Path, name: str) -> ModelFile:
    """Refuse what is certainly no model, before a process is started for it.

    Raises:
        EngineError: The file is missing, unreadable or no GGUF model for chats.
    """
    try:
        path, asked = weights_of(path), path
        header = _read(path)
        parts = _parts(path, header)
        if why := _what_it_is(header) or _what_is_missing(header, parts):
            raise HeaderError(why)
        # What another program keeps in a store of its own has nothing beside it.
        projector = projector_beside(path, header) if path == asked else None
        loaded = [*parts, projector] if projector else parts
        sizes = sum(part.stat().st_size for part in loaded)
    except OSError as exc:
        raise refusal(name, why_unreadable(path, exc)) from exc
    except ValueError as exc:  # the header's errors, and names no file can have
        why = str(exc) if isinstance(exc, HeaderError) else "it is no longer there"
        raise refusal(name, why) from exc
    # Other programs put things into a file that llama.cpp does not know.
    architecture = header.text("general.architecture")
    is_familiar = (
        architecture in _FAMILIAR and path == asked and not header.has_new_format
    )
    context = header.number(f"{architecture}.context_length")
    its_bytes = token_bytes(header)
    return ModelFile(path, sizes, is_familiar, context, its_bytes, projector)


def refusal(name: str, why: str) -> EngineError:
    """Return the error for a file that is no model; `why` may say what to do."""
    next_step = "" if ". " in why else f". {_CHOOSE}"
    sentence = f"{name} cannot open this model file: {why}{next_step}."
    return EngineError(EngineFault.BAD_MODEL_FILE, sentence)


def memory_detail(path: Path) -> str:
    """Return what the model needs and what is free, as words for the user."""
    try:
        need = sum(part.stat().st_size for part in sibling_parts(path) or (path,))
    except OSError:
        return ""
    needs = f"the model needs about {(need + OVERHEAD_BYTES) / GIGABYTE:.1f} GB"
    free = available_memory()
    return f"{needs}, {free / GIGABYTE:.1f} GB is free" if free else needs


def sibling_parts(path: Path) -> list[Path]:
    """Return the files a split model has by its name; none for a whole one."""
    found = _PART.match(path.name)
    if not found or int(found[4]) > _MOST_PARTS:
        return []
    names = (f"{found[1]}-{n:05}{found[3]}" for n in range(1, int(found[4]) + 1))
    return [path.with_name(name) for name in names]


def without_later_parts(paths: Sequence[Path]) -> list[Path]:
    """Leave out the parts of a model whose first one is there too."""
    firsts = [(path, (sibling_parts(path) or [path])[0]) for path in paths]
    return [path for path, first in firsts if path == first or first not in paths]


def kind_of(header: Header) -> str:
    """Return what a file is that is no model for chats; "" for one that may be."""
    architecture, kind = (
        header.text("general.architecture"),
        header.text("general.type"),
    )
    if kind == "mmproj" or architecture == "clip":
        return "it is only the vision or audio part of a model. Choose the model itself"
    if kind == "adapter" or header.text("adapter.type"):
        return "it only changes another model (an adapter). Choose the model itself"
    if kind == "imatrix" or architecture == "imatrix":
        return "it contains only measurements of a model. Choose the model itself"
    # Only what was trained to compare texts says how to sum one up; some is causal.
    if architecture in _EMBEDDERS or header.number(f"{architecture}.pooling_type"):
        return "it is made for searching texts (embeddings) and cannot chat"
    if architecture in ("wavtokenizer-dec", "whisper"):
        return "it is made for speech and cannot chat"
    if architecture in _DRAWERS:
        return "it makes pictures or videos and cannot chat"
    if architecture in _WRITERS_AT_ONCE:
        return "it is a diffusion model, which Hearth cannot run"
    return ""


def _what_it_is(header: Header) -> str:
    if header.number("split.no"):
        return ""
    if why := kind_of(header):
        return why
    if not header.text("general.architecture"):
        return "it is damaged, or contains no model"
    if not header.tensors and header.number("split.count") <= 1:
        return "it contains no model, only a vocabulary. Choose the model itself"
    if not header.text("tokenizer.ggml.model"):
        return "its vocabulary is missing"
    return ""


def _parts(path: Path, header: Header) -> list[Path]:
    return sibling_parts(path) if header.number("split.count") > 1 else [path]


def _what_is_missing(header: Header, parts: list[Path]) -> str:
    number, count = header.number("split.no") + 1, header.number("split.count")
    if count > 1 and len(parts) != count:
        return (
            f"it is part {number} of {count} of a model and was renamed. Its name must "
            f"end in -{number:05}-of-{count:05}.gguf"
        )
    if number > 1:
        first = parts[0].name
        if not os.path.lexists(parts[0]):
            first = f"all parts, put them into one folder, and choose {first}"
        return f"it is part {number} of {count} of a model. Choose {first}"
    for at, part in enumerate(parts, start=1):
        what = f"its part {at} of {count}" if count > 1 else "it"
        if not os.path.lexists(part):
            return (
                f"{what} is missing. Put {part.name} into the same folder, and choose "
                "this file again"
            )
        its = header if at == 1 else _read(part, f"{what} cannot be used: ")
        if at > 1 and its.number("split.no") != at - 1:
            return f"{what} belongs to another model. Download {part.name} again"
        if (there := part.stat().st_size) < its.needs_bytes:
            sizes = _sizes(there, its.needs_bytes)
            return f"{what} is incomplete, {sizes}. Download it again"
    return ""


def _read(path: Path, what: str = "") -> Header:
    try:
        return read_header(path)
    except OSError as exc:
        raise HeaderError(what + why_unreadable(path, exc)) from exc
    except HeaderError as exc:
        raise HeaderError(what + why_no_header(path, exc)) from exc


def _sizes(there: int, needs: int) -> str:
    unit, name = (GIGABYTE, "GB") if needs > GIGABYTE else (1024 * 1024, "MB")
    return f"{there / unit:.1f} of {needs / unit:.1f} {name}"
