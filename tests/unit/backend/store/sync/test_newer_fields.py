"""What came of a newer Hearth is in the rows once this one is as new."""

from collections.abc import Sequence

import pytest

from backend.ids import new_id
from backend.services.sync.beginning import new_state
from backend.store.database import Database
from backend.store.notes import NoteStore
from backend.store.search.search import SearchStore
from backend.store.sync.inbox import merge
from backend.store.sync.sync import SyncStore
from backend.store.sync.travelling import TRAVELS, Op
from backend.sync.group import OwnKeys, SyncGroup

NOTE, FOLDER = new_id(), new_id()


def op(at: int, table: str, row_id: str, *, is_new: bool, **fields: str | int) -> Op:
    times = {"created_at": at, "updated_at": at} if is_new else {}
    base = None if is_new else {"title": ""}
    reading = f"{at << 16:016x}-elsewhere"
    return Op(reading, f"t{at}", table, row_id, base, {**times, **fields})


MADE = op(1, "note", NOTE, is_new=True, title="A kingfisher", body="text")
FILED = op(2, "folder", FOLDER, is_new=True, name="Birds")


def exchanging(database: Database) -> None:
    own = OwnKeys.make()
    group = SyncGroup.found(own.as_member("here"), f"{0:016x}-begin")
    state = new_state("/synced", group, own, database.clock.device_id)
    SyncStore(database).keep(state)


def take(database: Database, *ops: Op) -> None:
    with database.write() as session:
        merge(session, database.clock, ops)


def folders(database: Database) -> Sequence[str]:
    with database.read() as session:
        return [name for (name,) in session.run("select name from folder", ()).all()]


@pytest.fixture
def updated(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A computer to which a newer one has told what it had no place for."""
    with monkeypatch.context() as older:
        older.setitem(TRAVELS, "note", frozenset({"title"}))
        older.delitem(TRAVELS, "folder")
        exchanging(database)
        take(database, MADE, FILED)
        assert NoteStore(database).get(NOTE).title == ""
        assert folders(database) == []
    return database


def test_what_had_no_place_is_taken_up_after_an_update(updated: Database) -> None:
    SyncStore(updated)
    assert NoteStore(updated).get(NOTE).title == "A kingfisher"
    assert folders(updated) == ["Birds"]
    assert [hit.id for hit in SearchStore(updated).search("kingfisher")] == [NOTE]


def test_what_was_written_since_stays(updated: Database) -> None:
    NoteStore(updated).save(NOTE, "written here", title="named here")
    SyncStore(updated)
    note = NoteStore(updated).get(NOTE)
    assert (note.title, note.body) == ("named here", "written here")


def test_where_nothing_is_kept_of_it_that_begins(updated: Database) -> None:
    with updated.write() as session:
        session.run("delete from sync_state where key = 'fields'", ())
    commits = updated.commits
    SyncStore(updated)
    SyncStore(updated)
    assert updated.commits == commits + 1


def test_it_is_done_once(updated: Database) -> None:
    SyncStore(updated)
    commits = updated.commits
    SyncStore(updated)
    assert updated.commits == commits
