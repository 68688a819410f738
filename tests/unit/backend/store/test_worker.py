"""Heavy statements run elsewhere, answer, fail in sentences and can be ended."""

import threading
from pathlib import Path

import pytest

from backend.errors import StoreDamagedError, StoreError, StoreKeyError
from backend.store.database import Database
from backend.store.notes import NoteStore
from backend.store.search import SearchStore
from backend.store.worker import HeavyJob


@pytest.mark.parametrize("job", ["quick_check", "integrity_check"])
def test_a_whole_file_is_ok(database: Database, job: str) -> None:
    NoteStore(database).create("Fire")
    assert HeavyJob(database.path, None, job).result() == ["ok"]


def test_indexes_are_made_anew(database: Database) -> None:
    notes = NoteStore(database)
    notes.create("Fire")
    notes.delete(notes.create("Fire in the trash").id)
    with database.write() as session:
        run = session.connection().exec_driver_sql
        run("insert into note_fts(note_fts) values ('delete-all')")
    assert SearchStore(database).search("fire") == []
    HeavyJob(database.path, None, "rebuild_indexes").result()
    assert len(SearchStore(database).search("fire")) == 1


def test_errors_are_those_of_the_store(tmp_path: Path) -> None:
    Database.open(tmp_path / "a" / "hearth.db", "right").close()
    with pytest.raises(StoreKeyError):
        HeavyJob(tmp_path / "a" / "hearth.db", "wrong", "quick_check").result()
    with pytest.raises(StoreError):
        HeavyJob(tmp_path / "b" / "missing" / "x.db", None, "quick_check").result()


def test_a_damaged_file_is_told(path: Path) -> None:
    Database.open(path).close()
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\x07" * 3996
    path.write_bytes(content)
    with pytest.raises(StoreDamagedError):
        HeavyJob(path, None, "quick_check").result()


def test_a_job_is_cancelled_from_another_thread(database: Database) -> None:
    job = HeavyJob(database.path, None, "integrity_check")
    canceller = threading.Thread(target=job.cancel)
    canceller.start()
    with pytest.raises(StoreError, match="cancelled"):
        job.result()
    canceller.join()
    assert database.healthy()
