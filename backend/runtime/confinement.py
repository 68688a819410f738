"""Keeps a process that reads foreign files from reaching anything outside.

Python refuses what its audit hooks tell of, on every system. On Linux the kernel
refuses the worst as well, which holds for the libraries below Python too.
"""

import ctypes
import os
import platform
import struct
import sys
from typing import Final

from backend.runtime.worker import limit

_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FORBIDDEN: Final = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.kill",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.utime",
    "os.setxattr",
    "os.removexattr",
    "shutil.",
    "tempfile.",
    "sqlite3.",
    "ctypes.",
    "urllib.",
    "winreg.",
    "pty.",
    "signal.",
)

# The kernel's numbers: socket, socketpair, execve, execveat, ptrace, reading and
# writing the memory of others, kill; and io_uring, which can do all of these.
_CALLS: Final = {
    "x86_64": (0xC000003E, (41, 53, 59, 322, 101, 310, 311, 62, 425)),
    "aarch64": (0xC00000B7, (198, 199, 221, 281, 117, 270, 271, 129, 425)),
}
_SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
_SET_FILTER, _ALL_THREADS, _NO_NEW_POWERS = 1, 1, 38
_LOAD, _IS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050001
_OTHER_TABLE: Final = 0x40000000
"""Where the numbers of another table of calls begin (x32)."""


def confine(*, cpu_s: int, memory_bytes: int) -> None:
    """Let this process use bounded memory and time, and neither write nor connect."""
    if sys.platform == "linux":
        _filter_calls()
    if sys.platform == "win32":
        from backend.runtime import windows_job  # noqa: PLC0415 of that system

        windows_job.confine(memory_bytes)
    limit(CPU=cpu_s, FSIZE=0, CORE=0, AS=memory_bytes)
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    writes = event == "open" and _writes(arguments[1], arguments[2])
    if writes or event.startswith(_FORBIDDEN):
        raise PermissionError(f"a process that reads foreign files must not: {event}")


def _writes(mode: object, flags: object) -> bool:
    """Whether a file is opened to be changed: by mode, or by the flags of os.open."""
    by_mode = isinstance(mode, str) and bool(set(mode) & set("wax+"))
    return by_mode or (isinstance(flags, int) and bool(flags & _WRITING))


def _filter_calls() -> None:
    """Have the kernel refuse calls; one that knows no filters goes without."""
    machine = platform.machine()
    if machine not in _CALLS:
        return
    code = filter_code(*_CALLS[machine])
    held = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(held))
    libc = ctypes.CDLL(None)
    libc.prctl(_NO_NEW_POWERS, 1, 0, 0, 0)
    libc.syscall(_SECCOMP[machine], _SET_FILTER, _ALL_THREADS, program)


def filter_code(architecture: int, refused: tuple[int, ...]) -> bytes:
    """Return the kernel's filter: refused are these calls and those of other tables."""
    steps = [
        (_LOAD, 0, 0, 4),
        (_IS, 0, len(refused) + 3, architecture),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, len(refused) + 1, 0, _OTHER_TABLE),
    ]
    left = len(refused)
    for number in refused:
        steps.append((_IS, left, 0, number))
        left -= 1
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
