"""Backups: made daily and before risky steps, verified, restored, thinned.

They work on files, so that one can be restored also when the database does not open.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol, TypeVar

from backend.database_key import DatabaseKey
from backend.errors import (
    HearthError,
    InvalidInputError,
    NotFoundError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
)
from backend.services.notices import Notices
from backend.store.database import BACKUPS
from backend.store.exchange import put_in_place, set_aside, stage
from backend.store.files import make_private_dir, replace_file
from backend.store.ids import now_ms
from backend.store.seals import Seal, key_for, seal_of
from backend.store.snapshots import MANUAL, Snapshot, Snapshots
from backend.store.worker import HeavyJob

log = logging.getLogger("hearth.backups")

NOUN: Final = "backups"
LIMIT_BYTES: Final = 4 * 1024**3
FIRST_AFTER_S: Final = 60.0
LOOK_EVERY_S: Final = 60 * 60.0
_RECORD_FILE: Final = "backups.json"

T = TypeVar("T")


class Exchange(Protocol):
    """Closes the store, has its files changed, and opens it again."""

    def __call__(self, change: Callable[[], T]) -> Awaitable[T]:
        """Return what the change returned.

        Raises:
            HearthError: The change failed; the store is open as it was.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One backup, as the page shows it.

    Attributes:
        made_at: In milliseconds.
        verified_at: When all of it was last looked through; 0 for never.
    """

    name: str
    made_at: int
    reason: str
    size: int
    verified_at: int
    is_encrypted: bool


@dataclass(slots=True)
class _Record:
    """What is remembered beside the database, where it can be read without it."""

    folder: str = ""
    verified: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "_Record":
        try:
            told = json.loads(path.read_text("utf-8"))
            verified = {str(name): int(at) for name, at in told["verified"].items()}
            return cls(str(told["folder"]), verified)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def write(self, path: Path) -> None:
        replace_file(path, json.dumps(asdict(self)))


class BackupService:
    """The backups of one database."""

    def __init__(
        self, database: Path, key: DatabaseKey, exchange: Exchange, notices: Notices
    ) -> None:
        self._database = database
        self._key = key
        self._exchange = exchange
        self._notices = notices
        self._one_at_a_time = asyncio.Lock()

    @property
    def folder(self) -> Path:
        """Where new backups go."""
        return Path(self._record().folder or self._default)

    @property
    def is_away(self) -> bool:
        """Whether the chosen folder is not there, so that the usual one is used."""
        return not self.folder.is_dir() and self.folder != self._default

    async def all(self) -> list[Backup]:
        """Return the backups there are, newest first."""
        return await asyncio.to_thread(self._all)

    async def make(self, reason: str = MANUAL) -> Backup:
        """Make a backup; it was opened and looked through.

        Raises:
            StoreFullError: The disk has no room for it.
            StoreError: It could not be made.
        """
        async with self._one_at_a_time:
            snapshot = await asyncio.to_thread(self.snap, reason)
        self._notices.changed(NOUN)
        return self._backup(snapshot, self._record())

    async def verify(self, name: str) -> None:
        """Look through all of a backup.

        Raises:
            NotFoundError: It is not there.
            StoreDamagedError: It is damaged.
        """
        async with self._one_at_a_time:
            await asyncio.to_thread(self._verify, self._find(name))
        self._notices.changed(NOUN)

    async def restore(self, name: str) -> str:
        """Let a backup be the present state; return the backup to go back to.

        The present state becomes a backup first. Where it is so damaged that this
        cannot be, its file is kept, and "" is returned.

        Raises:
            NotFoundError: It is not there.
            StoreDamagedError: It is damaged.
            StoreFullError: The disk has no room for it.
        """
        async with self._one_at_a_time:
            snapshot = self._find(name)
            before = await self._exchange(lambda: self._restore(snapshot))
        self._notices.changed(NOUN)
        return before

    async def choose_folder(self, path: str) -> None:
        """Put new backups into another folder; "" chooses the usual one.

        Raises:
            InvalidInputError: It is no folder.
            StoreReadOnlyError: It cannot be written.
        """
        await asyncio.to_thread(self._choose_folder, path)
        self._notices.changed(NOUN)

    async def keep(self) -> None:
        """Make a backup every day and look through an old one, while this runs."""
        await asyncio.sleep(FIRST_AFTER_S)
        while True:
            try:
                async with self._one_at_a_time:
                    await asyncio.to_thread(self.keep_once)
            except (HearthError, OSError) as exc:
                log.warning("no daily backup: %s", exc)
            await asyncio.sleep(LOOK_EVERY_S)

    def keep_once(self, today: datetime | None = None) -> None:
        """Do what is due today; blocks.

        Raises:
            StoreError: The backup could not be made.
        """
        day = (today or datetime.now(UTC)).date()
        if any(one.made_at.date() == day for one in self.snapshots()):
            return
        self.snap("daily")
        record = self._record()
        for snapshot in reversed(self.snapshots()):
            if snapshot.path.name not in record.verified:
                self._verify(snapshot)
                break
        self._notices.changed(NOUN)

    def snap(self, reason: str) -> Snapshot:
        """Make a snapshot and thin the old ones; blocks.

        Raises:
            StoreError: It could not be made.
        """
        folder = self._default if self.is_away else self.folder
        place = self._place(folder)
        made = place.make(reason)
        self._remember({made.path.name: now_ms()})
        removed = place.prune(LIMIT_BYTES)
        self._remember(dict.fromkeys((one.path.name for one in removed), 0))
        try:
            self._key.copy_beside(folder)
        except OSError as exc:
            log.warning("the key file was not copied: %s", exc)
        return made

    def snapshots(self) -> list[Snapshot]:
        """Return those of the usual and of the chosen folder, newest first."""
        folders = {self._default, self.folder}
        found = [one for folder in folders for one in self._place(folder).all()]
        return sorted(found, key=lambda one: one.made_at, reverse=True)

    def encrypt_all(self) -> None:
        """Encrypt the backups that are still plain; blocks.

        Raises:
            StoreError: One could not be encrypted; it is as it was.
        """
        for snapshot in self.snapshots():
            if seal_of(snapshot.path) is Seal.PLAIN:
                told = {"target": str(snapshot.path), "new_key": self._key.value or ""}
                HeavyJob(snapshot.path, None, "stage", **told).result()

    @property
    def _default(self) -> Path:
        return self._database.parent / BACKUPS

    def _place(self, folder: Path) -> Snapshots:
        return Snapshots(
            self._database, folder, self._key.of_database, spare_key=self._key.value
        )

    def _all(self) -> list[Backup]:
        record = self._record()
        return [self._backup(one, record) for one in self.snapshots()]

    def _backup(self, snapshot: Snapshot, record: _Record) -> Backup:
        return Backup(
            name=snapshot.path.name,
            made_at=int(snapshot.made_at.timestamp() * 1000),
            reason=snapshot.reason,
            size=snapshot.size,
            verified_at=record.verified.get(snapshot.path.name, 0),
            is_encrypted=seal_of(snapshot.path) is Seal.ENCRYPTED,
        )

    def _find(self, name: str) -> Snapshot:
        for snapshot in self.snapshots():
            if snapshot.path.name == name:
                return snapshot
        raise NotFoundError("This backup is no longer there. Choose another one.")

    def _verify(self, snapshot: Snapshot) -> None:
        try:
            self._place(snapshot.path.parent).verify(snapshot)
        except StoreDamagedError:
            self._remember({snapshot.path.name: 0})
            raise
        self._remember({snapshot.path.name: now_ms()})

    def _restore(self, snapshot: Snapshot) -> str:
        secret = self._key.value
        if seal_of(snapshot.path) is Seal.ENCRYPTED:
            secret = self._key.want()
        try:
            before = self.snap("before-restore").path.name
        except (StoreBusyError, StoreFullError, StoreReadOnlyError):
            raise
        except StoreError as exc:
            log.warning("the present state gives no backup: %s", exc)
            set_aside(self._database)
            before = ""
        new_key = self._key.of_database if before else secret
        source_key = key_for(snapshot.path, secret)
        staged = stage(snapshot.path, source_key, self._database, new_key)
        put_in_place(staged, self._database, is_aside=not before)
        return before

    def _choose_folder(self, path: str) -> None:
        folder = Path(path)
        if path and not (folder.is_absolute() and folder.is_dir()):
            raise InvalidInputError("This is no folder. Choose another one.")
        if path:
            # A folder of its own: nobody else's files become private by mistake.
            folder = folder / "Hearth backups"
            make_private_dir(folder)
        record = self._record()
        record.folder = str(folder) if path else ""
        record.write(self._database.with_name(_RECORD_FILE))

    def _record(self) -> _Record:
        return _Record.read(self._database.with_name(_RECORD_FILE))

    def _remember(self, verified: dict[str, int]) -> None:
        record = self._record()
        together = record.verified | verified
        record.verified = {name: at for name, at in together.items() if at}
        try:
            record.write(self._database.with_name(_RECORD_FILE))
        except OSError as exc:
            log.warning("the check of a backup is not remembered: %s", exc)
