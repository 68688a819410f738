"""Backups: made daily and before risky steps, verified, restored, thinned.

They work on files, so that one can be restored also when the database does not open.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol, TypeVar

from backend.attachments.files import ATTACHMENTS
from backend.errors import (
    BackupLockedError,
    HearthError,
    InvalidInputError,
    NotFoundError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
)
from backend.ids import now_ms
from backend.interface.stored_values import SnapshotReason
from backend.keys.database_key import DatabaseKey
from backend.recovery.encryption_probe import Seal, seal_of
from backend.recovery.jobs import HeavyJob
from backend.recovery.snapshots import Snapshot, Snapshots, newest_first
from backend.recovery.swap import put_in_place, set_aside, stage
from backend.services.notices import NoticeSink
from backend.services.protection.backup_keys import BackupKeys
from backend.services.protection.backup_record import (
    RECORD_FILE,
    Backup,
    BackupRecord,
    Restored,
    WentBack,
    folder_in,
)
from backend.sqlite.files import make_private_dir
from backend.sqlite.schema import STEPS
from backend.store.database import BACKUPS

log = logging.getLogger("hearth.backups")

NOUN: Final = "backups"
LIMIT_BYTES: Final = 4 * 1024**3
FIRST_AFTER_S: Final = 60.0
LOOK_EVERY_S: Final = 60 * 60.0
_ELSEWHERE: Final = "another computer"

T = TypeVar("T")


class Swap(Protocol):
    """Closes the store, has its files changed, and opens it again."""

    def __call__(self, change: Callable[[], T]) -> Awaitable[T]:
        """Return what the change returned.

        Raises:
            HearthError: The change failed; the store is open as it was.
        """
        ...


class BackupService:
    """The backups of one database."""

    def __init__(
        self, database: Path, key: DatabaseKey, swap: Swap, notices: NoticeSink
    ) -> None:
        self._database = database
        self._key = key
        self._swap = swap
        self._notices = notices
        self._one_at_a_time = asyncio.Lock()
        self._keys = BackupKeys(key)

    @property
    def folder(self) -> Path:
        """Where new backups go."""
        return Path(self._record().folder or self._default)

    @property
    def file_folders(self) -> tuple[Path, ...]:
        """Where copies of attached files are, beside the backups that name them."""
        return tuple(folder / ATTACHMENTS for folder in {self._default, self.folder})

    @property
    def is_away(self) -> bool:
        """Whether the chosen folder is not there, so that the usual one is used."""
        return not self.folder.is_dir() and self.folder != self._default

    @property
    def shown_folder(self) -> Path:
        """The folder to look for backups in; that of the data while there is none."""
        places = (self.folder, self._default)
        return next((p for p in places if p.is_dir()), self._default.parent)

    def all(self) -> list[Backup]:
        """Return the backups there are, newest first."""
        return self._backups(self.snapshots())

    async def make(self, reason: SnapshotReason = SnapshotReason.MANUAL) -> Backup:
        """Make a backup; it was opened and looked through.

        Raises:
            StoreFullError: The disk has no room for it.
            StoreError: It could not be made.
        """
        async with self._one_at_a_time:
            (made,) = await asyncio.to_thread(
                lambda: self._backups([self.snap(reason)])
            )
        self._notices.changed(NOUN)
        return made

    async def verify(self, name: str) -> None:
        """Look through all of a backup.

        Raises:
            NotFoundError: It is not there.
            StoreDamagedError: It is damaged.
        """
        async with self._one_at_a_time:
            await asyncio.to_thread(lambda: self._verify(self._find(name)))
        self._notices.changed(NOUN)

    async def restore(self, name: str, secret: str = "") -> Restored:
        """Let a backup be the present state; its key comes with it.

        The present state becomes a backup first. Where it is so damaged that this
        cannot be, its file is kept.

        Args:
            name: The backup.
            secret: The passphrase or recovery code of a backup with another key.

        Raises:
            NotFoundError: It is not there.
            BackupLockedError: It has another key, and no secret was given.
            InvalidInputError: The secret is wrong; everything is as it was.
            StoreDamagedError: It is damaged.
            StoreFullError: The disk has no room for it.
        """
        async with self._one_at_a_time:
            # Before the store is closed: who mistypes a code goes on undisturbed.
            snapshot, key = await asyncio.to_thread(self.opened, name, secret)
            restored = await self._swap(lambda: self._restore(snapshot, key))
            if self._key.of_database and key:
                # Also what was plain until this backup brought a key.
                await asyncio.to_thread(self._encrypt_rest)
        self._notices.changed(NOUN)
        return restored

    def find(self, name: str) -> Backup:
        """Return one backup.

        Raises:
            NotFoundError: It is not there.
        """
        (found,) = self._backups([self._find(name)])
        return found

    def choose_folder(self, path: str) -> None:
        """Put new backups into another folder; "" chooses the usual one.

        Raises:
            InvalidInputError: It is no folder.
            StoreReadOnlyError: It cannot be written.
        """
        folder = Path(path)
        if path and not (folder.is_absolute() and folder.is_dir()):
            raise InvalidInputError("This is not a folder. Choose another one.")
        if path:
            folder = folder_in(folder)
            make_private_dir(folder)
        record = self._record()
        record.folder = str(folder) if path else ""
        record.write(self._database.with_name(RECORD_FILE))
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
        if any(one.made_at.date() == day for one in self.own()):
            return
        self.snap(SnapshotReason.DAILY)
        self._verify_oldest()
        self._notices.changed(NOUN)

    def snap(self, reason: SnapshotReason) -> Snapshot:
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
        self._copy_key(folder)
        return made

    def snapshots(self) -> list[Snapshot]:
        """Return those of the usual and of the chosen folder, newest first."""
        return newest_first(one for place in self._places() for one in place.all())

    def for_rescue(self) -> list[Snapshot]:
        """Return those that may take the database's place unasked, best first.

        Not those another computer put into the same folder: they hold other words.
        In the usual folder are this computer's, also when it forgot which it is.
        """
        own = self.own()
        return own + [one for one in self._place(self._default).all() if one not in own]

    def copy_key(self) -> None:
        """Let what opens the database now also open its backups; blocks."""
        for folder in {self._default, self.folder}:
            if folder.is_dir():
                self._copy_key(folder)

    def encrypt_all(self) -> None:
        """Encrypt the backups that are still plain; blocks.

        Raises:
            StoreError: One could not be encrypted; it is as it was.
        """
        for snapshot in self.own():
            if seal_of(snapshot.path) is Seal.PLAIN:
                arguments = {
                    "target": str(snapshot.path),
                    "new_key": self._key.value or "",
                }
                HeavyJob(snapshot.path, None, "stage", **arguments).result()

    def _encrypt_rest(self) -> None:
        try:
            self.encrypt_all()
        except StoreError as exc:
            log.warning("a backup stays plain: %s", exc)

    @property
    def _default(self) -> Path:
        return self._database.parent / BACKUPS

    def _place(self, folder: Path) -> Snapshots:
        return Snapshots(
            self._database,
            folder,
            self._key.of_database,
            unsigned=self._record().unsigned,
        )

    def _places(self) -> list[Snapshots]:
        return [self._place(folder) for folder in {self._default, self.folder}]

    def own(self) -> list[Snapshot]:
        """Return those of this database, newest first."""
        return newest_first(one for place in self._places() for one in place.own())

    def _copy_key(self, folder: Path) -> None:
        try:
            self._key.copy_beside(folder)
        except OSError as exc:
            log.warning("the key file was not copied: %s", exc)

    def _backups(self, snapshots: Sequence[Snapshot]) -> list[Backup]:
        # Whose they are does not depend on where they lie: one place tells it of all.
        record, place = self._record(), self._place(self._default)
        return [self._backup(one, record, place) for one in snapshots]

    def _backup(
        self, snapshot: Snapshot, record: BackupRecord, place: Snapshots
    ) -> Backup:
        owner = snapshot.owner.name if snapshot.owner else _ELSEWHERE
        return Backup(
            name=snapshot.path.name,
            made_at=int(snapshot.made_at.timestamp() * 1000),
            reason=snapshot.reason,
            size=snapshot.size,
            verified_at=record.verified.get(snapshot.path.name, 0),
            is_encrypted=seal_of(snapshot.path) is Seal.ENCRYPTED,
            owner="" if place.is_own(snapshot) else owner,
            is_locked=self._keys.is_locked(snapshot),
        )

    def _find(self, name: str) -> Snapshot:
        for snapshot in self.snapshots():
            if snapshot.path.name == name:
                return snapshot
        raise NotFoundError("This backup is no longer there. Choose another one.")

    def opened(self, name: str, secret: str = "") -> tuple[Snapshot, str | None]:
        """Return a backup and what opens it; as `restore`."""
        snapshot = self._find(name)
        return snapshot, self._keys.key_of(snapshot, secret)

    def _verify(self, snapshot: Snapshot) -> None:
        try:
            key = self._keys.key_of(snapshot)
            self._place(snapshot.path.parent).verify(snapshot, key)
        except StoreDamagedError:
            self._remember({snapshot.path.name: 0})
            raise
        self._remember({snapshot.path.name: now_ms()})

    def _verify_oldest(self) -> None:
        """Look through the oldest that nobody looked through, and that can be opened.

        One that is damaged, or another computer's, must not keep the next ones from it.
        """
        verified = self._record().verified
        for snapshot in reversed(self.snapshots()):
            if snapshot.path.name in verified:
                continue
            try:
                self._verify(snapshot)
            except BackupLockedError:
                continue
            except StoreError as exc:
                log.warning("the backup %s: %s", snapshot.path.name, exc)
                continue
            break

    def _restore(self, snapshot: Snapshot, key: str | None) -> Restored:
        own = self._key.value
        is_foreign = key is not None and key != own
        # Data that was encrypted is not left plain for want of a keyring here; who
        # chose plain files goes on with those.
        takes_over = (
            is_foreign
            and not self._key.is_given
            and (self._key.of_database is not None or self._key.is_left_plain)
        )
        if takes_over:
            self._key.bring(str(key), snapshot.path.parent)
        try:
            before = self._keep_present()
        except (StoreBusyError, StoreFullError, StoreReadOnlyError):
            raise
        except StoreError as exc:
            log.warning("the present state gives no backup: %s", exc)
            set_aside(self._database)
            before = ""
        new_key = self._key.of_database if before else own
        staged = stage(
            snapshot.path, key, self._database, key if takes_over else new_key
        )
        put_in_place(staged, self._database, is_aside=not before)
        WentBack.forget(self._database.parent, snapshot.path.name)
        asks = takes_over and not self._key.take_over(str(key))
        return Restored(before=before, asks_at_start=asks)

    def _keep_present(self) -> str:
        """Make a backup of the present state; one of a newer Hearth is remembered."""
        key = self._key.of_database
        version = HeavyJob(self._database, key, "schema_version").result()
        if version <= len(STEPS):
            return self.snap(SnapshotReason.BEFORE_RESTORE).path.name
        name = self.snap(SnapshotReason.BEFORE_GOING_BACK).path.name
        WentBack(at=now_ms(), name=name, version=version).write(self._database.parent)
        return name

    def _record(self) -> BackupRecord:
        return BackupRecord.read(self._database.with_name(RECORD_FILE))

    def _remember(self, verified: dict[str, int]) -> None:
        record = self._record()
        together = record.verified | verified
        record.verified = {name: at for name, at in together.items() if at}
        try:
            record.write(self._database.with_name(RECORD_FILE))
        except OSError as exc:
            log.warning("the check of a backup is not remembered: %s", exc)
