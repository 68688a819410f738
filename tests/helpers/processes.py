"""The processes of a program under test."""

from collections.abc import Sequence

import psutil


def command_line(process: psutil.Process) -> str:
    """Return how a process was started; "" when it has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def are_gone(processes: Sequence[psutil.Process], seconds: float = 5.0) -> bool:
    """Whether all processes end within so many seconds."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]
