"""How far an import is, and where it can go from there."""

from enum import StrEnum
from typing import Final

from backend.errors import ConflictError


class ImportState(StrEnum):
    """How far an import is.

    LOOKING and READY have stored nothing; a run that is IMPORTING or UNDOING when
    Hearth starts was cut off, and is taken back.
    """

    LOOKING = "looking"
    READY = "ready"
    IMPORTING = "importing"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"
    DISMISSED = "dismissed"

    @classmethod
    def stored(cls, text: str) -> "ImportState":
        """Read what is stored; what nobody knows, others wrote, and it was cut off."""
        return cls(text) if text in {*cls} else cls.IMPORTING


UNFINISHED: Final = frozenset({ImportState.IMPORTING, ImportState.UNDOING})
"""What is under way, and stores things."""

_NEXT: Final = {
    ImportState.LOOKING: {
        ImportState.READY,
        ImportState.FAILED,
        ImportState.DISMISSED,
    },
    ImportState.READY: {ImportState.IMPORTING, ImportState.DISMISSED},
    ImportState.IMPORTING: {ImportState.DONE, ImportState.UNDOING},
    ImportState.DONE: {ImportState.UNDOING, ImportState.DISMISSED},
    ImportState.UNDOING: {ImportState.UNDONE, ImportState.FAILED},
    ImportState.UNDONE: {ImportState.DISMISSED},
    ImportState.FAILED: {ImportState.DISMISSED},
    ImportState.DISMISSED: set[ImportState](),
}


def move(state: ImportState, to: ImportState) -> ImportState:
    """Return the next state.

    Raises:
        ConflictError: There is no way from one to the other.
    """
    if to in _NEXT[state]:
        return to
    if state in UNFINISHED:
        raise ConflictError(
            "This import is still running. Wait until it ends, or cancel it."
        )
    raise ConflictError("This is no longer possible. Choose the file again.")
