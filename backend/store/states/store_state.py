"""The state of the store; importable without the database."""

from enum import StrEnum
from typing import Final

from backend.errors import ConflictError, StoreClosedError


class StoreState(StrEnum):
    """How far the store has come; the values are what the health route says."""

    OPENING = "opening"
    OPEN = "connected"
    LOCKED = "locked"
    FAILED = "failed"
    SWAPPING = "swapping"
    CLOSED = "closed"


_NEXT: Final = {
    StoreState.OPENING: {StoreState.OPEN, StoreState.LOCKED, StoreState.FAILED},
    StoreState.OPEN: {StoreState.SWAPPING, StoreState.CLOSED},
    StoreState.LOCKED: {StoreState.OPENING, StoreState.SWAPPING, StoreState.CLOSED},
    StoreState.FAILED: {StoreState.OPENING, StoreState.SWAPPING, StoreState.CLOSED},
    StoreState.SWAPPING: {StoreState.OPENING},
    StoreState.CLOSED: set[StoreState](),
}


def move(state: StoreState, to: StoreState) -> StoreState:
    """Return the next state.

    Raises:
        StoreClosedError: Hearth is quitting: nothing opens the store again.
        ConflictError: It is being opened or swapped, or is in that state already.
    """
    if to in _NEXT[state]:
        return to
    if state is StoreState.CLOSED:
        raise StoreClosedError("Hearth is quitting. Start it again to go on.")
    raise ConflictError("Your data is being opened. Wait a moment and try again.")
