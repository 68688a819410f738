"""Does one act on the files of a store for ever, until it is killed.

Run as `python -m tests.helpers.store_acts ACT FOLDER`; prints a line per commit. The
store is encrypted and its keyring a file; under `rekey` it is plain every other time.
"""

import asyncio
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from backend.database_key import DatabaseKey
from backend.opening import DATABASE_NAME, open_database
from backend.os_keyring import OsKeyring
from backend.services.backups import BackupService
from backend.services.encryption import EncryptionService
from backend.store.database import Database
from backend.store.notes import NoteStore
from tests.helpers.vaults import FileVault

T = TypeVar("T")

KEYRING: Final = "keyring.json"


class Silence:
    """Notices nobody hears."""

    def changed(self, noun: str) -> None:
        pass

    def say(self, sentence: str, *, tone: str = "info", undo: str = "") -> None:
        pass


class Store:
    """A store that is opened, exchanged and closed without a sidecar."""

    def __init__(self, folder: Path, *, is_encrypted: bool = True) -> None:
        self.path = folder / DATABASE_NAME
        vault = FileVault(folder / KEYRING) if is_encrypted else None
        self.key = DatabaseKey(folder, OsKeyring(lambda: vault))
        self.backups = BackupService(self.path, self.key, self.exchange, Silence())
        self.encryption = EncryptionService(
            self.path, self.key, self.backups, self.exchange, Silence()
        )
        self.database = self.open()

    def open(self) -> Database:
        self.key.unlock_at_start(self.path)
        self.database = open_database(self.path, self.key, self.backups)
        return self.database

    async def exchange(self, change: Callable[[], T]) -> T:
        self.database.close()
        try:
            return change()
        finally:
            self.open()

    def write(self) -> None:
        """Commit a note and say which."""
        note = NoteStore(self.database).create(title="kept", body="word " * 50)
        sys.stdout.write(f"{note.id}\n")
        sys.stdout.flush()

    def ids(self) -> set[str]:
        """Return the notes there are."""
        notes = NoteStore(self.database)
        return {note.id for note in notes.page(limit=1_000_000)}


async def act_for_ever(act: str, store: Store) -> None:
    """Do it again and again."""
    while True:
        store.write()
        match act:
            case "commit":
                pass
            case "backup":
                await store.backups.make()
            case "restore":
                made = await store.backups.make()
                await store.backups.restore(made.name)
            case "rekey":
                flip = None if store.key.of_database else store.key.want()
                await store.exchange(functools.partial(store.encryption._rekey, flip))
            case _:
                raise ValueError(act)


if __name__ == "__main__":
    asyncio.run(act_for_ever(sys.argv[1], Store(Path(sys.argv[2]))))
