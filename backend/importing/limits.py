"""How much a file to import may hold, and how the reading process is bound."""

from typing import Final

from backend.errors import InvalidInputError, TooLargeError
from backend.runtime import confinement

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
        "Jan, LM Studio, Open WebUI, Chatbox, Cherry Studio, LibreChat, DeepSeek, "
        "Chatbot UI or Hearth."
    )


def too_large(what: str) -> TooLargeError:
    """Return the error for something beyond a limit."""
    return TooLargeError(f"{what} Nothing was imported.")


def confine() -> None:
    """Let this process use bounded memory and time, and neither write nor connect."""
    confinement.confine(cpu_s=_CPU_S, memory_bytes=_MEMORY_BYTES)
