"""What is said of an answer that has ended is true of what is kept of it."""

import pytest

from backend.services.chat.endings import note_of
from backend.store.models import Message
from backend.store.states.message_state import MessageState


@pytest.mark.parametrize("state", [MessageState.STOPPED, MessageState.INTERRUPTED])
def test_only_a_text_that_is_there_is_said_to_be_kept(state: MessageState) -> None:
    for kept in (Message(text="One"), Message(text="", reasoning="Hm")):
        kept.state = state
        assert "is kept" in note_of(kept)
    nothing = Message(text="", state=state)
    assert note_of(nothing)
    assert "kept" not in note_of(nothing)
