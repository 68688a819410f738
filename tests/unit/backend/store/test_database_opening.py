"""A database is opened privately, as it was left, or refused in a sentence."""

import os
from pathlib import Path

import pytest

from backend.errors import (
    StoreDamagedError,
    StoreError,
    StoreKeyError,
    StoreReadOnlyError,
    StoreTooNewError,
)
from backend.sqlite import dbapi
from backend.store.conversations import ConversationStore
from backend.store.database import Database


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_every_file_is_private_even_without_a_umask(path: Path) -> None:
    path.parent.mkdir(mode=0o777)
    old_umask = os.umask(0)
    try:
        database = Database.open(path)
        ConversationStore(database).create(title="x")
        names = sorted(file.name for file in path.parent.iterdir())
        assert names == ["device", "hearth.db", "hearth.db-shm", "hearth.db-wal"]
        assert [file.stat().st_mode & 0o777 for file in path.parent.iterdir()] == [
            0o600
        ] * 4
        assert path.parent.stat().st_mode & 0o777 == 0o700
        database.close()
    finally:
        os.umask(old_umask)


def test_a_file_that_was_open_to_others_is_closed_to_them(path: Path) -> None:
    Database.open(path).close()
    path.chmod(0o644)
    Database.open(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name != "posix", reason="POSIX owners")
def test_a_folder_of_another_user_is_refused(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_242)
    with pytest.raises(StoreError, match="another user"):
        Database.open(path)
    assert not path.exists()


def test_names_with_spaces_and_letters_of_any_kind_work(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "Jürgen Öz ?#%" / "日本 hearth.db")
    assert database.healthy()
    database.close()


def test_what_is_in_the_way_is_told(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("x")
    with pytest.raises(StoreReadOnlyError):
        Database.open(in_the_way / "hearth.db")
    (tmp_path / "data" / "hearth.db").mkdir(parents=True)
    with pytest.raises(StoreReadOnlyError):
        Database.open(tmp_path / "data" / "hearth.db")


def test_a_wrong_key_is_told_and_changes_nothing(path: Path) -> None:
    locked = Database.open(path, "right")
    ConversationStore(locked).create(title="canary")
    locked.close()
    before = path.read_bytes()
    assert b"canary" not in before
    for key in (None, "wrong"):
        with pytest.raises(StoreKeyError, match="recovery code"):
            Database.open(path, key)
    assert path.read_bytes() == before
    again = Database.open(path, "right")
    assert [row.title for row in ConversationStore(again).page()] == ["canary"]
    again.close()


def test_a_damaged_file_is_told(path: Path) -> None:
    Database.open(path).close()
    content = bytearray(path.read_bytes())
    content[100:4096] = os.urandom(3996)
    path.write_bytes(content)
    with pytest.raises(StoreDamagedError):
        Database.open(path)


def test_a_format_of_the_schema_nobody_knows_is_damage(path: Path) -> None:
    Database.open(path).close()
    content = bytearray(path.read_bytes())
    content[47] ^= 0x20
    path.write_bytes(content)
    with pytest.raises(StoreDamagedError):
        Database.open(path)


@pytest.mark.parametrize(
    ("name", "flipped"),
    [(b"title_source", b"title_rource"), (b"message_fts_add", b"message_fts_adt")],
)
def test_a_letter_changed_in_the_schema_is_damage(
    path: Path, name: bytes, flipped: bytes
) -> None:
    Database.open(path).close()
    path.write_bytes(path.read_bytes().replace(name, flipped))
    with pytest.raises(StoreDamagedError):
        Database.open(path)


@pytest.mark.parametrize("version", [0, -1, 257])
def test_a_wrong_number_of_the_version_is_mended(path: Path, version: int) -> None:
    database = Database.open(path)
    ConversationStore(database).create(title="kept")
    database.close()
    connection = dbapi.connect(path)
    connection.execute(f"pragma user_version={version}")
    connection.close()
    database = Database.open(path)
    assert [row.title for row in ConversationStore(database).page()] == ["kept"]
    ConversationStore(database).create(title="more")
    database.close()


def test_a_newer_file_is_read_and_left_alone(path: Path) -> None:
    database = Database.open(path)
    ConversationStore(database).create(title="kept")
    database.close()
    connection = dbapi.connect(path)
    connection.execute("create table newer(id)")
    connection.execute("pragma user_version=999")
    connection.close()
    before = path.read_bytes()
    database = Database.open(path)
    conversations = ConversationStore(database)
    assert [row.title for row in conversations.page()] == ["kept"]
    with pytest.raises(StoreTooNewError, match="newer version"):
        conversations.create(title="not taken")
    database.close()
    assert path.read_bytes() == before
