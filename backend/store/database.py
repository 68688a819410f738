"""Opens the database and lends out its sessions: the one door to it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, text
from sqlmodel import Session

from backend.errors import HearthError, StoreReadOnlyError
from backend.store import dbapi
from backend.store.change_log import StoreSession
from backend.store.clock import HybridClock
from backend.store.dialect import build_engine
from backend.store.files import make_private_dir, make_private_file, replace_file
from backend.store.ids import ids, new_id
from backend.store.migrations import migrate, version_of
from backend.store.schema import STEPS
from backend.store.sentences import told_to_the_user
from backend.store.snapshots import Snapshots

BACKUPS: Final = "backups"
"""The folder of the snapshots, beside the database."""

_POOL_SIZE: Final = 4
_PATIENCE_S: Final = 5.0
_PRAGMAS: Final = (
    # Waiting in C would stop every thread of the process: dbapi waits instead.
    "busy_timeout=0",
    "journal_mode=wal",
    "synchronous=full",
    "foreign_keys=on",
    "recursive_triggers=on",
    "trusted_schema=off",
    "secure_delete=on",
    "cache_size=-16384",
    "mmap_size=0",
)


class Database:
    """An open database. All methods may be called from any thread.

    Attributes:
        path: The file.
        clock: Stamps every change.
    """

    def __init__(self, path: Path, engine: Engine, clock: HybridClock) -> None:
        """Use `Database.open`."""
        self.path = path
        self.clock = clock
        self._engine = engine
        self._writer = engine.execution_options(isolation_level="IMMEDIATE")
        self._inode = path.stat().st_ino

    @classmethod
    def open(cls, path: Path, key: str | None = None) -> "Database":
        """Open or create the database and bring it to the present schema.

        A file of an older schema is first copied, and the copy checked.

        Args:
            path: The file; its folder is made, and both are private.
            key: Opens an encrypted database; None for a plain one.

        Raises:
            StoreTooNewError: A newer version of Hearth wrote it.
            StoreKeyError: The key is wrong, or the file is no database.
            StoreDamagedError: The file is damaged.
            StoreReadOnlyError: The file or its folder cannot be written.
            StoreError: The folder belongs to another user, or anything else.
        """
        make_private_dir(path.parent)
        make_private_file(path)

        def connect() -> dbapi.Connection:
            return dbapi.connect(
                path,
                encryption_key=key,
                timeout_s=_PATIENCE_S,
                pragmas=_PRAGMAS,
            )

        with told_to_the_user():
            connection = connect()
            try:
                if 0 < version_of(connection) < len(STEPS):
                    backups = path.parent / BACKUPS
                    Snapshots(path, backups, key).make("before-update")
                migrate(connection, STEPS)
                latest = _go_on_after(connection)
            finally:
                connection.close()
        clock = HybridClock(_device_id(path.parent), latest)
        engine = build_engine(
            connect,
            pool_size=_POOL_SIZE,
            pool_timeout_s=_PATIENCE_S * 2,
        )
        return cls(path, engine, clock)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Lend a session that sees one unchanging state of the database.

        Raises:
            StoreError: The database failed.
        """
        with (
            told_to_the_user(),
            StoreSession(self._engine, expire_on_commit=False) as session,
        ):
            yield session

    @contextmanager
    def write(self) -> Iterator[StoreSession]:
        """Lend the one session that may write; it commits at the end of the block.

        An error in the block rolls everything back. `session.transaction_id` is the
        id under which `ChangeStore.undo` takes it all back.

        Raises:
            StoreError: The database failed; nothing of the block was stored.
            ConflictError: A constraint refused it.
        """
        with (
            told_to_the_user(),
            StoreSession.to_write(self._writer, self.clock) as session,
        ):
            yield session
            session.commit()

    def healthy(self) -> bool:
        """Return whether it answers and its file is still the one that was opened.

        A file that was moved or deleted goes on taking writes, which nobody will see.
        """
        try:
            if self.path.stat().st_ino != self._inode:
                return False
            with self.read() as session:
                return session.connection().execute(text("select 1")).scalar() == 1
        except (OSError, HearthError):
            return False

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the file and empty it, unless it is in use.

        Raises:
            StoreError: The database failed.
        """
        with told_to_the_user():
            pooled = self._engine.raw_connection()
            try:
                cursor = pooled.cursor()
                cursor.execute("pragma wal_checkpoint(truncate)")
                (busy, *_frames) = cursor.fetchone() or (1,)
                return not busy
            finally:
                pooled.close()

    def close(self) -> None:
        """Let the file go."""
        self._engine.dispose()


def _go_on_after(connection: dbapi.Connection) -> str:
    """Let ids rise also when the clock was set back; return the latest reading."""
    for table in ("conversation", "message", "note"):
        row = connection.execute(f"select max(id) from {table}").fetchone()  # noqa: S608 names of our own
        if row and row[0]:
            ids.not_before(row[0])
    row = connection.execute("select max(hlc) from change").fetchone()
    return str(row[0]) if row and row[0] else ""


def _device_id(folder: Path) -> str:
    """Return who this device is, kept beside the file so that a copy is another."""
    path = folder / "device"
    try:
        known = path.read_text("ascii").strip()
        if known:
            return known
    except (OSError, ValueError):
        pass
    made = new_id()
    try:
        replace_file(path, made)
    except OSError as exc:
        raise StoreReadOnlyError(
            f"Hearth cannot write in the folder {os.fspath(folder)}. "
            "Check that the disk is not full or read-only.",
        ) from exc
    return made
