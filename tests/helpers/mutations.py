"""Damages a store as disks and people do, and uses what opens as the program does."""

import random
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.errors import StoreDamagedError
from backend.interface.stored_values import SnapshotReason
from backend.keys.database_key import DATABASE_NAME
from backend.recovery.restore import is_damaged, repair, rescue
from backend.store.conversations import ConversationStore
from backend.store.search.search import SearchStore
from tests.helpers.store_operations import Store

BEFORE_BACKUP: Final = 20
AFTER_BACKUP: Final = 5
_PAGE: Final = 4096
_HEADER: Final = 100


@dataclass(frozen=True, slots=True)
class Kind:
    """A store to damage; `is_open` leaves its latest commits in the log."""

    name: str
    is_encrypted: bool
    is_open: bool


KINDS: Final = (
    Kind("plain", is_encrypted=False, is_open=False),
    Kind("encrypted", is_encrypted=True, is_open=False),
    Kind("plain-with-log", is_encrypted=False, is_open=True),
    Kind("encrypted-with-log", is_encrypted=True, is_open=True),
)


def prepare(folder: Path, kind: Kind) -> None:
    """Make a store with notes, a backup, and notes after it."""
    made = folder.with_name(f"{folder.name}-made")
    made.mkdir()
    store = Store(made, is_encrypted=kind.is_encrypted)
    for _ in range(BEFORE_BACKUP):
        store.keep()
    store.backups.snap(SnapshotReason.DAILY)
    store.database.checkpoint()
    for _ in range(AFTER_BACKUP):
        store.keep()
    if not kind.is_open:
        store.database.close()
    shutil.copytree(made, folder, ignore=shutil.ignore_patterns("*-shm"))


def damage(folder: Path, chance: random.Random) -> None:
    """Change the database, or its log, at random."""
    path = folder / DATABASE_NAME
    log = path.with_name(f"{DATABASE_NAME}-wal")
    if log.exists() and chance.random() < 0.5:
        path = log
    path.write_bytes(mutate(bytearray(path.read_bytes()), chance))


def mutate(content: bytearray, chance: random.Random) -> bytes:
    """Return a damaged file."""
    match chance.randrange(8):
        case 0:
            _flip(content, range(len(content)), chance.randint(1, 100), chance)
        case 1:
            del content[chance.randrange(len(content)) :]
        case 2:
            content[:_HEADER] = bytes(_HEADER)
        case 3:
            start = chance.randrange(len(content))
            size = min(chance.randint(1, 16384), len(content) - start)
            content[start : start + size] = chance.randbytes(size)
        case 4:
            page = _PAGE * chance.randrange(len(content) // _PAGE)
            content[page : page + _PAGE] = bytes(_PAGE)
        case 5:
            _flip(content, range(_HEADER), 1, chance)
        case 6:
            _flip(content, range(len(content)), 1, chance)
        case _:
            content[:] = chance.choice((b"", b"some text", bytes(len(content))))
    return bytes(content)


def use(folder: Path, kind: Kind) -> float:
    """Open it, look through it and mend it as the program does; return how long.

    Raises:
        StoreError: It is not to be used.
        AssertionError: The backup had more.
    """
    started = time.monotonic()
    store = Store(folder, is_encrypted=kind.is_encrypted)
    if is_damaged(store.path, store.key.of_database):
        _rescue(store)
    try:
        _read_all(store)
    except StoreDamagedError:
        if repair(store.path, store.key.of_database, store.backups.snap) is None:
            _rescue(store)
        _read_all(store)
    taken_s = time.monotonic() - started
    assert len(store.ids()) > BEFORE_BACKUP, "less than the backup had"
    store.database.close()
    return taken_s


def _rescue(store: Store) -> None:
    store.database.close()
    rescue(store.path, store.key.value, store.backups.snapshots())
    store.open()


def _read_all(store: Store) -> None:
    store.keep()
    assert store.ids()
    assert SearchStore(store.database).search("word")
    ConversationStore(store.database).page()


def _flip(content: bytearray, where: range, count: int, chance: random.Random) -> None:
    for _ in range(count):
        content[chance.choice(where)] ^= 1 << chance.randrange(8)
