"""Tells how much memory this computer has, as far as the system says so."""

import os
import sys
from pathlib import Path
from typing import Final

GIGABYTE: Final = 1024**3
_SYSTEM_BYTES: Final = 2 * GIGABYTE
_SHARE: Final = 0.8


def available_memory() -> int:
    """Return the bytes programs can still take, 0 where the system does not tell."""
    return _proc_number(Path("/proc/meminfo"), "MemAvailable:") * 1024


def total_memory() -> int:
    """Return the bytes this computer has, 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return 0


def most_for_models(total: int) -> int:
    """Return how much of a computer's memory a model may take, in bytes."""
    return int(max(total - _SYSTEM_BYTES, total / 4) * _SHARE)


def memory_for_models() -> int:
    """Return what a model may take just now, in bytes; 0 where nobody tells."""
    share, free = most_for_models(total_memory()), available_memory()
    return min(share, free * 9 // 10) if free else share


def count_oom_kills() -> int:
    """Return how many processes the kernel has ended for want of memory."""
    return _proc_number(Path("/proc/vmstat"), "oom_kill")


def _proc_number(path: Path, name: str) -> int:
    if sys.platform != "linux":
        return 0
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    words = (line.split() for line in lines)
    return next((int(found[1]) for found in words if found[0] == name), 0)
