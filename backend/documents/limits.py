"""How much a file may hold, and what is said of one that cannot be read."""

from typing import Final

from backend.errors import InvalidInputError

MAX_FILE_BYTES: Final = 100 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 200 * 1024 * 1024
MAX_PART_BYTES: Final = 50 * 1024 * 1024
MAX_MEMBERS: Final = 5_000
MEMORY_BYTES: Final = 1024**3
CPU_S: Final = 60
DEADLINE_S: Final = 90.0
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024


class UnreadableError(InvalidInputError):
    """A file cannot be read; the sentence says what to do next."""


def damaged(what: str = "file") -> UnreadableError:
    """Return the error for a file that is not whole."""
    return UnreadableError(
        f"This {what} is damaged or was cut off. Download or save it again, then "
        "attach it anew."
    )


def too_large() -> UnreadableError:
    """Return the error for a file beyond a limit."""
    return UnreadableError(
        "This file holds more than Hearth reads. Split it into smaller files and "
        "attach those you need."
    )
