"""Messages and running answers survive everything, piece by piece."""

import pytest

from backend.errors import ConflictError, NotFoundError
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.history.changes import ChangeStore
from backend.store.messages import MessageStore
from backend.store.models import Conversation, Message
from backend.store.rows import MessageRow
from backend.store.states.message_state import MessageState
from tests.helpers.message_rows import as_rows


@pytest.fixture
def begun(messages: MessageStore) -> tuple[Conversation, MessageRow, MessageRow]:
    return messages.begin_conversation(
        "What is fire?",
        engine_id="e",
        engine_name="Engine",
        model="m",
    )


Begun = tuple[Conversation, MessageRow, MessageRow]


def chunk_count(database: Database) -> int:
    with database.read() as session:
        rows = session.connection().exec_driver_sql("select * from stream_chunk").all()
    return len(rows)


def test_a_first_message_makes_its_conversation_and_uses_the_draft_up(
    database: Database,
    messages: MessageStore,
) -> None:
    drafts = DraftStore(database)
    drafts.save("new", "What is fi")
    conversation, asked, answer = messages.begin_conversation(
        "What is fire?",
        engine_id="e",
        engine_name="Engine",
        model="m",
        title="What is fire?",
    )
    assert conversation.title_source == "text"
    assert drafts.get("new") == ""
    assert messages.of_conversation(conversation.id) == as_rows(asked, answer)
    assert (asked.role, asked.state) == ("user", MessageState.COMPLETE)
    assert (answer.role, answer.state) == ("assistant", MessageState.STREAMING)
    assert answer.reply_to == asked.id


def test_an_exchange_uses_up_only_its_own_draft(
    database: Database,
    messages: MessageStore,
    begun: Begun,
) -> None:
    drafts = DraftStore(database)
    drafts.save(begun[0].id, "And water")
    drafts.save("new", "other")
    messages.add_exchange(begun[0].id, "And water?", engine_name="E", model="m")
    assert (drafts.get(begun[0].id), drafts.get("new")) == ("", "other")


def test_an_exchange_for_a_deleted_conversation_keeps_the_draft(
    database: Database,
    messages: MessageStore,
    conversations: ConversationStore,
    begun: Begun,
) -> None:
    drafts = DraftStore(database)
    drafts.save(begun[0].id, "And water")
    conversations.delete(begun[0].id)
    with pytest.raises(NotFoundError):
        messages.add_exchange(begun[0].id, "And water?", engine_name="E", model="m")
    assert drafts.get(begun[0].id) == "And water"


def test_pages_go_back_from_the_newest(messages: MessageStore, begun: Begun) -> None:
    for number in range(3):
        messages.add_exchange(begun[0].id, str(number), engine_name="E", model="m")
    newest = messages.of_conversation(begun[0].id, limit=4)
    older = messages.of_conversation(begun[0].id, before=newest[0].id)
    assert [row.text for row in newest] == ["1", "", "2", ""]
    assert [row.text for row in older] == ["What is fire?", "", "0", ""]


def test_pieces_become_the_partial_answer(messages: MessageStore, begun: Begun) -> None:
    answer = begun[2]
    messages.append_chunk(answer.id, 0, "", "Hmm. ")
    messages.append_chunk(answer.id, 1, "Fire ", "Well.")
    messages.append_chunk(answer.id, 2, "is hot\0\ud800")
    messages.append_chunk(answer.id, 2, "is hot\0\ud800")
    assert messages.partial(answer.id) == ("Fire is hot\ufffd\ufffd", "Hmm. Well.")
    assert messages.get(answer.id).text == ""


def test_text_that_was_a_thought_is_one_after_a_crash(
    messages: MessageStore, begun: Begun
) -> None:
    answer = begun[2]
    messages.append_chunk(answer.id, 0, "Hm. ")
    messages.append_chunk(answer.id, 1, "So. ")
    messages.append_chunk(answer.id, 2, "Four", "Ah.", 8)
    messages.append_chunk(answer.id, 3, ".", "")
    assert messages.partial(answer.id) == ("Four.", "Hm. So. Ah.")


