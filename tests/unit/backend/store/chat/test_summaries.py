"""A summary is a message of its own role; only a whole one is used."""

import pytest

from backend.errors import NotFoundError
from backend.store.chat.summaries import SummaryStore
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.messages import MessageStore
from backend.store.states.message_state import MessageState


def test_only_a_whole_summary_is_used_whatever_ended_it(
    database: Database, messages: MessageStore
) -> None:
    summaries = SummaryStore(database)
    conversation, question, answer = messages.begin_conversation(
        "Hi", engine_id="e", engine_name="E", model="m"
    )
    assert summaries.latest_answer(conversation.id) is None, "it is being written"
    messages.finish(
        answer.id,
        text="Hello",
        reasoning="",
        state=MessageState.COMPLETE,
        tokens=(9, 3),
        reads_from=question.id,
    )
    found = summaries.latest_answer(conversation.id)
    assert found is not None
    assert (found.prompt_tokens, found.answer_tokens) == (9, 3)
    assert found.reads_from == question.id

    def begin() -> str:
        made = summaries.begin(conversation.id, answer.id, engine_name="E", model="m")
        return made.id

    killed = begin()
    messages.append_chunk(killed, 0, "Half of")
    messages.interrupt_open()
    assert messages.get(killed).text == "Half of"
    assert messages.get(killed).state is MessageState.INTERRUPTED
    empty = begin()
    messages.finish(empty, text="", reasoning="", state=MessageState.COMPLETE)
    assert summaries.latest(conversation.id) is None
    whole = begin()
    messages.finish(whole, text="All", reasoning="", state=MessageState.COMPLETE)
    latest = summaries.latest(conversation.id)
    assert latest is not None
    assert (latest.id, latest.reads_from) == (whole, answer.id)
    deleted = messages.delete(whole)
    assert summaries.latest(conversation.id) is None
    ChangeStore(database).undo(deleted)
    assert summaries.latest(conversation.id) is not None


def test_a_conversation_in_the_trash_gets_no_summary(database: Database) -> None:
    conversations = ConversationStore(database)
    conversation = conversations.create(title="Fire")
    conversations.delete(conversation.id)
    with pytest.raises(NotFoundError):
        SummaryStore(database).begin(conversation.id, "x", engine_name="E", model="m")
