"""A computer whose Hearth keeps backups, without the processes around it.

`python -m tests.helpers.computer N DATA SHARED` goes back to an earlier Hearth and is
killed before it renames its N-th file.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from backend.keys.database_key import DatabaseKey
from backend.keys.keyring import OsKeyring, Vault
from backend.lifecycle.store_opening import open_database
from backend.services.protection.backup_record import Backup
from backend.services.protection.backups import BackupService
from backend.services.protection.going_back import GoingBack
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from tests.helpers.fake_keyrings import WorkingVault

T = TypeVar("T")


class Silence:
    """Nobody is told anything."""

    def changed(self, noun: str) -> None: ...

    def say(self, sentence: str, *, tone: str = "info", undo: str = "") -> None: ...


@dataclass
class Computer:
    """A data folder with its keyring, and what Hearth does there."""

    data: Path
    shared: Path
    vault: Vault | None = field(default_factory=WorkingVault)

    def __post_init__(self) -> None:
        self.start()
        self.backups.choose_folder(str(self.shared))

    def start(self) -> None:
        self.key = DatabaseKey(self.data, OsKeyring(lambda: self.vault, patience_s=0.1))
        self.backups = BackupService(self.path, self.key, self.exchange, Silence())
        self.way = GoingBack(self.path, self.key, self.backups)
        self.key.unlock_at_start(self.path)
        self.open()

    @property
    def path(self) -> Path:
        return self.data / "hearth.db"

    @property
    def folder(self) -> Path:
        return self.backups.folder

    async def exchange(self, change: Callable[[], T]) -> T:
        try:
            return change()
        finally:
            self.open()

    def open(self) -> None:
        self.key.unlock_at_start(self.path)
        open_database(self.path, self.key, self.backups).close()

    def write(self, title: str) -> None:
        database = Database.open(self.path, self.key.for_file(self.path))
        ConversationStore(database).create(title=title)
        database.close()

    def titles(self) -> list[str]:
        database = Database.open(self.path, self.key.for_file(self.path))
        found = [row.title for row in ConversationStore(database).page()]
        database.close()
        return found

    def listed(self) -> list[Backup]:
        return self.backups.all()

    def make(self) -> str:
        return asyncio.run(self.backups.make()).name

    def restore(self, name: str, secret: str = "") -> str:
        return asyncio.run(self.backups.restore(name, secret)).before

    def go_back(self) -> None:
        copy = self.way.copy()
        assert copy
        self.restore(copy.name)


def _die_at(number: int) -> None:
    renamed = 0

    def on_event(name: str, _: object) -> None:
        nonlocal renamed
        if name == "os.rename":
            renamed += 1
            if renamed > number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(on_event)


if __name__ == "__main__":
    computer = Computer(Path(sys.argv[2]), Path(sys.argv[3]), None)
    _die_at(int(sys.argv[1]))
    computer.go_back()
