"""Says whether the computer is short of memory."""

from pathlib import Path
from typing import Final

ENOUGH: Final = 0.25
"""The share that must be free, for Hearth to keep what it can do without."""
_MEMINFO: Final = Path("/proc/meminfo")


def is_memory_short(meminfo: Path = _MEMINFO) -> bool:
    """Say whether less than a quarter is free; True where the system does not tell.

    Args:
        meminfo: What Linux says of its memory: a name, a number and its unit a line.
    """
    try:
        lines = meminfo.read_text("ascii").splitlines()
        known = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        return known["MemAvailable"] < ENOUGH * known["MemTotal"]
    except (OSError, ValueError, LookupError):
        return True
