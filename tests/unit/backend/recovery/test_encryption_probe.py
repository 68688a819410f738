"""A database file says by itself how it is written."""

from pathlib import Path

import pytest

from backend.recovery.encryption_probe import Seal, repair_header, seal_of
from backend.store.conversations import ConversationStore
from backend.store.database import Database


def test_a_file_tells_how_it_is_written(tmp_path: Path) -> None:
    assert seal_of(tmp_path / "missing.db") is Seal.NONE
    for key, seal in ((None, Seal.PLAIN), ("ab" * 32, Seal.ENCRYPTED)):
        path = tmp_path / f"{seal.name}.db"
        Database.open(path, key).close()
        assert seal_of(path) is seal
        before = path.read_bytes()
        repair_header(path)
        assert path.read_bytes() == before


@pytest.mark.parametrize("at", [18, 19])
def test_a_format_that_cannot_be_is_set_right(path: Path, at: int) -> None:
    Database.open(path).close()
    content = bytearray(path.read_bytes())
    content[at] ^= 0x40
    path.write_bytes(content)
    repair_header(path)
    database = Database.open(path)
    ConversationStore(database).create(title="kept")
    database.close()
