"""Text and indexes that SQLite calls whole, and nobody can read, are made readable."""

from pathlib import Path

import pytest

from backend.errors import StoreDamagedError
from backend.interface.stored_values import SnapshotReason
from backend.recovery.repair import broken_text, repair_indexes
from backend.recovery.restore import is_damaged, repair
from backend.sqlite import dbapi
from backend.store.database import Database
from backend.store.notes import NoteStore
from backend.store.search.search import SearchStore


def damage(database: Database, sql: str) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql(sql)


def test_a_text_that_is_none_is_mended_and_the_backup_keeps_it(
    database: Database,
) -> None:
    notes = NoteStore(database)
    whole, broken = notes.create("Ember"), notes.create("Ash")
    damage(database, "update note set title = cast(x'41ff68' as text) where seq = 2")
    with pytest.raises(StoreDamagedError):
        notes.page(limit=10)
    reasons: list[str] = []
    assert repair(database.path, None, reasons.append)
    assert reasons == [SnapshotReason.BEFORE_REPAIR]
    data = {note.id: note.title for note in notes.page(limit=10)}
    assert data == {whole.id: "Ember", broken.id: "A\N{REPLACEMENT CHARACTER}h"}
    assert repair(database.path, None, reasons.append) == 0
    assert len(reasons) == 1


def test_what_is_sound_is_left_alone(database: Database) -> None:
    NoteStore(database).create("Émbér 火", "text")
    connection = dbapi.connect(database.path)
    assert broken_text(connection, repair=True) == 0
    assert repair_indexes(connection) == 0
    connection.close()


@pytest.mark.parametrize(
    "sql",
    [
        "update note_fts_data set block = x'00ff00ff' where id > 10",
        "update note_fts_config set v = 0 where k = 'version'",
    ],
    ids=["words", "format"],
)
def test_a_damaged_index_is_made_anew(database: Database, sql: str) -> None:
    NoteStore(database).create("Ember")
    damage(database, sql)
    with pytest.raises(StoreDamagedError):
        SearchStore(Database.open(database.path)).search("ember")
    assert not is_damaged(database.path, None)
    assert repair(database.path, None, pytest.fail) == 1
    assert len(SearchStore(database).search("ember")) == 1


def test_an_index_that_tells_another_id_than_its_row_is_made_anew(
    path: Path,
) -> None:
    database = Database.open(path)
    note = NoteStore(database).create("Ember")
    database.close()
    content = path.read_bytes()
    id_ = note.id.encode()
    page = 4096
    where = [
        at for at in range(0, len(content), page) if id_ in content[at : at + page]
    ]
    damaged = bytearray(content)
    for start in where:
        at = content.index(id_, start)
        # Pages of indexes are marked by a 10, those of rows by a 13.
        if content[start] == 10:
            damaged[at + 30] = 0xFF
    assert damaged != content
    path.write_bytes(damaged)
    assert repair(path, None, pytest.fail) == 1
    database = Database.open(path)
    assert [row.id for row in NoteStore(database).page(limit=10)] == [note.id]
    database.close()