def test_an_end_writes_the_row_once_and_drops_the_pieces(
    database: Database,
    messages: MessageStore,
    begun: Begun,
) -> None:
    answer = begun[2]
    messages.append_chunk(answer.id, 0, "Fire")
    messages.finish(
        answer.id,
        text="Fire is hot",
        reasoning="",
        state=MessageState.FAILED,
        error="Broke off.",
    )
    assert chunk_count(database) == 0
    ended = messages.get(answer.id)
    assert (ended.text, ended.error) == ("Fire is hot", "Broke off.")
    assert ended.state is MessageState.FAILED
    with pytest.raises(ConflictError):
        messages.append_chunk(answer.id, 1, "late")
    with pytest.raises(ConflictError):
        messages.finish(
            answer.id,
            text="",
            reasoning="",
            state=MessageState.COMPLETE,
        )
    assert messages.get(answer.id).text == "Fire is hot"


@pytest.mark.parametrize(
    ("keep_text", "expected"),
    [(True, "Fire is hot"), (False, " hot")],
    ids=["continue", "retry"],
)
def test_an_answer_written_again_survives_a_crash(
    messages: MessageStore,
    begun: Begun,
    keep_text: bool,
    expected: str,
) -> None:
    answer = begun[2]
    stopped = MessageState.STOPPED
    messages.finish(answer.id, text="Fire is", reasoning="", state=stopped)
    reopened, _ = messages.reopen(answer.id, keep_text=keep_text, model="other")
    assert (reopened.state, reopened.model) == (MessageState.STREAMING, "other")
    with pytest.raises(ConflictError):
        messages.reopen(answer.id, keep_text=True)
    messages.append_chunk(answer.id, 0, " hot")
    assert messages.partial(answer.id)[0] == expected
    (interrupted,) = messages.interrupt_open()
    assert interrupted.text == expected
    assert messages.get(answer.id).state is MessageState.INTERRUPTED
    assert messages.interrupt_open() == []


def test_a_start_after_a_crash_folds_the_pieces_in(
    database: Database,
    messages: MessageStore,
    begun: Begun,
) -> None:
    messages.append_chunk(begun[2].id, 0, "Fire ", "Hm")
    messages.append_chunk(begun[2].id, 1, "is")
    (interrupted,) = messages.interrupt_open()
    assert (interrupted.text, interrupted.reasoning) == ("Fire is", "Hm")
    assert chunk_count(database) == 0


def test_only_answers_are_written_again(messages: MessageStore, begun: Begun) -> None:
    with pytest.raises(ConflictError):
        messages.reopen(begun[1].id, keep_text=False)


def test_a_deleted_answer_is_not_shown(messages: MessageStore, begun: Begun) -> None:
    messages.delete(begun[2].id)
    assert messages.of_conversation(begun[0].id) == as_rows(messages.get(begun[1].id))
    with pytest.raises(NotFoundError):
        messages.get(begun[2].id)
    assert messages.get(begun[2].id, include_deleted=True).deleted_at


def test_a_deleted_question_takes_its_answer_along_and_back(
    database: Database, messages: MessageStore, begun: Begun
) -> None:
    other = messages.add_exchange(begun[0].id, "And?", engine_name="E", model="m")
    deleted = messages.delete(begun[1].id)
    assert messages.of_conversation(begun[0].id) == as_rows(*other)
    ChangeStore(database).undo(deleted)
    assert len(messages.of_conversation(begun[0].id)) == 4


def test_a_message_is_shown_among_its_neighbours(
    messages: MessageStore, begun: Begun
) -> None:
    for number in range(9):
        messages.add_exchange(begun[0].id, f"{number}", engine_name="E", model="m")
    everything = list(messages.of_conversation(begun[0].id))
    chosen = everything[9]
    assert list(messages.around(chosen.id, limit=6)) == everything[6:13]
    assert list(messages.around(everything[0].id)) == everything
    later = messages.after(begun[0].id, chosen.id, limit=3)
    assert list(later) == everything[10:13]


def test_a_row_has_every_field_that_is_stored_and_logged() -> None:
    assert set(MessageRow._fields) == (
        Message.model_fields.keys() - {"folded", "cjk", "aside"}
    )
