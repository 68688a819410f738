"""Judges a GGUF file and the memory of the machine before llama.cpp is started."""

import errno
import os
import stat
import struct
import sys
from pathlib import Path
from typing import BinaryIO, Final

from backend.errors import EngineFault
from backend.llm.sentences import engine_error

_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_HEADER: Final = struct.Struct("<4sIQQ")
_MAX_ENTRIES: Final = 1_000_000
_OPEN_FLAGS: Final = (
    os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)
_GIGABYTE: Final = 1024**3
_OVERHEAD_BYTES: Final = _GIGABYTE // 2
"""What llama.cpp takes beside the weights: cache of the conversation and buffers."""


def check_model_file(path: Path, name: str) -> None:
    """Refuse what is certainly no model, before a process is started for it.

    Raises:
        EngineError: The file is missing, unreadable or no GGUF model.
    """
    try:
        with open_regular(path) as file:
            header = file.read(_HEADER.size)
    except OSError as exc:
        why = "it is no longer there" if not path.exists() else "it cannot be read"
        raise engine_error(EngineFault.BAD_MODEL_FILE, name, why) from exc
    if why := _what_is_wrong(header):
        raise engine_error(EngineFault.BAD_MODEL_FILE, name, why)


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read it, and nothing that only looks like one.

    A pipe or a device may give its first byte never, and a device may act on being
    opened: the kind is looked at before, and again when it is open.

    Raises:
        OSError: It cannot be opened, or is no file.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "no regular file")
    file = os.fdopen(os.open(path, _OPEN_FLAGS), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "no regular file")
    return file


def memory_detail(path: Path) -> str:
    """Return what the model needs and what is free, as words for the user."""
    try:
        need = path.stat().st_size + _OVERHEAD_BYTES
    except OSError:
        return ""
    needs = f"the model needs about {need / _GIGABYTE:.1f} GB"
    free = available_memory()
    return f"{needs}, {free / _GIGABYTE:.1f} GB is free" if free else needs


def available_memory() -> int:
    """Return the bytes programs can still take, 0 where the system does not tell."""
    return _proc_number(Path("/proc/meminfo"), "MemAvailable:") * 1024


def count_oom_kills() -> int:
    """Return how many processes the kernel has ended for want of memory."""
    return _proc_number(Path("/proc/vmstat"), "oom_kill")


def _what_is_wrong(header: bytes) -> str:
    if not header.startswith(_MAGIC):
        return "it is no GGUF file"
    if len(header) < _HEADER.size:
        return "it is cut short"
    _, version, tensors, entries = _HEADER.unpack(header)
    if version not in _VERSIONS:
        return f"its version {version} is not supported"
    if not 0 < tensors < _MAX_ENTRIES or not 0 < entries < _MAX_ENTRIES:
        return "it is damaged"
    return ""


def _proc_number(path: Path, name: str) -> int:
    if sys.platform != "linux":
        return 0
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    words = (line.split() for line in lines)
    return next((int(found[1]) for found in words if found[0] == name), 0)
