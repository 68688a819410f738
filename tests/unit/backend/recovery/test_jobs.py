"""Heavy statements run elsewhere, answer, fail in sentences and can be ended."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from backend.errors import StoreDamagedError, StoreError, StoreKeyError
from backend.installation import module_command
from backend.recovery.jobs import HeavyJob
from backend.store.database import Database
from backend.store.notes import NoteStore
from backend.store.search.search import SearchStore
from tests.helpers.sidecar import ROOT


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


@pytest.mark.skipif(sys.platform == "win32", reason="a job object does it there")
def test_one_whose_sidecar_died_at_once_begins_nothing(database: Database) -> None:
    copy = database.path.with_name("copy.db")
    asked = {"job": "snapshot", "path": str(database.path), "key": None}
    command = module_command("backend.recovery.job_process")
    data = json.dumps({**asked, "arguments": {"target": str(copy)}})
    done = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        input=f"{data}\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    assert done.stdout == ""
    assert not list(database.path.parent.glob("copy*"))


@pytest.mark.skipif(sys.platform == "win32", reason="a job object does it there")
def test_it_ends_with_its_leash_in_the_midst_of_a_statement() -> None:
    endless = """
from backend.runtime.worker import take_job
from backend.sqlite import dbapi
take_job()
connection = dbapi.connect(":memory:")
print("begun", flush=True)
connection.execute(
    "with recursive n(i) as (select 1 union all select i + 1 from n)"
    " select count(*) from n"
)
"""
    command = [sys.executable, "-c", endless]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"{}\n")
        process.stdin.flush()
        process.stdout.readline()
        process.stdin.close()
        try:
            process.wait(30)
        finally:
            process.kill()
