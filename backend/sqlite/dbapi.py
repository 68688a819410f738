"""A PEP 249 driver over libsql_experimental 0.0.55, which is not one itself.

The driver holds the interpreter lock in every call, so nothing here ever waits in C:
the busy timeout is 0 and writers queue up in Python. It reports every error as a
ValueError, binds integers beyond 32 bits as REAL, cuts text at NUL, shows errors of
row-returning statements only at the fetch and runs a statement again when fetched past
its end. All of that is repaired here.

Windows has no wheel of it; there libsql 0.1.11 has the same calls, flaws and files.
"""

import math
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeAlias, TypeVar

# Its tracing writes to stdout, which belongs to the handshake; read at the import.
os.environ["RUST_LOG"] = "off"
if sys.platform == "win32":
    import libsql
else:
    import libsql_experimental as libsql

from backend.sqlite.driver_errors import (
    BadKeyError,
    CannotOpenError,
    CorruptError,
    DatabaseError,
    DataError,
    DiskFullError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    LockedError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    ReadOnlyError,
    Warning,  # noqa: A004 PEP 249 names it so
    translate,
)

__all__ = [
    "BadKeyError",
    "Binary",
    "CannotOpenError",
    "Connection",
    "CorruptError",
    "Cursor",
    "DataError",
    "DatabaseError",
    "DiskFullError",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "LockedError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "ReadOnlyError",
    "Row",
    "Value",
    "Warning",
    "apilevel",
    "connect",
    "paramstyle",
    "sqlite_version",
    "sqlite_version_info",
    "threadsafety",
    "to_parameter",
]

apilevel: Final = "2.0"
threadsafety: Final = 1
paramstyle: Final = "qmark"
sqlite_version: Final = "3.45.1"
sqlite_version_info: Final = (3, 45, 1)

Row: TypeAlias = tuple[Any, ...]
Value: TypeAlias = str | int | float | bytes | None
Binary = bytes

_P = ParamSpec("_P")
_T = TypeVar("_T")

_BATCH: Final = 256
_EXACT_IN_A_DOUBLE: Final = 2**53
_LONGEST_NAP_S: Final = 0.02
_DML: Final = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(?:insert|update|delete|replace|with)\b",
    re.IGNORECASE | re.DOTALL,
)


def connect(
    database: Path | str,
    *,
    encryption_key: str | None = None,
    timeout_s: float = 5.0,
    pragmas: Sequence[str] = (),
) -> "Connection":
    """Open a database file.

    Raises:
        Error: The file cannot be opened, or a pragma failed on it.
    """
    return Connection(
        str(database),
        encryption_key=encryption_key,
        timeout_s=timeout_s,
        pragmas=pragmas,
    )


def to_parameter(value: object) -> Value:
    """Return a value as the driver stores it exactly.

    Raises:
        DataError: The driver would alter it.
        InterfaceError: It has no place in a column.
    """
    match value:
        case None | bytes():
            return value
        case str():
            if "\0" in value:
                raise DataError("text with a NUL character")
            # Subclasses such as StrEnum are not taken by the driver.
            return str.__str__(value)
        case int() | float():
            return _exact(value)
        case bytearray() | memoryview():
            return bytes(value)
        case _:
            raise InterfaceError(f"unsupported parameter type {type(value).__name__}")


