"""What an earlier version wrote is put into the index while it is in use."""

import contextlib
from pathlib import Path

import pytest

from backend.errors import StoreError
from backend.recovery.jobs import HeavyJob
from backend.sqlite import dbapi
from backend.sqlite.indexing import index_rest, index_some, unindexed
from backend.sqlite.schema import FULL_TEXT
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.notes import NoteStore
from backend.store.search.hits import Kind
from backend.store.search.search import SearchStore
from tests.helpers.first_schema import CHAT, ROWS, write_first_schema


@pytest.fixture
def path(path: Path) -> Path:
    """A database of the first schema with more messages than an opening indexes."""
    write_first_schema(path)
    return path


def looked_through(path: Path) -> None:
    """Compare the indexes with the rows."""
    connection = dbapi.connect(path)
    for index in FULL_TEXT:
        connection.execute(
            f"insert into {index}({index}, rank) values ('integrity-check', 1)"
        )
    assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    assert unindexed(connection) == {}
    for table in ("message", "conversation", "note"):
        (differing,) = connection.execute(
            f"select count(*) from {table} r where (deleted_at is null) = "
            f"(not exists(select 1 from {table}_place p where p.seq = r.seq))"
        ).fetchone() or (None,)
        assert differing == 0
    connection.close()


def test_all_is_found_at_the_end_and_the_latest_at_once(path: Path) -> None:
    database = Database.open(path)
    search = SearchStore(database)
    assert not search.is_prepared()
    assert search.search("елка", kinds=[Kind.MESSAGE]) == []
    connection = dbapi.connect(path)
    assert index_some(connection, "message") > 0
    assert search.search(f"w{ROWS - 1}w")
    assert search.search("w1w") == []
    assert index_rest(connection) > 0
    connection.close()
    assert search.is_prepared()
    assert len(search.search("елка", kinds=[Kind.MESSAGE], limit=5_000)) == 2_000
    times = [hit.created_at for hit in search.search("елка", limit=300)[1:]]
    assert times == sorted(times, reverse=True)
    (title,) = search.search("елки", kinds=[Kind.CONVERSATION])
    assert title.id == CHAT
    database.close()
    looked_through(path)


def test_what_is_changed_meanwhile_is_found_as_it_is_now(path: Path) -> None:
    database = Database.open(path)
    search, notes = SearchStore(database), NoteStore(database)
    connection = dbapi.connect(path)
    index_some(connection, "message")
    note = notes.create(body="новая ёлка")
    connection.execute("update message set text = 'changed' where text like '%w3w'")
    connection.execute("update message set deleted_at = 5 where text like '%w5w'")
    connection.execute("update message set deleted_at = null where text like '%w10w'")
    connection.execute("delete from message where text like '%w7w'")
    ConversationStore(database).rename(CHAT, "другое", "user")
    index_rest(connection)
    connection.close()
    assert [hit.id for hit in search.search("новая елка")] == [note.id]
    assert len(search.search("changed")) == 1
    assert [len(search.search(f"w{n}w")) for n in (3, 5, 7, 10, 11)] == [0, 0, 0, 1, 1]
    assert search.search("елки", kinds=[Kind.CONVERSATION]) == []
    database.close()
    looked_through(path)


def test_killed_again_and_again_it_comes_to_its_end(path: Path) -> None:
    Database.open(path).close()
    connection = dbapi.connect(path)
    kills = 0
    while (left := unindexed(connection).get("message")) is not None:
        job = HeavyJob(path, None, "index_rest")
        while unindexed(connection).get("message") == left:
            pass
        job.cancel()
        with contextlib.suppress(StoreError):
            job.result()
        kills += 1
    connection.close()
    assert kills > 1
    looked_through(path)
    database = Database.open(path)
    assert len(SearchStore(database).search("елка", limit=5_000)) == 2_000
    database.close()


def test_a_large_file_takes_its_steps_in_another_process(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.store.database._STEPS_HERE_BYTES", 1)
    database = Database.open(path)
    assert not SearchStore(database).is_prepared()
    assert HeavyJob(path, None, "index_rest").result() == ROWS + 1
    assert len(SearchStore(database).search("елка", limit=5_000)) == 2_000
    database.close()
    looked_through(path)


def test_rows_that_come_the_newest_first_have_a_place_each(tmp_path: Path) -> None:
    """As another computer tells them: more than there are places in a moment."""
    database = Database.open(tmp_path / "hearth.db")
    with database.write() as session:
        for ago in range(1_200):
            rows = [(f"{ago}-{n}", 1_000_000 - ago) for n in range(3)]
            session.run(
                "insert into note(id, created_at, title) values (?, ?, 'x')", rows
            )
        placed = session.run("select count(*) from note_place", ()).scalar()
    assert placed == 3_600
    database.close()
