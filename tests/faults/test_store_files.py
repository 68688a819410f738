"""Kills in every act on the store's files, and files damaged at random.

`HEARTH_FAULTS=long` does all of it as often as a release asks for.
"""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.sidecar import ROOT
from tests.helpers.store_acts import KEYRING, Store

IS_LONG = os.environ.get("HEARTH_FAULTS") == "long"
KILLS = {
    "commit": 500 if IS_LONG else 8,
    "backup": 100 if IS_LONG else 6,
    "restore": 100 if IS_LONG else 6,
    "rekey": 100 if IS_LONG else 6,
}
MUTATIONS = 1_000 if IS_LONG else 30
LONGEST_S = 0.6


def killed_in(act: str, folder: Path, chance: random.Random) -> list[str]:
    """Kill an act at a random moment; return what it had acknowledged."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.store_acts", act, str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as told:
        first = told.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, LONGEST_S))
        process.kill()
        process.wait()
        return [line.strip() for line in (first, *told) if line.endswith("\n")]


@pytest.mark.parametrize("act", KILLS)
def test_nothing_acknowledged_is_lost_when_it_is_killed(
    act: str, tmp_path: Path
) -> None:
    chance = random.Random(act)
    acknowledged: set[str] = set()
    for _ in range(KILLS[act]):
        acknowledged.update(killed_in(act, tmp_path, chance))
        store = Store(tmp_path)
        lost = acknowledged - store.ids()
        store.database.close()
        assert not lost
        assert not list(tmp_path.glob("*.corrupt-*"))
    for backup in (store := Store(tmp_path)).backups.snapshots():
        store.backups._verify(backup)
    store.database.close()
    left = {file.name for file in tmp_path.iterdir()}
    files = {"backups", "backups.json", "device", "hearth.db", "key.json", KEYRING}
    assert left <= files


def mutate(content: bytearray, chance: random.Random) -> bytes:
    """Damage a file as disks and people do."""
    match chance.randrange(5):
        case 0:
            for _ in range(chance.randint(1, 100)):
                content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        case 1:
            del content[chance.randrange(len(content)) :]
        case 2:
            content[:100] = bytes(100)
        case 3:
            start = chance.randrange(len(content))
            size = min(chance.randint(1, 16384), len(content) - start)
            content[start : start + size] = chance.randbytes(size)
        case _:
            page = 4096 * chance.randrange(len(content) // 4096)
            content[page : page + 4096] = bytes(4096)
    return bytes(content)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A plain and an encrypted store with notes, a backup, and a note after it."""
    folders = tmp_path_factory.mktemp("plain"), tmp_path_factory.mktemp("encrypted")
    for folder, is_encrypted in zip(folders, (False, True), strict=True):
        store = Store(folder, is_encrypted=is_encrypted)
        for _ in range(20):
            store.write()
        store.backups.snap("daily")
        store.write()
        store.database.close()
    return folders


@pytest.mark.parametrize("number", range(MUTATIONS))
def test_a_damaged_file_always_opens_to_something(
    number: int, whole: tuple[Path, Path], tmp_path: Path
) -> None:
    chance = random.Random(number)
    folder = tmp_path / "data"
    shutil.copytree(whole[number % 2], folder)
    path = folder / "hearth.db"
    damaged = mutate(bytearray(path.read_bytes()), chance)
    path.write_bytes(damaged)
    store = Store(folder, is_encrypted=bool(number % 2))
    assert store.database.healthy()
    kept = list(folder.glob("*.corrupt-*"))
    if kept:
        assert kept[0].read_bytes() == damaged or not damaged
        assert len(store.ids()) == 20
    store.database.close()
