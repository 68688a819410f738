"""Whatever version wrote a database, this one and the next go on with all of it."""

from pathlib import Path

import pytest

from backend.errors import StoreTooNewError
from backend.sqlite import dbapi
from backend.sqlite.migrations import schema_faults, version_of
from backend.sqlite.schema import STEPS
from backend.store import database
from backend.store.database import Database
from backend.store.exports import ExportStore
from backend.store.notes import NoteStore
from backend.store.search.search import SearchStore
from tests.helpers.released import FIXTURES, LATER, contents, path_of, restore

VERSIONS = range(1, len(STEPS) + 1)


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest, path: Path) -> int:
    """A version, whose database lies at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    restore(path, request.param)
    data: int = request.param
    return data


def rows(path: Path, version: int) -> dict[str, list[str]]:
    connection = dbapi.connect(path)
    data = contents(connection, version)
    connection.close()
    return data


def test_every_released_schema_has_its_file() -> None:
    assert set(FIXTURES.glob("schema-*.sql")) == {path_of(n) for n in VERSIONS}


def test_a_released_step_is_as_it_was(path: Path, version: int) -> None:
    connection = dbapi.connect(path)
    assert schema_faults(connection, STEPS[:version]) == []
    connection.close()
    assert all(rows(path, version).values())


def test_this_version_goes_on_with_all_of_it(path: Path, version: int) -> None:
    before = rows(path, version)
    opened = Database.open(path)
    assert NoteStore(opened).page(limit=100)
    assert SearchStore(opened).search("ember")
    assert list(ExportStore(opened).conversations())
    opened.close()
    assert rows(path, version) == before


def test_the_next_version_keeps_all_and_this_one_reads_it(
    path: Path, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(path, version)
    monkeypatch.setattr(database, "STEPS", (*STEPS, *LATER))
    Database.open(path).close()
    assert rows(path, version) == before
    monkeypatch.undo()
    opened = Database.open(path)
    assert isinstance(opened.refusal, StoreTooNewError)
    assert NoteStore(opened).page(limit=100)
    opened.close()
    (snapshot,) = (path.parent / "backups").glob("*before-update.db")
    assert rows(snapshot, version) == before
    connection = dbapi.connect(snapshot)
    assert version_of(connection) == version
    connection.close()
