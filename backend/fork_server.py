"""Starts each sidecar as a copy of a process that has imported what it needs (Linux).

Imports are three quarters of a sidecar's start. A copy has them at once, and shares the
memory in which they lie. The fork server reads no hello, opens no database and starts
no thread: it forks, waits, and tells the shell of each end.
"""

import os
import select
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import Final

from backend.__main__ import begin_clean
from backend.installation import installed_files, running_version
from backend.interface.protocol import SidecarEnd

if sys.platform != "linux":
    raise ImportError("only Linux forks sidecars")

_STDIN, _STDOUT = 0, 1
_CHUNK: Final = 64 * 1024
_KILLED_BY: Final = 128
_FIRST_PAGE: Final = ("backend.sidecar", "backend.app", "backend.web.server")
_STORE: Final = ("backend.lifecycle.background", "backend.lifecycle.container")
"""Imported when a sidecar has died: the first one shows its page before it has them,
and until then they would be in memory twice."""
_ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
_FORWARDED: Final = (*_ENDING, signal.SIGUSR1, signal.SIGCONT)
"""What the shell, the desktop and the kernel tell the sidecar."""


def main() -> None:
    """Start sidecars until the leash ends, and exit with the code of the last one."""
    begin_clean()
    for module in _FIRST_PAGE:
        import_module(module)
    from backend.runtime import process_guard  # noqa: PLC0415 imports read the environment
    from backend.sidecar import run  # noqa: PLC0415 imports read the environment

    if os.isatty(_STDIN):
        sys.exit(run())
    fork_server = os.getpid()
    process_guard.resume_with_parent()
    # Read once: what was imported is of this version, whatever is installed later.
    running_version()
    code = ForkServer().serve()
    if code is None:
        is_copy = os.getpid() != fork_server
        guard = process_guard.CopyGuard(fork_server) if is_copy else None
        sys.exit(run(system=guard))
    # Nothing is to be put in order, and the shell waits.
    os._exit(code if code >= 0 else _KILLED_BY - code)


class ForkServer:
    """Forks one sidecar after the other, never two at once."""

    def __init__(self) -> None:
        self._sidecar = 0
        for number in _FORWARDED:
            signal.signal(number, self._forward)

    def serve(self) -> int | None:
        """Return None in each copy, and an exit code when there will be no more.

        That is at the end of the leash, and when the files on disk are not those that
        were imported: the shell then starts what is there now. Also None where nothing
        can be forked: the process is then a sidecar itself.
        """
        files = ""
        while True:
            with suppress(OSError):
                self._sidecar = os.fork()
            if not self._sidecar:
                for number in _FORWARDED:
                    signal.signal(number, signal.SIG_DFL)
                return None
            files = files or installed_files()
            code = os.waitstatus_to_exitcode(os.waitpid(self._sidecar, 0)[1])
            self._sidecar = 0
            if not _drop_unread() or installed_files() != files:
                return code
            os.write(_STDOUT, SidecarEnd(code=code).to_line().encode())
            for module in _STORE:
                import_module(module)
            if not _is_asked() or installed_files() != files:
                return code

    def _forward(self, number: int, _frame: object) -> None:
        if self._sidecar:
            with suppress(ProcessLookupError):
                os.kill(self._sidecar, number)
        elif number in _ENDING:
            os._exit(0)


def _drop_unread() -> bool:
    """Drop a hello that nobody read; return whether the leash is held."""
    while select.select([_STDIN], [], [], 0)[0]:
        if not os.read(_STDIN, _CHUNK):
            return False
    return True


def _is_asked() -> bool:
    """Wait for a hello, and leave it to the copy; return whether one came."""
    poll = select.poll()
    poll.register(_STDIN, select.POLLIN)
    return any(event & select.POLLIN for _, event in poll.poll())


if __name__ == "__main__":
    main()
