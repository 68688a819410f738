"""Another file takes the database's place whole, or not at all."""

from pathlib import Path

import pytest

from backend.errors import StoreBusyError, StoreDamagedError
from backend.recovery.encryption_probe import Seal, seal_of
from backend.recovery.swap import put_in_place, set_aside, stage, stage_fresh
from backend.store.conversations import ConversationStore
from backend.store.database import Database

KEY = "ab" * 32


def make(path: Path, key: str | None, title: str = "canary") -> None:
    database = Database.open(path, key)
    ConversationStore(database).create(title=title)
    database.close()


def titles(path: Path, key: str | None) -> list[str]:
    database = Database.open(path, key)
    found = [row.title for row in ConversationStore(database).page()]
    database.close()
    return found


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


@pytest.mark.parametrize(
    ("key", "new_key", "seal"),
    [
        (None, KEY, Seal.ENCRYPTED),
        (KEY, None, Seal.PLAIN),
        (KEY, "cd" * 32, Seal.ENCRYPTED),
        (KEY, KEY, Seal.ENCRYPTED),
    ],
    ids=["encrypt", "decrypt", "rekey", "copy"],
)
def test_a_database_is_exchanged_for_a_copy_under_another_key(
    path: Path, key: str | None, new_key: str | None, seal: Seal
) -> None:
    make(path, key)
    put_in_place(stage(path, key, path, new_key), path)
    assert seal_of(path) is seal
    assert titles(path, new_key) == ["canary"]
    assert names(path.parent) == {"device", "hearth.db"}
    assert path.stat().st_mode & 0o077 == 0
    assert (b"canary" in path.read_bytes()) is (seal is Seal.PLAIN)


def test_a_database_in_use_is_not_exchanged(path: Path) -> None:
    make(path, None)
    staged = stage(path, None, path, None)
    database = Database.open(path)
    ConversationStore(database).create(title="later")
    with pytest.raises(StoreBusyError):
        put_in_place(staged, path)
    database.close()
    assert titles(path, None) == ["later", "canary"]


def test_a_damaged_source_is_not_staged(path: Path) -> None:
    make(path, None)
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\x07" * 8192
    path.write_bytes(content)
    with pytest.raises(StoreDamagedError):
        stage(path, None, path, KEY)
    assert names(path.parent) == {"device", "hearth.db"}


def test_a_file_set_aside_stays_until_another_takes_its_place(path: Path) -> None:
    make(path, None)
    Path(f"{path}-wal").write_bytes(b"a log")
    before = path.read_bytes()
    kept = set_aside(path)
    assert kept is not None
    assert set_aside(path) == kept
    assert path.exists()
    put_in_place(stage_fresh(path), path, is_aside=True)
    assert kept.read_bytes() == before
    assert Path(f"{kept}-wal").read_bytes() == b"a log"
    assert titles(path, KEY) == []
    assert set_aside(path.with_name("nothing.db")) is None
