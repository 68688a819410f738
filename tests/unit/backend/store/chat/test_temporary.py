"""Temporary conversations have a database in memory, out of which one can be kept."""

from pathlib import Path

import pytest

from backend.errors import ConflictError, GoneError, NotFoundError, StoreReadOnlyError
from backend.ids import is_temporary, kept_id, new_id, temporary_id
from backend.interface.stored_values import parameters_of
from backend.store.chat.temporary import TITLE, TemporaryStore
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.history.changes import ChangeStore
from backend.store.history.revisions import RevisionStore
from backend.store.messages import MessageStore
from backend.store.settings import SettingStore
from backend.store.states.message_state import MessageState


@pytest.fixture
def temporary() -> TemporaryStore:
    return TemporaryStore()


def talk(temporary: TemporaryStore) -> tuple[str, str, str]:
    """Return a conversation with a question that has two answers, and those."""
    begun, store = temporary.begin(), MessageStore(temporary.database)
    _, first = store.add_exchange(begun, "Where is it?", engine_name="x", model="m")
    store.finish(first.id, text="Here.", reasoning="", state=MessageState.COMPLETE)
    again, _ = RevisionStore(temporary.database).answer_again(
        first.id, engine_name="x", model="m"
    )
    store.finish(again.id, text="There.", reasoning="", state=MessageState.COMPLETE)
    return begun, first.id, again.id


def test_ids_tell_what_is_temporary() -> None:
    row_id = temporary_id()
    assert is_temporary(row_id)
    assert not is_temporary(new_id())
    assert not is_temporary(kept_id(row_id))
    assert not any(map(is_temporary, ("", "new", "8" * 36, f"edit:{row_id}")))


def test_what_has_no_messages_is_begun_once(temporary: TemporaryStore) -> None:
    begun, _, _ = talk(temporary)
    second = temporary.begin()
    assert second != begun
    assert temporary.begin() == second
    assert [row.title for row in temporary.all()] == [TITLE, TITLE]


def test_rows_and_transactions_are_known_by_their_ids(
    temporary: TemporaryStore,
) -> None:
    assert not temporary.holds([new_id()])
    assert not temporary.is_used
    begun, answer, _ = talk(temporary)
    deleted = ConversationStore(temporary.database).delete(begun)
    for row_id in (begun, answer, deleted):
        assert temporary.holds([new_id(), row_id])
    assert not temporary.holds([new_id()])


def test_one_of_an_earlier_run_is_said_to_be_gone(temporary: TemporaryStore) -> None:
    for _ in range(2):
        with pytest.raises(GoneError, match="nothing of it was kept"):
            temporary.holds([temporary_id()])
        temporary.begin()


def test_one_is_kept_with_all_its_versions_and_can_be_taken_back(
    temporary: TemporaryStore, database: Database
) -> None:
    begun, first, again = talk(temporary)
    DraftStore(temporary.database).save(begun, "more")
    SettingStore(temporary.database).set(parameters_of(begun), "{}")
    kept = temporary.keep(begun, database)
    assert ConversationStore(database).get(kept).title == "Where is it?"
    shown = MessageStore(database).of_conversation(kept)
    assert [message.text for message in shown] == ["Where is it?", "There."]
    assert shown[1].versions == 2
    assert DraftStore(database).get(kept) == "more"
    assert SettingStore(database).get(parameters_of(kept)) == "{}"
    assert temporary.all() == []
    temporary.take_back(begun, database)
    ChangeStore(database).forget("conversation", kept)
    with pytest.raises(NotFoundError):
        ConversationStore(database).get(kept, include_deleted=True)
    for message_id in (first, again):
        assert MessageStore(temporary.database).get(message_id).text
    assert [row.id for row in temporary.all()] == [begun]


def test_one_that_was_gone_on_with_stays(
    temporary: TemporaryStore, database: Database
) -> None:
    begun, _, _ = talk(temporary)
    kept = temporary.keep(begun, database)
    MessageStore(database).add_exchange(kept, "And?", engine_name="x", model="m")
    with pytest.raises(ConflictError, match="went on"):
        temporary.take_back(begun, database)


def test_one_is_not_kept_while_an_answer_grows(
    temporary: TemporaryStore, database: Database
) -> None:
    begun = temporary.begin()
    MessageStore(temporary.database).add_exchange(
        begun, "Where?", engine_name="x", model="m"
    )
    with pytest.raises(ConflictError, match="still being written"):
        temporary.keep(begun, database)
    assert ConversationStore(database).recent(1) == []


def test_a_database_in_memory_makes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, temporary: TemporaryStore
) -> None:
    monkeypatch.chdir(tmp_path)
    talk(temporary)
    assert list(tmp_path.rglob("*")) == []
    with pytest.raises(StoreReadOnlyError):
        temporary.database.files.put(b"secret")
