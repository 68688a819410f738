"""What the operating system offers: limits, and an end with the parent."""

import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Final, Protocol

from backend.runtime.leash import signal_at_end

OPEN_FILES: Final = 65_536
"""More than another program can open from one address, as ports are fewer."""
MEMORY_HEADROOM_BYTES: Final = 3 * 512 * 1024 * 1024
"""How much memory one run may use beyond what it normally maps."""
MAPPED_BYTES: Final = 512 * 1024 * 1024
"""What a normal run maps after its start: 0.1 GB measured, and room for stacks."""


class ProcessGuard(Protocol):
    """The limits and ties one operating system offers."""

    def bound(self) -> None:
        """Bound what one request may cost the machine."""
        ...

    def follow_parent(self, end: Callable[[], None]) -> None:
        """Call `end` when the parent is gone, also when this process was stopped."""
        ...

    def end_within(self, seconds: float) -> None:
        """Have this process killed then, whatever Python is doing."""
        ...


def dump_on_request() -> None:
    """Write the main thread's stack to stderr on SIGUSR1, which precedes a kill.

    The kernel prefers the main thread, which runs the loop. The stacks of others
    would be read while they change, which was seen to crash before anything was said.
    """
    faulthandler.enable()
    if sys.platform != "win32":
        faulthandler.register(signal.SIGUSR1, all_threads=False)


def this_system() -> ProcessGuard:
    """Return the guard of the system this runs on."""
    if sys.platform == "win32":
        return WindowsGuard()
    elif sys.platform == "darwin":  # noqa: RET505 mypy knows platforms by else
        return MacGuard()
    else:
        return LinuxGuard()


if sys.platform == "win32":
    from backend.runtime.windows_job import confine, wait_for_process

    class WindowsGuard:
        """A job object, and a wait on the parent's handle."""

        def bound(self) -> None:
            """Limit the memory; children die with this process."""
            confine(MEMORY_HEADROOM_BYTES)

        def follow_parent(self, end: Callable[[], None]) -> None:
            """Wait for the parent in a thread of its own."""
            parent = os.getppid()

            def wait() -> None:
                wait_for_process(parent)
                end()

            threading.Thread(target=wait, name="parent", daemon=True).start()

        def end_within(self, seconds: float) -> None:
            """Exit from a timer thread; a held GIL is left to the shell's job."""
            exit_later(seconds)

else:
    import resource

    class PosixGuard:
        """What Linux and macOS have in common."""

        def bound(self) -> None:
            """Let idle connections block nobody, and let no dump hold the memory."""
            _, most_dumped = resource.getrlimit(resource.RLIMIT_CORE)
            resource.setrlimit(resource.RLIMIT_CORE, (0, most_dumped))
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            most = OPEN_FILES if hard == resource.RLIM_INFINITY else hard
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, OPEN_FILES), hard))

        def end_within(self, seconds: float) -> None:
            """Set the kernel's alarm, which needs neither a thread nor the GIL."""
            signal.setitimer(signal.ITIMER_REAL, seconds)

    if sys.platform == "darwin":
        import select

        class MacGuard(PosixGuard):
            """A kqueue that watches the parent."""

            def follow_parent(self, end: Callable[[], None]) -> None:
                """Wait for the parent in a thread of its own."""
                queue = select.kqueue()
                watch = select.kevent(
                    os.getppid(),
                    filter=select.KQ_FILTER_PROC,
                    flags=select.KQ_EV_ADD,
                    fflags=select.KQ_NOTE_EXIT,
                )

                def wait() -> None:
                    queue.control([watch], 1)
                    end()

                threading.Thread(target=wait, name="parent", daemon=True).start()

    else:
        import ctypes
        from pathlib import Path

        _PR_SET_PDEATHSIG = 1
        _M_ARENA_MAX = -8

        class LinuxGuard(PosixGuard):
            """Signals of the kernel on the parent's death and the leash's end."""

            def bound(self) -> None:
                """Also bound the address space: Robyn reads bodies of any size.

                Only the soft limit is set, so that a child may lift it again.
                """
                super().bound()
                # Each thread would reserve 64 MB of addresses for an arena of its own.
                ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
                pages = int(Path("/proc/self/statm").read_text().split()[0])
                now = pages * resource.getpagesize()
                most = now + MAPPED_BYTES + MEMORY_HEADROOM_BYTES
                _, hard = resource.getrlimit(resource.RLIMIT_AS)
                if hard == resource.RLIM_INFINITY or most < hard:
                    resource.setrlimit(resource.RLIMIT_AS, (most, hard))

            def follow_parent(self, end: Callable[[], None]) -> None:
                """Be woken by the kernel, which says why.

                SIGCONT as the parent-death signal resumes a stopped process, which
                then saves and ends like any other; SIGKILL would not let it save.
                """
                parent = os.getppid()

                def check(_signal: int, _frame: object) -> None:
                    if os.getppid() != parent:
                        end()

                libc = ctypes.CDLL(None, use_errno=True)
                signal.signal(signal.SIGCONT, check)
                libc.prctl(_PR_SET_PDEATHSIG, signal.SIGCONT, 0, 0, 0)
                _arm_alarm_on_leash(libc)
                if os.getppid() != parent:
                    end()

        class CopyGuard(LinuxGuard):
            """The guard of a copy of the fork server, with which it ends at once.

            When the fork server is gone, the shell starts another one, whose sidecar
            must find the data to itself.
            """

            def __init__(self, fork_server: int) -> None:
                self._fork_server = fork_server

            def follow_parent(self, end: Callable[[], None]) -> None:
                """Be killed by the kernel; the end of the leash is heard as ever."""
                libc = ctypes.CDLL(None, use_errno=True)
                libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
                _arm_alarm_on_leash(libc)
                if os.getppid() != self._fork_server:
                    end()

        def resume_with_parent() -> None:
            """Have this process resumed, if it was stopped, when its parent ends."""
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGCONT, 0, 0, 0)

        def _arm_alarm_on_leash(libc: ctypes.CDLL) -> None:
            # A thread that holds the GIL for ever also stops the one that follows
            # the leash. So the kernel sends SIGILL (4) at the leash's end, and the
            # C function alarm() is its handler: called with the signal's number, it
            # has the process killed in 4 seconds unless it has ended by then. It
            # handles one signal alone (System V): a real illegal instruction, which
            # is met again at once, still ends the process.
            handler = ctypes.cast(libc.alarm, ctypes.c_void_p)
            libc.sysv_signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
            libc.sysv_signal.restype = ctypes.c_void_p
            libc.sysv_signal(signal.SIGILL, handler)
            signal_at_end(signal.SIGILL)


def exit_later(seconds: float, code: int = 70) -> None:
    """Exit after so many seconds, from a thread of its own."""
    timer = threading.Timer(seconds, os._exit, [code])
    timer.daemon = True
    timer.start()
