"""Every move of the store's state, allowed and refused."""

import pytest

from backend.errors import ConflictError, StoreClosedError
from backend.store.states.store_state import StoreState, move

OPENING, OPEN, LOCKED = StoreState.OPENING, StoreState.OPEN, StoreState.LOCKED
FAILED, SWAPPING, CLOSED = StoreState.FAILED, StoreState.SWAPPING, StoreState.CLOSED
ALLOWED = {
    *((OPENING, to) for to in (OPEN, LOCKED, FAILED)),
    *((OPEN, to) for to in (SWAPPING, CLOSED)),
    *((LOCKED, to) for to in (OPENING, SWAPPING, CLOSED)),
    *((FAILED, to) for to in (OPENING, SWAPPING, CLOSED)),
    (SWAPPING, OPENING),
}


@pytest.mark.parametrize("to", StoreState)
@pytest.mark.parametrize("state", StoreState)
def test_only_these_moves_are_allowed(state: StoreState, to: StoreState) -> None:
    if (state, to) in ALLOWED:
        assert move(state, to) is to
    else:
        closed = state is CLOSED
        with pytest.raises(StoreClosedError if closed else ConflictError):
            move(state, to)
