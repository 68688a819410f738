"""How much a file to import may hold, and how the reading process is bound."""

import os
import sys
from typing import Final

from backend.errors import InvalidInputError, TooLargeError
from backend.runtime.worker import limit

MAX_FILE_BYTES: Final = 500 * 1024 * 1024
MAX_MESSAGE_BYTES: Final = 5 * 1024 * 1024
MAX_CONVERSATIONS: Final = 200_000
MAX_ENTRY_CHARS: Final = 64 * 1024 * 1024
MAX_NAMES: Final = 200_000
MAX_DEPTH: Final = 4
MAX_INNER_BYTES: Final = 256 * 1024 * 1024
"""An archive inside an archive that is packed once more is held in memory."""
_MEMORY_BYTES: Final = 2 * 1024**3
_CPU_S: Final = 900
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


class DamagedError(InvalidInputError):
    """A file cannot be read to its end."""


def damaged(name: str = "") -> DamagedError:
    """Return the error for a file that cannot be read to its end."""
    what = f"The file “{name}”" if name else "This file"
    return DamagedError(
        f"{what} is damaged or incomplete. Nothing was imported. Export or download "
        "it again."
    )


def unknown() -> InvalidInputError:
    """Return the error for a file of no known program."""
    return InvalidInputError(
        "Hearth does not recognise this file. Choose an export of ChatGPT, Claude, "
        "Jan, LM Studio, Open WebUI, Chatbox, DeepSeek, Chatbot UI or Hearth."
    )


def too_large(what: str) -> TooLargeError:
    """Return the error for something beyond a limit."""
    return TooLargeError(f"{what} Nothing was imported.")


def confine() -> None:
    """Let this process use bounded memory and time, and neither write nor connect."""
    limit(CPU=_CPU_S, FSIZE=0, CORE=0, AS=_MEMORY_BYTES)
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    writes = event == "open" and _writes(arguments[1], arguments[2])
    if writes or event.startswith(_FORBIDDEN):
        raise PermissionError(f"the reader of imports must not: {event}")


def _writes(mode: object, flags: object) -> bool:
    """Whether a file is opened to be changed: by mode, or by the flags of os.open."""
    by_mode = isinstance(mode, str) and bool(set(mode) & set("wax+"))
    return by_mode or (isinstance(flags, int) and bool(flags & _WRITING))
