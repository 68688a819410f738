"""Kills every act on the store's files at random moments, and damages the files.

Run as `python -m tests.helpers.store_kill_runner FAULT RUNS`: prints what each trial
cost as a JSON line, and ends with an error when something was lost, or not to be
opened.
"""

import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from backend.recovery import job_process
from backend.sqlite import dbapi
from backend.sqlite.migrations import version_of
from backend.sqlite.schema import STEPS
from backend.store import database
from backend.store.database import Database
from tests.helpers import mutations
from tests.helpers.forks import Fork
from tests.helpers.released import LATER, contents, fill, restore
from tests.helpers.store_operations import KEYRING, Store, act_for_ever

ACTS: Final = {
    "commit": 0.1,
    "backup": 0.6,
    "restore": 1.5,
    "rekey": 1.0,
    "import": 1.5,
    "attach": 0.5,
    "versions": 0.3,
}
"""Within how many seconds after its first commit each act is killed."""

_FRESH_EVERY: Final = 25
_ORDINARY: Final = {
    "attachments",
    "backups",
    "backups.json",
    "conversations.json",
    "device",
    "hearth.db",
    "key.json",
    KEYRING,
}
_OLD_ROWS: Final = range(100, 500)


def killed_acts(act: str, runs: int, folder: Path) -> Iterator[float]:
    """Kill an act so often; yield how long each next opening took.

    Raises:
        RuntimeError: Something that was acknowledged is lost, or not to be opened.
    """
    chance = random.Random(act)
    errors = folder / "errors"
    acknowledged: set[str] = set()
    for number in range(runs):
        data = folder / f"data-{number // _FRESH_EVERY}"
        if number % _FRESH_EVERY == 0:
            acknowledged.clear()
            data.mkdir()
        acting = Fork(lambda: asyncio.run(act_for_ever(act, Store(data))), errors)  # noqa: B023 forks at once
        acknowledged.add(acting.line())
        time.sleep(chance.uniform(0, ACTS[act]))
        acknowledged.update(acting.kill())
        yield float(Fork(lambda: _look(data, acknowledged), errors).result())  # noqa: B023 forks at once
        if (number + 1) % _FRESH_EVERY == 0 or number + 1 == runs:
            Fork(lambda: _verify(data), errors).result()  # noqa: B023 forks at once
            shutil.rmtree(data)


def _look(data: Path, acknowledged: set[str]) -> float:
    started = time.monotonic()
    store = Store(data)
    taken_s = time.monotonic() - started
    store.recover()
    lost = acknowledged - store.ids()
    assert not lost, f"lost: {lost}"
    store.check_files()
    assert store.imported() in {0, store.TALKS}, "half an import"
    assert not store.misplaced()
    store.database.close()
    assert job_process.quick_check(store.path, store.key.of_database) == ["ok"]
    left = {file.name for file in data.iterdir()} - _ORDINARY
    assert not left, f"left behind: {left}"
    return taken_s


def _verify(data: Path) -> None:
    store = Store(data)
    for snapshot in store.backups.snapshots():
        found = job_process.integrity_check(
            snapshot.path, store.key.for_file(snapshot.path)
        )
        assert found == ["ok"], f"{snapshot.path.name}: {found}"
    store.database.close()


def killed_migrations(runs: int, folder: Path) -> Iterator[float]:
    """Kill the way from every released schema to a later one; go on afterwards.

    Raises:
        RuntimeError: A row is lost, or neither version opens the file.
    """
    chance = random.Random("migration")
    errors = folder / "errors"
    whole = folder / "whole"
    for number in range(runs):
        version = 1 + number % len(STEPS)
        if not (whole / str(version)).exists():
            Fork(lambda: _prepare(whole / str(version), version), errors).result()  # noqa: B023 forks at once
        data = folder / "data"
        shutil.copytree(whole / str(version), data)
        longest = float((data / "longest").read_text())
        migrating = Fork(lambda: _migrate(data), errors)  # noqa: B023 forks at once
        # Half of them die within the steps, the others at any moment before.
        time.sleep(chance.uniform(longest / 2 * (number % 2), longest))
        migrating.kill()
        Fork(lambda: _open_old(data, version), errors).result()  # noqa: B023 forks at once
        yield float(Fork(lambda: _migrate(data), errors).result())  # noqa: B023 forks at once
        Fork(lambda: _compare(data, version), errors).result()  # noqa: B023 forks at once
        shutil.rmtree(data)


def _prepare(data: Path, version: int) -> None:
    data.mkdir(parents=True)
    restore(data / "hearth.db", version)
    connection = dbapi.connect(data / "hearth.db")
    connection.begin()
    fill(connection, _OLD_ROWS)
    connection.commit()
    payload = contents(connection, version)
    connection.close()
    (data / "contents").write_text(json.dumps(payload), "utf-8")
    rehearsal = data / "rehearsal"
    rehearsal.mkdir()
    shutil.copy(data / "hearth.db", rehearsal)
    started = time.monotonic()
    _take_steps(rehearsal)
    (data / "longest").write_text(str(time.monotonic() - started))
    shutil.rmtree(rehearsal)


def _take_steps(data: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "STEPS", (*STEPS, *LATER))
        Database.open(data / "hearth.db").close()


def _migrate(data: Path) -> float:
    started = time.monotonic()
    _take_steps(data)
    return time.monotonic() - started


def _open_old(data: Path, version: int) -> None:
    """See that this version opens what a later one left when it was killed."""
    connection = dbapi.connect(data / "hearth.db")
    is_as_it_was = version_of(connection) == version
    connection.close()
    if version == len(STEPS) and is_as_it_was:
        opened = Database.open(data / "hearth.db")
        assert opened.refusal is None
        opened.close()
    _compare(data, version)


def _compare(data: Path, version: int) -> None:
    connection = dbapi.connect(data / "hearth.db")
    payload = contents(connection, version)
    connection.close()
    assert payload == json.loads((data / "contents").read_text("utf-8"))
    assert job_process.quick_check(data / "hearth.db", None) == ["ok"]


def mutated_files(runs: int, folder: Path) -> Iterator[float]:
    """Damage a file so often; yield how long it took until all could be used again.

    Raises:
        RuntimeError: It did not open to something usable.
    """
    errors = folder / "errors"
    for kind in mutations.KINDS:
        Fork(lambda: mutations.prepare(folder / kind.name, kind), errors).result()  # noqa: B023 forks at once
    for number in range(runs):
        kind = mutations.KINDS[number % len(mutations.KINDS)]
        data = folder / "data"
        shutil.copytree(folder / kind.name, data)
        chance = random.Random(number)
        mutations.damage(data, chance)
        yield float(Fork(lambda: mutations.use(data, kind), errors).result())  # noqa: B023 forks at once
        shutil.rmtree(data)


def trials(fault: str, runs: int, folder: Path) -> Iterator[float]:
    """Do one fault so often; yield what each trial cost, in seconds."""
    others: dict[str, Callable[[int, Path], Iterator[float]]] = {
        "migration": killed_migrations,
        "damage": mutated_files,
    }
    if fault in others:
        return others[fault](runs, folder)
    return killed_acts(fault, runs, folder)


def main() -> None:
    """Do what is asked for."""
    fault, runs = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        for cost in trials(fault, runs, Path(folder)):
            sys.stdout.write(f"{cost}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
