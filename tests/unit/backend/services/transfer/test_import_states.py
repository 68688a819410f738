"""An import moves only where it can go."""

from itertools import pairwise

import pytest

from backend.errors import ConflictError
from backend.services.transfer.import_states import UNFINISHED, ImportState, move

S = ImportState


@pytest.mark.parametrize(
    "path",
    [
        (S.LOOKING, S.READY, S.IMPORTING, S.DONE, S.UNDOING, S.UNDONE, S.DISMISSED),
        (S.LOOKING, S.FAILED, S.DISMISSED),
        (S.READY, S.DISMISSED),
        (S.IMPORTING, S.UNDOING, S.FAILED),
    ],
    ids=["all went well", "unreadable", "not wanted", "failed halfway"],
)
def test_the_usual_ways_are_open(path: tuple[ImportState, ...]) -> None:
    for state, following in pairwise(path):
        assert move(state, following) is following


@pytest.mark.parametrize("state", sorted(UNFINISHED))
def test_what_is_under_way_can_be_neither_begun_nor_put_away(
    state: ImportState,
) -> None:
    for to in (S.READY, S.IMPORTING, S.DISMISSED):
        with pytest.raises(ConflictError, match="still running"):
            move(state, to)


def test_what_was_put_away_does_not_come_back() -> None:
    for to in ImportState:
        with pytest.raises(ConflictError, match="no longer possible"):
            move(S.DISMISSED, to)


@pytest.mark.parametrize("text", ["", "paused", "DONE", "done\n"])
def test_a_stored_state_nobody_knows_was_cut_off(text: str) -> None:
    assert S.stored(text) is S.IMPORTING


@pytest.mark.parametrize("state", list(S))
def test_a_stored_state_is_read(state: ImportState) -> None:
    assert S.stored(str(state)) is state
