"""Snapshots are whole, private, encrypted like their origin, and thinned by age."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.errors import StoreDamagedError, StoreError
from backend.interface.stored_values import SnapshotReason
from backend.recovery.snapshots import Snapshot, Snapshots, to_keep, within
from backend.sqlite import dbapi
from backend.sqlite.schema import STEPS
from backend.store import database as module
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.messages import MessageStore


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize("key", [None, "0123456789abcdef"], ids=["plain", "encrypted"])
def test_a_snapshot_opens_like_its_origin(path: Path, key: str | None) -> None:
    database = Database.open(path, key)
    ConversationStore(database).create(title="canary bird")
    snapshots = Snapshots(path, path.parent / "backups", key)
    made = snapshots.make(SnapshotReason.MANUAL)
    ConversationStore(database).create(title="later")
    assert snapshots.all() == [made]
    assert names(made.path.parent) == [made.path.name]
    assert made.path.stat().st_mode & 0o077 == 0
    assert made.path.parent.stat().st_mode & 0o077 == 0
    assert (b"canary" in made.path.read_bytes()) is (key is None)
    snapshots.verify(made)
    restored = Database.open(made.path, key)
    assert [row.title for row in ConversationStore(restored).page()] == ["canary bird"]
    restored.close()
    database.close()


def test_writers_do_not_wait_for_a_snapshot_and_leave_it_whole(
    database: Database,
) -> None:
    messages = MessageStore(database)
    done = threading.Event()
    written: list[str] = []

    def write() -> None:
        while not done.is_set():
            begun = messages.begin_conversation(
                "word " * 500,
                engine_id="",
                engine_name="",
                model="",
            )
            written.append(begun[0].id)
            database.checkpoint()

    writer = threading.Thread(target=write)
    writer.start()
    snapshots = Snapshots(database.path, database.path.parent / "backups")
    try:
        made = [(len(written), snapshots.make()) for _ in range(3)]
    finally:
        done.set()
        writer.join(30)
    for known, snapshot in made:
        snapshots.verify(snapshot)
        copy = Database.open(snapshot.path)
        rows = ConversationStore(copy).page(limit=100_000)
        ids = [row.id for row in rows][::-1]
        assert ids == written[: len(ids)]
        assert len(ids) >= known
        copy.close()


def test_a_damaged_snapshot_is_told(database: Database) -> None:
    snapshots = Snapshots(database.path, database.path.parent / "backups")
    made = snapshots.make()
    content = bytearray(made.path.read_bytes())
    content[4096:12288] = b"\x07" * 8192
    made.path.write_bytes(content)
    with pytest.raises(StoreDamagedError):
        snapshots.verify(made)


def test_a_snapshot_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "hearth.db"
    source.write_text("no database at all " * 100)
    with pytest.raises(StoreError):
        Snapshots(source, tmp_path / "backups").make()
    assert names(tmp_path / "backups") == []


def test_an_update_is_preceded_by_a_snapshot(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database = Database.open(path)
    ConversationStore(database).create(title="old")
    database.close()
    assert not (path.parent / "backups").exists()
    monkeypatch.setattr(module, "STEPS", (*STEPS, ("create table more(x)",)))
    Database.open(path).close()
    (made,) = Snapshots(path, path.parent / "backups").all()
    assert made.reason == "before-update"
    connection = dbapi.connect(made.path)
    assert connection.execute("pragma user_version").fetchall() == [(len(STEPS),)]
    assert connection.execute("select title from conversation").fetchall() == [("old",)]
    connection.close()


def at(days_ago: float, reason: str = "daily") -> Snapshot:
    made_at = datetime(2026, 6, 28, 12, tzinfo=UTC) - timedelta(days=days_ago)
    return Snapshot(path=Path(f"{days_ago}"), made_at=made_at, reason=reason)


def test_seven_days_and_four_weeks_are_kept() -> None:
    known = [at(days) for days in range(60)]
    kept = sorted(float(one.path.name) for one in to_keep(known))
    assert kept == [0, 1, 2, 3, 4, 5, 6, 7, 14, 21]


def test_the_last_of_a_day_is_kept_and_manual_ones_always() -> None:
    known = [at(0.1), at(0.2), at(0.3), at(400, "manual"), at(40)]
    assert to_keep(known) == {known[0], known[3], known[4]}
    assert to_keep([]) == set()


def test_pruning_removes_only_snapshots(database: Database) -> None:
    snapshots = Snapshots(database.path, database.path.parent / "backups")
    made = [snapshots.make() for _ in range(2)]
    (made[0].path.parent / "holiday.db").write_text("not ours")
    assert snapshots.prune() == [made[0]]
    assert snapshots.all() == [made[1]]
    assert names(made[0].path.parent) == [made[1].path.name, "holiday.db"]


def test_a_size_limit_takes_the_oldest_but_never_the_newest_two(
    tmp_path: Path,
) -> None:
    known = [at(0), at(1), at(2, "manual"), at(3), at(4)]
    sized = []
    for number, one in enumerate(known):
        path = tmp_path / str(number)
        path.write_bytes(b"." * 10)
        sized.append(Snapshot(path=path, made_at=one.made_at, reason=one.reason))
    assert within(40, sized) == set(sized[:4])
    assert within(1, sized) == set(sized[:3])


def test_what_was_made_before_a_risky_step_stays_for_a_week() -> None:
    known = [at(0.1), at(0.2, "before-restore"), at(0.3), at(40, "before-update")]
    assert to_keep(known) == {known[0], known[1], known[3]}
    assert known[1] in to_keep([at(6), at(6.1, "before-restore"), known[1], known[0]])
