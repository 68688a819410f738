"""A message is either being written or has ended."""

import itertools

import pytest

from backend.errors import ConflictError
from backend.store.states.message_state import MessageState, move


@pytest.mark.parametrize(
    ("state", "to"),
    list(itertools.product(MessageState, MessageState)),
)
def test_only_a_running_answer_ends_and_only_an_ended_one_runs_again(
    state: MessageState,
    to: MessageState,
) -> None:
    if (state is MessageState.STREAMING) != (to is MessageState.STREAMING):
        assert move(state, to) is to
    else:
        with pytest.raises(ConflictError):
            move(state, to)