class Connection:
    """One connection; a transaction is begun only by `begin`."""

    def __init__(
        self,
        database: str,
        *,
        encryption_key: str | None,
        timeout_s: float,
        pragmas: Sequence[str],
    ) -> None:
        """Connect and set the pragmas."""
        self.begin_mode = "DEFERRED"
        self._timeout_s = timeout_s
        self._owns_lock = False
        self._write_lock = _write_lock_of(database)
        options = {"encryption_key": encryption_key} if encryption_key else {}
        self._raw: Any = _call(
            lambda: libsql.connect(database, isolation_level=None, **options),
        )
        try:
            for pragma in pragmas:
                self._retry(self.execute, f"pragma {pragma}")
        except BaseException:
            self.close()
            raise

    @property
    def raw(self) -> Any:  # noqa: ANN401 the driver has no types
        """The driver's connection.

        Raises:
            ProgrammingError: It is closed; the driver itself would panic.
        """
        if self._raw is None:
            raise ProgrammingError("the connection is closed")
        return self._raw

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self.raw.in_transaction)

    def begin(self, mode: str | None = None) -> None:
        """Begin a transaction; an IMMEDIATE one first waits for its turn.

        Raises:
            LockedError: Another writer kept the database for too long.
        """
        mode = mode or self.begin_mode
        if mode == "IMMEDIATE":
            if not self._write_lock.acquire(timeout=self._timeout_s):
                raise LockedError("database is locked by another thread")
            self._owns_lock = True
        try:
            self._retry(_call, self.raw.execute, f"BEGIN {mode}")
        except BaseException:
            self._release()
            raise

    def commit(self) -> None:
        """Make the open transaction durable."""
        if self.in_transaction:
            self._retry(_call, self.raw.commit)
        self._release()

    def rollback(self) -> None:
        """Throw the open transaction away."""
        try:
            if self.in_transaction:
                _call(self.raw.rollback)
        finally:
            self._release()

    def cursor(self) -> "Cursor":
        """Return a new cursor."""
        _ = self.raw
        return Cursor(self)

    def execute(self, sql: str, parameters: Iterable[object] = ()) -> "Cursor":
        """Run one statement on a new cursor."""
        return self.cursor().execute(sql, parameters)

    def close(self) -> None:
        """Roll back what is open and let the file go; closing twice is fine."""
        if self._raw is None:
            return
        try:
            self.rollback()
        finally:
            raw, self._raw = self._raw, None
            raw.close()

    def _release(self) -> None:
        if self._owns_lock:
            self._owns_lock = False
            self._write_lock.release()

    def _retry(
        self,
        attempt: Callable[_P, _T],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """Wait for another process in Python, where other threads can go on."""
        end = time.monotonic() + self._timeout_s
        nap_s = 0.001
        while True:
            try:
                return attempt(*args, **kwargs)
            except LockedError:
                if time.monotonic() >= end:
                    raise
            time.sleep(nap_s)
            nap_s = min(nap_s * 2, _LONGEST_NAP_S)


class Cursor:
    """Runs statements and keeps their rows, fetched once."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        """Belong to a connection."""
        self.connection = connection
        self.description: Sequence[Row] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: list[Row] = []
        self._next = 0

    def execute(self, sql: str, parameters: Iterable[object] = ()) -> "Cursor":
        """Run one statement.

        Raises:
            Error: It failed; also when it failed on a later row.
        """
        raw = self.connection.raw
        self._forget()
        bound = tuple(to_parameter(value) for value in parameters)
        running = _call(raw.execute, sql, bound)
        try:
            self.description = running.description or None
            if self.description:
                self._rows = _fetch_all(running)
            if _DML.match(sql):
                self.lastrowid = running.lastrowid
                self.rowcount = (
                    _call(raw.execute, "select changes()").fetchone()[0]
                    if self.description
                    else running.rowcount
                )
        finally:
            running.close()
        return self

    def executemany(self, sql: str, rows: Iterable[Iterable[object]]) -> "Cursor":
        """Run one statement for many rows.

        Raises:
            Error: It failed for one of them.
        """
        raw = self.connection.raw
        self._forget()
        bound = [tuple(to_parameter(value) for value in row) for row in rows]
        self.rowcount = 0
        for start in range(0, len(bound), _BATCH):
            running = _call(raw.executemany, sql, bound[start : start + _BATCH])
            self.rowcount += running.rowcount
            running.close()
        return self

    def fetchone(self) -> Row | None:
        """Return the next row, None after the last."""
        return next(iter(self.fetchmany(1)), None)

    def fetchmany(self, size: int | None = None) -> list[Row]:
        """Return the next rows."""
        rows = self._rows[self._next : self._next + (size or self.arraysize)]
        self._next += len(rows)
        return rows

    def fetchall(self) -> list[Row]:
        """Return the rows that are left."""
        return self.fetchmany(len(self._rows) or 1)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.fetchall())

    def close(self) -> None:
        """Let the rows go."""
        self._rows = []

    def setinputsizes(self, sizes: object) -> None:
        """Do nothing, as PEP 249 allows."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Do nothing, as PEP 249 allows."""

    def _forget(self) -> None:
        self.description, self.rowcount, self.lastrowid = None, -1, None
        self._rows, self._next = [], 0


_write_locks: Final[dict[str, threading.Lock]] = {}
_write_locks_guard: Final = threading.Lock()


def _write_lock_of(database: str) -> threading.Lock:
    if database == ":memory:":
        return threading.Lock()
    with _write_locks_guard:
        return _write_locks.setdefault(os.path.realpath(database), threading.Lock())


def _fetch_all(running: Any) -> list[Row]:  # noqa: ANN401 the driver has no types
    """Fetch in batches, between which other threads run, and never past the end."""
    rows: list[Row] = []
    while True:
        batch = _call(running.fetchmany, _BATCH)
        rows += batch
        if len(batch) < _BATCH:
            return rows


def _call(function: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401 what SQLite gives
    try:
        return function(*args)
    except (ValueError, TypeError) as exc:
        raise translate(str(exc)) from None
    except BaseException as exc:
        # Rust panics arrive outside Exception and would end the thread.
        if type(exc).__name__ == "PanicException":
            kind = CorruptError if "Utf8Error" in str(exc) else InternalError
            raise kind(f"driver panic: {exc}") from None
        raise


def _exact(number: float) -> int | float:
    if isinstance(number, int):
        if abs(number) > _EXACT_IN_A_DOUBLE:
            raise DataError("an integer beyond 2**53 would lose precision")
        return int(number)
    if math.isnan(number):
        raise DataError("not a number would be stored as NULL")
    return float(number)
