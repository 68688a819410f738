"""An open file that is moved or replaced takes no more writes."""

import os
from pathlib import Path

import pytest

from backend.errors import StoreError
from backend.recovery.jobs import HeavyJob
from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.notes import NoteStore


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be moved")
def test_a_file_that_was_moved_away_is_not_healthy(database: Database) -> None:
    assert database.healthy()
    moved = database.path.rename(database.path.with_name("moved.db"))
    assert not database.healthy()
    moved.rename(database.path)
    assert database.healthy()


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be moved")
def test_nothing_is_acknowledged_that_a_moved_file_would_swallow(
    database: Database,
) -> None:
    drafts = DraftStore(database)
    drafts.save("new", "a connection is open now")
    moved = database.path.rename(database.path.with_name("moved.db"))
    with pytest.raises(StoreError, match="no longer in"):
        drafts.save("new", "a thought")
    moved.rename(database.path)
    drafts.save("new", "a thought")
    assert drafts.get("new") == "a thought"


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be overwritten")
@pytest.mark.parametrize("key", [None, "ab" * 32], ids=["plain", "encrypted"])
@pytest.mark.parametrize("grows", [True, False], ids=["smaller", "as large"])
def test_an_older_copy_over_the_open_file_is_told(
    path: Path, key: str | None, *, grows: bool
) -> None:
    database = Database.open(path, key)
    notes = NoteStore(database)
    kept = notes.create(body="first " * 10)
    database.checkpoint()
    older = path.read_bytes()
    text = "later " * (5_000 if grows else 1)
    notes.save(kept.id, text)
    # The copy made by a backup empties the log as well.
    HeavyJob(path, key, "snapshot", target=str(path.with_name("copy.db"))).result()
    notes.save(kept.id, f"{text} still")
    HeavyJob(path, key, "snapshot", target=str(path.with_name("copy.db"))).result()
    assert (len(path.read_bytes()) > len(older)) is grows
    path.write_bytes(older)
    for _ in range(2):
        with pytest.raises(StoreError, match="replaced"):
            notes.create(body="a thought")
    assert not database.healthy()
    database.close()
    again = Database.open(path, key)
    NoteStore(again).create(body="a thought")
    again.close()


def test_what_others_do_with_the_open_file_is_no_replacement(path: Path) -> None:
    database, other = Database.open(path), Database.open(path)
    for number in range(20):
        for one in (database, other):
            NoteStore(one).create(body=f"note {number} " * 500)
        database.checkpoint()
        HeavyJob(path, None, "snapshot", target=str(path.with_name("copy.db"))).result()
        os.utime(path)
    assert database.healthy()
    assert len(NoteStore(other).page(limit=100)) == 40
    other.close()
    database.close()
