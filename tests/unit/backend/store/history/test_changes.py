"""The change log knows what was: it undoes, restores and can forget."""

import pytest

from backend.errors import ConflictError, NotFoundError
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.history.changes import ChangeStore
from backend.store.messages import MessageStore
from backend.store.notes import NoteStore
from backend.store.states.message_state import MessageState


@pytest.fixture
def changes(database: Database) -> ChangeStore:
    return ChangeStore(database)


def test_one_act_of_the_user_is_one_transaction(
    changes: ChangeStore,
    messages: MessageStore,
) -> None:
    conversation, asked, answer = messages.begin_conversation(
        "hi",
        engine_id="",
        engine_name="",
        model="",
    )
    logged = [
        change
        for table, row in (
            ("conversation", conversation),
            ("message", asked),
            ("message", answer),
        )
        for change in changes.of_row(table, row.id)
    ]
    assert {change.transaction_id for change in logged} == {changes.last()}
    assert [change.before for change in logged] == [None] * 3
    assert logged[1].after["text"] == "hi"
    assert [change.hlc for change in logged] == sorted(
        {change.hlc for change in logged}
    )


def test_only_the_changed_fields_are_kept(
    changes: ChangeStore,
    conversations: ConversationStore,
) -> None:
    made = conversations.create(title="a")
    conversations.rename(made.id, "b", "user")
    conversations.rename(made.id, "b", "user")
    first, second = changes.of_row("conversation", made.id)
    assert first.before is None
    assert second.before is not None
    assert (second.before["title"], second.after["title"]) == ("a", "b")
    assert second.before.keys() == second.after.keys() == {"title", "updated_at"}


def test_drafts_and_pieces_are_not_logged(
    database: Database,
    changes: ChangeStore,
    messages: MessageStore,
) -> None:
    answer = messages.begin_conversation("", engine_id="", engine_name="", model="")[2]
    last = changes.last()
    messages.append_chunk(answer.id, 0, "x")
    DraftStore(database).save("new", "y")
    assert changes.last() == last


def test_an_undo_and_its_undo(
    changes: ChangeStore,
    conversations: ConversationStore,
) -> None:
    made = conversations.create(title="a")
    renamed = conversations.rename(made.id, "b", "user")
    undone = changes.undo(renamed)
    assert conversations.get(made.id).title == "a"
    changes.undo(undone)
    assert conversations.get(made.id).title == "b"


def test_undoing_a_deletion_brings_the_row_back_once(
    changes: ChangeStore,
    conversations: ConversationStore,
) -> None:
    made = conversations.create(title="a")
    deleted = conversations.delete(made.id)
    changes.undo(deleted)
    assert conversations.get(made.id).title == "a"
    with pytest.raises(ConflictError):
        changes.undo(deleted)


def test_undoing_what_was_new_puts_it_into_the_trash(
    changes: ChangeStore,
    conversations: ConversationStore,
) -> None:
    made = conversations.create(title="a")
    created = changes.last()
    assert created
    undone = changes.undo(created)
    assert conversations.page() == []
    changes.undo(undone)
    assert conversations.get(made.id).title == "a"


def test_a_newer_change_of_the_same_field_stays(
    changes: ChangeStore,
    database: Database,
) -> None:
    notes = NoteStore(database)
    made = notes.create("Fire", "hot")
    both = notes.save(made.id, "hotter", title="Flame")
    notes.save(made.id, "hottest")
    changes.undo(both)
    row = notes.get(made.id)
    assert (row.title, row.body) == ("Fire", "hottest")


def test_the_end_of_an_answer_is_not_undone(
    changes: ChangeStore,
    messages: MessageStore,
) -> None:
    answer = messages.begin_conversation("", engine_id="", engine_name="", model="")[2]
    messages.finish(answer.id, text="x", reasoning="", state=MessageState.COMPLETE)
    with pytest.raises(ConflictError):
        changes.undo(changes.last() or "")
    assert messages.get(answer.id).text == "x"


def test_an_answer_written_again_becomes_what_it_was(
    changes: ChangeStore,
    messages: MessageStore,
) -> None:
    row_id = messages.begin_conversation("", engine_id="", engine_name="", model="a")[
        2
    ].id
    messages.finish(row_id, text="old", reasoning="hm", state=MessageState.STOPPED)
    _, retried = messages.reopen(row_id, keep_text=False, model="b")
    with pytest.raises(ConflictError, match="still being written"):
        changes.undo(retried)
    messages.finish(row_id, text="new", reasoning="", state=MessageState.COMPLETE)

    undone = changes.undo(retried)
    row = messages.get(row_id)
    assert (row.text, row.reasoning, row.model) == ("old", "hm", "a")
    assert row.state is MessageState.STOPPED

    changes.undo(undone)
    row = messages.get(row_id)
    assert (row.text, row.model, row.state) == ("new", "b", MessageState.COMPLETE)

    messages.reopen(row_id, keep_text=False, model="c")
    messages.finish(row_id, text="newest", reasoning="", state=MessageState.COMPLETE)
    with pytest.raises(ConflictError, match="changed again"):
        changes.undo(retried)
    assert messages.get(row_id).model == "c"


def test_a_growing_answer_takes_no_earlier_version(
    changes: ChangeStore,
    messages: MessageStore,
) -> None:
    row_id = messages.begin_conversation("", engine_id="", engine_name="", model="")[
        2
    ].id
    messages.finish(row_id, text="old", reasoning="", state=MessageState.COMPLETE)
    messages.reopen(row_id, keep_text=False)
    version = changes.of_row("message", row_id)[1]
    with pytest.raises(ConflictError, match="still being written"):
        changes.restore_version("message", row_id, version.seq or 0)
    assert messages.get(row_id).text == ""


def test_what_never_was_is_not_undone(changes: ChangeStore) -> None:
    with pytest.raises(NotFoundError):
        changes.undo("nothing")


def test_an_earlier_version_is_restored(
    changes: ChangeStore,
    database: Database,
) -> None:
    notes = NoteStore(database)
    made = notes.create("Fire", "hot")
    notes.save(made.id, "cold", title="Ice")
    first = changes.of_row("note", made.id)[0]
    restored = changes.restore_version("note", made.id, first.seq or 0)
    assert (notes.get(made.id).title, notes.get(made.id).body) == ("Fire", "hot")
    changes.undo(restored)
    assert notes.get(made.id).title == "Ice"
    with pytest.raises(NotFoundError):
        changes.restore_version("note", made.id, 10_000)


def test_forgetting_leaves_no_trace_of_the_text_on_the_disk(
    changes: ChangeStore,
    conversations: ConversationStore,
    messages: MessageStore,
    database: Database,
) -> None:
    keep = conversations.create(title="keep")
    conversation, asked, answer = messages.begin_conversation(
        "xylophonequestion " * 50,
        engine_id="",
        engine_name="",
        model="",
        title="xylophonetitle",
    )
    messages.append_chunk(answer.id, 0, "xylophonepiece")
    messages.finish(
        answer.id,
        text="xylophoneanswer " * 2000,
        reasoning="",
        state=MessageState.COMPLETE,
    )
    DraftStore(database).save(conversation.id, "xylophonedraft")
    conversations.delete(conversation.id)
    changes.forget("conversation", conversation.id)
    assert changes.of_row("message", asked.id) == []
    with pytest.raises(NotFoundError):
        conversations.get(conversation.id, include_deleted=True)
    on_disk = b"".join(
        file.read_bytes() for file in database.path.parent.iterdir() if file.is_file()
    )
    assert b"xylophone" not in on_disk
    assert conversations.get(keep.id).title == "keep"
