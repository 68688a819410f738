"""The trash shows what the user deleted, gives it back, or lets it go for good."""

from pathlib import Path

import pytest

from backend.errors import NotFoundError
from backend.ids import now_ms
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.drafts import DraftStore, note_draft
from backend.store.history.changes import ChangeStore
from backend.store.history.trash import TrashStore
from backend.store.messages import MessageStore
from backend.store.notes import NoteStore
from backend.store.rows import MessageRow
from tests.helpers.message_rows import as_rows

CANARY = "zanzibarquokka"


@pytest.fixture
def trash(database: Database) -> TrashStore:
    return TrashStore(database)


@pytest.fixture
def notes(database: Database) -> NoteStore:
    return NoteStore(database)


@pytest.fixture
def asked(messages: MessageStore) -> MessageRow:
    return messages.begin_conversation(
        "What is fire?", engine_id="", engine_name="", model="", title="Fire"
    )[1]


def shown(trash: TrashStore) -> list[tuple[str, str]]:
    return [(item.table, item.title) for item in trash.page()]


def test_what_was_deleted_last_comes_first(
    trash: TrashStore,
    notes: NoteStore,
    conversations: ConversationStore,
    asked: MessageRow,
) -> None:
    conversations.delete(asked.conversation_id)
    notes.delete(notes.create("A note").id)
    assert sorted(shown(trash)) == [("conversation", "Fire"), ("note", "A note")]
    (first, second) = trash.page()
    assert (first.deleted_at, first.id) > (second.deleted_at, second.id)
    assert trash.page(before=(first.deleted_at, first.id)) == [second]
    assert trash.page(limit=1) == [first]


def test_what_went_in_one_moment_is_all_shown_page_by_page(
    trash: TrashStore, notes: NoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {notes.create(f"Note {number}").id for number in range(7)}
    monkeypatch.setattr("backend.store.notes.now_ms", lambda: 1_790_000_000_000)
    for note in made:
        notes.delete(note)
    found, before = [], (2**53, "")
    while page := trash.page(before=before, limit=2):
        found += [item.id for item in page]
        before = (page[-1].deleted_at, page[-1].id)
    assert len(found) == 7
    assert set(found) == made


def test_an_exchange_is_one_thing_and_comes_back_whole(
    trash: TrashStore, messages: MessageStore, asked: MessageRow
) -> None:
    messages.delete(asked.id)
    assert shown(trash) == [("message", "What is fire?")]
    trash.restore("message", asked.id)
    assert len(messages.of_conversation(asked.conversation_id)) == 2
    assert shown(trash) == []


def test_a_message_of_a_deleted_conversation_is_part_of_it(
    trash: TrashStore,
    messages: MessageStore,
    conversations: ConversationStore,
    asked: MessageRow,
) -> None:
    messages.delete(asked.id)
    conversations.delete(asked.conversation_id)
    assert shown(trash) == [("conversation", "Fire")]
    trash.restore("conversation", asked.conversation_id)
    assert shown(trash) == [("message", "What is fire?")]


def test_only_what_is_there_is_restored(trash: TrashStore, asked: MessageRow) -> None:
    for row_id in (asked.id, "nothing"):
        with pytest.raises(NotFoundError):
            trash.restore("message", row_id)


def test_a_restoration_is_undone(
    trash: TrashStore, notes: NoteStore, database: Database
) -> None:
    note = notes.create("A note")
    notes.delete(note.id)
    ChangeStore(database).undo(trash.restore("note", note.id))
    assert shown(trash) == [("note", "A note")]


def test_only_what_lay_there_long_enough_has_expired(
    trash: TrashStore, notes: NoteStore, asked: MessageRow
) -> None:
    note = notes.create("A note")
    notes.delete(note.id)
    assert trash.expired(now_ms() - 60_000) == []
    assert trash.expired(now_ms() + 60_000) == [("note", note.id)]


def files_with_the_canary(folder: Path) -> list[str]:
    return [
        file.name for file in folder.iterdir() if CANARY in file.read_text("latin-1")
    ]


def test_nothing_of_what_was_forgotten_stays_on_the_disk(
    path: Path,
    database: Database,
    messages: MessageStore,
    conversations: ConversationStore,
    notes: NoteStore,
) -> None:
    conversation, _asked, answer = messages.begin_conversation(
        f"Where is {CANARY}?", engine_id="", engine_name="", model="", title=CANARY
    )
    messages.append_chunk(answer.id, 0, f"{CANARY} is", CANARY)
    DraftStore(database).save(conversation.id, f"And {CANARY}")
    for _ in range(60):
        messages.add_exchange(conversation.id, CANARY, engine_name="", model="")
    other = messages.begin_conversation(
        "Something else", engine_id="", engine_name="", model=""
    )
    alone, _ = messages.add_exchange(other[0].id, CANARY, engine_name="", model="")
    note = notes.create("", CANARY)
    notes.keep(note.id, f"{CANARY} again")
    notes.fold(note.id)
    notes.keep(note.id, f"{CANARY} once more")
    assert DraftStore(database).get(note_draft(note.id))
    conversations.delete(conversation.id)
    messages.delete(alone.id)
    notes.delete(note.id)
    assert files_with_the_canary(path.parent)
    ChangeStore(database).forget_all(
        [("conversation", conversation.id), ("message", alone.id), ("note", note.id)]
    )
    assert files_with_the_canary(path.parent) == []
    assert messages.of_conversation(other[0].id) == as_rows(*other[1:])
