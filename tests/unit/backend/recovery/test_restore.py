"""A damaged database is kept, and the newest good snapshot takes its place."""

from pathlib import Path

import pytest

from backend.interface.stored_values import SnapshotReason
from backend.recovery.restore import Rescue, is_damaged, is_gone, rescue
from backend.recovery.snapshots import Snapshots
from backend.store.conversations import ConversationStore
from backend.store.database import BACKUPS, Database

KEY = "ab" * 32


@pytest.fixture(params=[None, KEY], ids=["plain", "encrypted"])
def key(request: pytest.FixtureRequest) -> str | None:
    data: str | None = request.param
    return data


@pytest.fixture
def snapshots(path: Path, key: str | None) -> Snapshots:
    """Two snapshots with one conversation each more, and one conversation later."""
    database = Database.open(path, key)
    snapshots = Snapshots(path, path.parent / BACKUPS, key)
    for title in ("first", "second"):
        ConversationStore(database).create(title=title)
        snapshots.make()
    ConversationStore(database).create(title="third")
    database.close()
    return snapshots


def titles(path: Path, key: str | None) -> list[str]:
    database = Database.open(path, key)
    found = [row.title for row in ConversationStore(database).page()]
    database.close()
    return found


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\x07" * 8192
    path.write_bytes(content)


def test_the_newest_good_snapshot_is_restored_and_told(
    path: Path, key: str | None, snapshots: Snapshots
) -> None:
    assert not is_damaged(path, key)
    damage(path)
    damage(snapshots.all()[0].path)
    damaged = path.read_bytes()
    assert is_damaged(path, key)
    report = rescue(path, key, snapshots.all())
    assert titles(path, key) == ["first"]
    assert (path.parent / report.kept).read_bytes() == damaged
    older = snapshots.all()[1].made_at
    assert report.restored_to == int(older.timestamp() * 1000)
    assert Rescue.read(path.parent) == report
    Rescue.forget(path.parent)
    assert Rescue.read(path.parent) is None


def test_what_was_kept_before_a_repair_comes_last(
    path: Path, key: str | None, snapshots: Snapshots
) -> None:
    snapshots.make(SnapshotReason.BEFORE_REPAIR)
    snapshots.prune()
    damage(path)
    rescue(path, key, snapshots.all())
    assert titles(path, key) == ["second", "first"]


def test_without_a_good_snapshot_it_begins_anew(path: Path, key: str | None) -> None:
    Database.open(path, key).close()
    damage(path)
    report = rescue(path, key, [])
    assert report.restored_to is None
    assert titles(path, key) == []


def test_a_database_that_is_gone_comes_back(
    path: Path, key: str | None, snapshots: Snapshots
) -> None:
    assert not is_gone(path, snapshots.all())
    path.unlink()
    assert is_gone(path, snapshots.all())
    assert rescue(path, key, snapshots.all()).kept == ""
    assert titles(path, key) == ["second", "first"]


def test_a_report_that_makes_no_sense_is_none(tmp_path: Path) -> None:
    for content in ("", "[]", '{"at": 1}'):
        (tmp_path / "rescued.json").write_text(content)
        assert Rescue.read(tmp_path) is None
