"""Who goes back to an earlier Hearth, and forward again, loses nothing on the way."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.interface.stored_values import SnapshotReason
from backend.keys.keyring import Vault
from backend.recovery.snapshots import Snapshot, to_keep, within
from backend.services.protection import alerts, backups, going_back
from backend.services.protection.backup_record import WentBack
from backend.services.protection.going_back import Missing
from backend.sqlite.schema import STEPS
from backend.store import database
from tests.helpers.computer import Computer
from tests.helpers.fake_keyrings import WorkingVault
from tests.helpers.released import LATER

NEWER = (*STEPS, *LATER)


@contextmanager
def newer_hearth() -> Iterator[None]:
    """Be a version that takes more steps, for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (database, backups, going_back, alerts):
            patch.setattr(module, "STEPS", NEWER)
        yield


@pytest.fixture(params=["plain", "encrypted"])
def computer(request: pytest.FixtureRequest, tmp_path: Path) -> Computer:
    vault = WorkingVault() if request.param == "encrypted" else None
    return with_newer_data(tmp_path, vault)


def with_newer_data(folder: Path, vault: Vault | None) -> Computer:
    """Return a computer on which a newer Hearth was used, before this one came back."""
    shared = folder / "stick"
    shared.mkdir()
    computer = Computer(folder / "data", shared, vault)
    computer.write("before")
    with newer_hearth():
        computer.start()
        computer.write("after")
        computer.write("after that")
        computer.make()
    computer.start()
    return computer


def lines(computer: Computer, name: str) -> list[str]:
    missing = computer.way.missing(name)
    assert missing
    return list(missing.sentences())


def test_the_way_back_and_forward_loses_nothing(computer: Computer) -> None:
    copy = computer.way.copy()
    assert copy
    assert copy.reason == SnapshotReason.BEFORE_UPDATE
    assert lines(computer, copy.name) == ["2 conversations"]
    assert len(computer.titles()) == 3, "it can be read as long as nobody goes back"
    computer.go_back()
    assert computer.titles() == ["before"]
    computer.write("older words")
    with newer_hearth():
        computer.start()
        assert set(computer.titles()) == {"before", "older words"}
        went = WentBack.read(computer.data)
        assert went
        assert went.version == len(NEWER)
        assert lines(computer, went.name) == ["1 conversation"]
        computer.restore(went.name)
        assert set(computer.titles()) == {"before", "after", "after that"}
        assert WentBack.read(computer.data) is None


def test_a_kill_on_the_way_back_loses_nothing(tmp_path: Path) -> None:
    computer = with_newer_data(tmp_path, None)
    kept, number, code = tmp_path / "kept", 0, -1
    shutil.copytree(computer.data, kept)
    while code < 0:
        command = [sys.executable, "-m", "tests.helpers.computer", str(number)]
        asked = [str(computer.data), str(computer.shared)]
        code = subprocess.run([*command, *asked], check=False, timeout=60).returncode
        number += 3
        computer.start()
        if computer.titles() != ["before"]:
            assert len(computer.titles()) == 3
            computer.go_back()
        assert WentBack.read(computer.data)
        if code < 0:
            shutil.rmtree(computer.data)
            shutil.copytree(kept, computer.data)
    assert code == 0
    assert number > 4, "it was killed at several places"
    went = WentBack.read(computer.data)
    assert went
    with newer_hearth():
        computer.restore(went.name)
        computer.start()
        assert len(computer.titles()) == 3


def test_without_a_copy_there_is_no_way_back(computer: Computer) -> None:
    for snapshot in computer.backups.own():
        if snapshot.reason != SnapshotReason.MANUAL:
            snapshot.path.unlink()
    assert computer.way.copy() is None


def test_what_leads_to_another_version_outlives_the_week(computer: Computer) -> None:
    found = computer.backups.own()
    copy = next(s for s in found if s.reason == SnapshotReason.BEFORE_UPDATE)
    later = [
        Snapshot(
            path=copy.path.with_name(f"{day}"),
            made_at=copy.made_at.replace(year=copy.made_at.year + 1 + day),
            reason=SnapshotReason.DAILY,
        )
        for day in range(40)
    ]
    assert copy in to_keep([copy, *later])
    assert copy in within(1, [copy, *later])


@pytest.mark.parametrize(
    ("new", "changed", "said"),
    [
        ({"conversation": 0, "message": 0}, {}, []),
        (
            {"conversation": 1, "message": 1_234},
            {},
            ["1 conversation", "1,234 messages"],
        ),
        ({"note": 1_234}, {}, ["1,234 notes"]),
        ({"note": 0}, {"note": 1}, ["the latest change in 1 note"]),
        (
            {"note": 2},
            {"note": 3, "message": 1},
            ["2 notes", "the latest changes in 3 notes, 1 message"],
        ),
    ],
)
def test_what_would_be_missing_is_said_plainly(
    new: dict[str, int], changed: dict[str, int], said: list[str]
) -> None:
    assert list(Missing(new, changed).sentences()) == said
