"""Opens the database and lends out its sessions: the one door to it."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Executable, text
from sqlalchemy.pool import QueuePool

from backend.attachments.files import ATTACHMENTS, AttachmentFiles
from backend.errors import (
    HearthError,
    StoreBusyError,
    StoreError,
    StoreReadOnlyError,
    StoreTooNewError,
)
from backend.interface.stored_values import SnapshotReason
from backend.recovery.jobs import HeavyJob
from backend.recovery.owners import device_id
from backend.recovery.snapshots import Snapshots
from backend.sqlite import dbapi
from backend.sqlite.dialect import build_engine
from backend.sqlite.error_messages import translated_errors
from backend.sqlite.files import (
    check_is_file,
    make_private_dir,
    make_private_file,
    sweep,
)
from backend.sqlite.indexing import index_rest, unindexed
from backend.sqlite.migrations import (
    migrate,
    repair_version,
    schema_faults,
    version_of,
)
from backend.sqlite.schema import STEPS
from backend.store.branches.paths import settle_paths
from backend.store.change_log import CurrentAct, RowChange, StoreSession
from backend.store.clock import HybridClock, continue_after
from backend.store.states.file_state import (
    LATEST_CHANGE,
    FileState,
    FileWatch,
    NoFile,
    check_file,
    disk_refusal,
)

log = logging.getLogger("hearth.store")

T = TypeVar("T")

BACKUPS: Final = "backups"
"""The folder of the snapshots, beside the database."""

_POOL_SIZE: Final = 4
_PATIENCE_S: Final = 5.0
_NAP_S: Final = 0.005
_TRY_BYTES: Final = 256 * 1024
_TRY: Final = text("insert or replace into draft(id, text) values ('try', :text)")
_TRIED: Final = text("delete from draft where id = 'try'")
_IN_MEMORY: Final = ":memory:"
_UNWRITTEN: Final = ("temp_store=memory", "recursive_triggers=on", "trusted_schema=off")
_READING: Final = ("busy_timeout=0", "query_only=1", "trusted_schema=off")
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

_STEPS_HERE_BYTES: Final = 16 * 1024 * 1024
"""Of a larger file, steps are taken in a process of their own: they stop this one."""
_INDEXED_HERE_ROWS: Final = 1_000
"""More rows are put into the index behind the pages."""

_CLOSED: Final = "Hearth is replacing its database. Try again in a moment."
_TOO_NEW: Final = (
    "Your data was last opened by a newer version of Hearth, so it can be read here "
    "but not changed. Install the newest version to go on; nothing is lost."
)
_OLD_AND_READ_ONLY: Final = (
    "Hearth's data folder cannot be written, and its data is of an earlier version. "
    "Make the folder writable and start Hearth again; nothing is lost."
)


class Database:
    """An open database. All methods may be called from any thread.

    Attributes:
        path: The file.
        clock: Stamps every change.
        files: What is attached to its questions.
        refusal: Why nothing is written; None for a database that can be written.
        on_error: Called with every failure of the database, in any thread.
        on_commit: Called with what each transaction changed, one after another, in the
            thread that committed.
        loop_thread: The thread that must not wait for it: that of the event loop.
        commits: How often something was stored since it was opened.
    """

    def __init__(
        self,
        path: Path,
        engine: Engine,
        clock: HybridClock,
        watch: FileWatch | NoFile,
        refusal: StoreError | None = None,
    ) -> None:
        """Use `Database.open`."""
        self.path = path
        self.clock = clock
        self.files = AttachmentFiles(path.parent / ATTACHMENTS)
        self.refusal = refusal
        self.on_error: Callable[[StoreError], object] = _ignore
        self.on_commit: Callable[[Sequence[RowChange]], object] = _ignore
        self._committing = threading.Lock()
        self._engine = engine
        self._writer = engine.execution_options(isolation_level="IMMEDIATE")
        self.loop_thread: int | None = None
        self.commits = 0
        self._watch = watch
        self._closed = threading.Event()
        self._act = CurrentAct()

    @classmethod
    def open(cls, path: Path, key: str | None = None) -> "Database":
        """Open or create the database and bring it to the present schema.

        A file of an older schema is first copied, and the copy checked. One of a newer
        version, or on a read-only disk, is opened for reading alone: see `refusal`.

        Args:
            path: The file; its folder is made, and both are private.
            key: Opens an encrypted database; None for a plain one.

        Raises:
            StoreKeyError: The key is wrong, or the file is no database.
            StoreDamagedError: The file is damaged.
            StoreReadOnlyError: The file or its folder cannot be written.
            StoreError: The folder belongs to another user, or anything else.
        """
        check_is_file(path)
        refusal = disk_refusal(path)
        if refusal is None:
            make_private_dir(path.parent)
            sweep(path.parent)
            make_private_file(path)

        def connect() -> dbapi.Connection:
            return dbapi.connect(
                path if refusal is None else _unchanging(path),
                encryption_key=key,
                timeout_s=_PATIENCE_S,
                pragmas=_PRAGMAS if refusal is None else _READING,
            )

        with translated_errors():
            connection = connect()
            try:
                if refusal and version_of(connection) < len(STEPS):
                    # It can be read by the version that wrote it alone.
                    raise StoreReadOnlyError(_OLD_AND_READ_ONLY)
                refusal = refusal or _prepare(connection, path, key)
                latest = continue_after(connection)
            finally:
                connection.close()
        device = "" if refusal else device_id(path.parent)
        engine = build_engine(
            connect,
            pool_size=_POOL_SIZE,
            pool_timeout_s=_PATIENCE_S * 2,
        )
        watch = FileWatch(path, connect)
        return cls(path, engine, HybridClock(device, latest), watch, refusal)

    @classmethod
    def in_memory(cls) -> "Database":
        """Open an empty one that ends with the process and is never written to disk.

        It is its one connection, which whoever reads or writes waits for. No file can
        be attached to its questions.
        """

        def connect() -> dbapi.Connection:
            connection = dbapi.connect(_IN_MEMORY, pragmas=_UNWRITTEN)
            migrate(connection, STEPS)
            return connection

        engine = build_engine(connect, pool_size=1, pool_timeout_s=_PATIENCE_S * 2)
        nowhere = Path(os.devnull) / _IN_MEMORY
        return cls(nowhere, engine, HybridClock(device_id=""), NoFile())

    @contextmanager
    def read(self) -> Iterator[StoreSession]:
        """Lend a session that sees one unchanging state of the database.

        Raises:
            StoreError: The database failed.
        """
        if self._act.session:
            yield self._act.session
            return
        with (
            self._watched(),
            StoreSession(self._engine, expire_on_commit=False) as session,
        ):
            yield session

    def rows(
        self,
        statement: Executable,
        make: Callable[[Iterable[Any]], T],
        **parameters: str | int | None,
    ) -> list[T]:
        """Read plain rows with one statement, which costs a third of objects.

        Args:
            statement: Kept as a constant, it is built and compiled once.
            make: Makes a row of its columns: `_make` of a NamedTuple.
            **parameters: What the statement leaves open.

        Raises:
            StoreError: The database failed.
        """
        with self._watched(), self._connected() as connection:
            return list(map(make, connection.execute(statement, parameters).all()))

    @contextmanager
    def act(self) -> Iterator[None]:
        """Make one transaction of what this thread reads and writes in the block.

        Several methods of stores make one act then: all of it is stored, or nothing.
        """
        if self._act.session:
            yield
            return
        with self.write() as session, self._act.begin(session):
            yield

    @contextmanager
    def write(self) -> Iterator[StoreSession]:
        """Lend the one session that may write; it commits at the end of the block.

        An error in the block rolls everything back. `session.transaction_id` is the
        id under which `ChangeStore.undo` takes it all back.

        Raises:
            StoreError: The database failed; nothing of the block was stored.
            StoreTooNewError: A newer version of Hearth wrote it.
            ConflictError: A constraint refused it.
        """
        if self._act.session:
            with self._act.join(self._act.session) as joined:
                yield joined
            return
        if self.refusal:
            raise type(self.refusal)(str(self.refusal))
        with (
            self._watched(),
            StoreSession.to_write(self._writer, self.clock) as session,
        ):
            yield session
            check_file(self._watch, self.path.parent)
            session.flush()
            settle_paths(session)
            latest = session.connection().exec_driver_sql(LATEST_CHANGE).scalar_one()
            # The next writer may begin when this commits; listeners are called later.
            with self._committing:
                session.commit()
                self.commits += 1
                self._announce(session.changes)
            self._watch.committed(latest)

    def healthy(self) -> bool:
        """Return whether it answers and its file is still the one that was opened.

        A file that was moved or deleted goes on taking writes, which nobody will see.
        """
        try:
            if self._watch.look() is not FileState.THERE:
                return False
            with self.read() as session:
                return session.connection().execute(text("select 1")).scalar() == 1
        except (OSError, HearthError):
            return False

    def _announce(self, changes: Sequence[RowChange]) -> None:
        if not changes:
            return
        try:
            self.on_commit(changes)
        except Exception:  # what is committed stays so, whoever listens
            log.exception("a commit could not be announced")

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the file and empty it, unless it is in use.

        Raises:
            StoreError: The database failed.
        """
        with translated_errors():
            pooled = self._engine.raw_connection()
            try:
                cursor = pooled.cursor()
                cursor.execute("pragma wal_checkpoint(truncate)")
                (busy, *_frames) = cursor.fetchone() or (1,)
                return not busy
            finally:
                pooled.close()

    def try_to_write(self) -> None:
        """Write something that leaves nothing behind, to see whether that works again.

        Raises:
            StoreError: It does not.
        """
        with self.write() as session:
            session.connection().execute(_TRY, {"text": "." * _TRY_BYTES})
        with self.write() as session:
            session.connection().execute(_TRIED)

    def close(self) -> None:
        """Let the file go, for good: what still wants to use it is refused.

        Raises:
            StoreBusyError: Somebody does not give it back.
        """
        self._closed.set()
        end = time.monotonic() + _PATIENCE_S
        while self._lent():
            if time.monotonic() > end:
                self._closed.clear()
                raise StoreBusyError("Hearth is very busy. Try again in a moment.")
            time.sleep(_NAP_S)
        self._engine.dispose()

    def _connected(self) -> AbstractContextManager[Connection]:
        act = self._act.session
        return nullcontext(act.connection()) if act else self._engine.connect()

    def _lent(self) -> int:
        pool = self._engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            with translated_errors():
                if self._closed.is_set():
                    raise StoreBusyError(_CLOSED)
                if threading.get_ident() == self.loop_thread:
                    raise RuntimeError("the store would hold the event loop")
                yield
        except StoreError as exc:
            self.on_error(exc)
            raise


def _ignore(_translated: object) -> None:
    pass


def _unchanging(path: Path) -> str:
    # Without this SQLite wants to write beside a file it only reads.
    return f"file:{quote(os.fspath(path))}?immutable=1"


def _prepare(
    connection: dbapi.Connection, path: Path, key: str | None
) -> StoreError | None:
    """Bring the file to the present schema; return why that must not be."""
    version = repair_version(connection, STEPS)
    if version > len(STEPS):
        return StoreTooNewError(_TOO_NEW)
    if faults := schema_faults(connection, STEPS):
        raise dbapi.CorruptError(f"malformed database schema: {faults[:3]}")
    if 0 < version < len(STEPS):
        Snapshots(path, path.parent / BACKUPS, key).make(SnapshotReason.BEFORE_UPDATE)
        if path.stat().st_size > _STEPS_HERE_BYTES:
            HeavyJob(path, key, "take_steps").result()
    migrate(connection, STEPS)
    if 0 < sum(unindexed(connection).values()) <= _INDEXED_HERE_ROWS:
        index_rest(connection)
    return None
