"""The processes of a program under test."""

from collections.abc import Sequence
from contextlib import suppress

import psutil

_SIDECAR = " backend"
_FORK_SERVER = " backend.fork_server"


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


def find_sidecar(processes: Sequence[psutil.Process]) -> psutil.Process | None:
    """Return the sidecar, None when there is none now; its fork server is none."""
    alike = _fork_server_and_copy(processes)
    direct = (p for p in processes if command_line(p).endswith(_SIDECAR))
    copies = (p for p, parent in alike.items() if parent in {q.pid for q in alike})
    return next(direct, None) or next(copies, None)


def find_fork_server(processes: Sequence[psutil.Process]) -> psutil.Process | None:
    """Return the process that starts sidecars, None when there is none now."""
    alike = _fork_server_and_copy(processes)
    pids = {process.pid for process in alike}
    return next((p for p, parent in alike.items() if parent not in pids), None)


def _fork_server_and_copy(
    processes: Sequence[psutil.Process],
) -> dict[psutil.Process, int]:
    """Return both, which have one command line, and the parent of each."""
    found = {}
    for process in processes:
        with suppress(psutil.Error):
            if command_line(process).endswith(_FORK_SERVER):
                found[process] = process.ppid()
    return found
