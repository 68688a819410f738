"""Builds the databases of the store's benchmark once and keeps them under .bench/."""

import hashlib
import secrets
import shutil
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from backend.sqlite import dbapi
from backend.sqlite.migrations import migrate
from backend.sqlite.schema import STEPS
from tests.benchmarks.corpus import INSERTS, Corpus, Row, Rows

CACHE: Final = Path(__file__).parents[2] / ".bench"
_CONVERSATIONS_A_TIME: Final = 200
_FAST: Final = ("journal_mode=wal", "synchronous=off", "cache_size=-262144")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is in the databases."""

    conversations: int
    messages_each: int

    @property
    def messages(self) -> int:
        """How many messages there are in all."""
        return self.conversations * self.messages_each


MILLION: Final = Size(conversations=10_000, messages_each=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFiles:
    """The same rows three times.

    Attributes:
        plain: Written and read by libSQL.
        encrypted: A copy of it under a key.
        twin: Written and read by the standard library's sqlite3.
    """

    plain: Path
    encrypted: Path
    key: str
    twin: Path


class _Writer(Protocol):
    def write(self, statement: str, rows: list[Row]) -> None: ...

    def commit(self) -> None: ...


class _LibsqlWriter:
    def __init__(self, path: Path) -> None:
        self._connection = dbapi.connect(path, pragmas=_FAST)
        migrate(self._connection, STEPS)

    def write(self, statement: str, rows: list[Row]) -> None:
        if not self._connection.in_transaction:
            self._connection.begin("IMMEDIATE")
        self._connection.cursor().executemany(statement, rows)

    def commit(self) -> None:
        self._connection.commit()

    def close(self) -> None:
        self._connection.execute("pragma wal_checkpoint(truncate)")
        self._connection.close()


class _SqliteWriter:
    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        for pragma in _FAST:
            self._connection.execute(f"pragma {pragma}")
        for step in STEPS:
            for statement in step:
                self._connection.execute(statement)

    def write(self, statement: str, rows: list[Row]) -> None:
        self._connection.executemany(statement, rows)

    def commit(self) -> None:
        self._connection.commit()

    def close(self) -> None:
        self._connection.execute("pragma wal_checkpoint(truncate)")
        self._connection.close()


def store_files(size: Size = MILLION, cache: Path = CACHE) -> StoreFiles:
    """Return the databases; building a million messages takes some minutes."""
    home = cache / f"store-{size.messages}-{_schema_name()}"
    if not home.is_dir():
        shutil.rmtree(cache, ignore_errors=True)
        part = home.with_suffix(".part")
        part.mkdir(mode=0o700, parents=True)
        _build(size, part)
        part.rename(home)
    return _files_in(home)


def _files_in(home: Path) -> StoreFiles:
    return StoreFiles(
        plain=home / "plain" / "hearth.db",
        encrypted=home / "encrypted" / "hearth.db",
        key=(home / "key").read_text(encoding="ascii"),
        twin=home / "twin.db",
    )


def _build(size: Size, home: Path) -> None:
    (home / "key").write_text(secrets.token_hex(32), encoding="ascii")
    files = _files_in(home)
    for path in (files.plain, files.encrypted):
        path.parent.mkdir(mode=0o700)
    rows = Corpus().conversations(size.conversations, size.messages_each)
    libsql, sqlite = _LibsqlWriter(files.plain), _SqliteWriter(files.twin)
    with closing(libsql), closing(sqlite):
        _fill(rows, size, libsql, sqlite)
    sys.stderr.write("the store's benchmark: encrypting a copy\n")
    shutil.copyfile(files.plain, files.encrypted)
    with closing(dbapi.connect(files.encrypted)) as connection:
        # Rekeying is refused in WAL mode.
        connection.execute("pragma journal_mode=delete")
        connection.execute(f"pragma rekey='{files.key}'")


def _fill(rows: Iterable[Rows], size: Size, *writers: _Writer) -> None:
    source, done = iter(rows), 0
    while batch := list(islice(source, _CONVERSATIONS_A_TIME)):
        tables = {
            "conversation": [one.conversation for one in batch],
            "message": [row for one in batch for row in one.messages],
            "change": [row for one in batch for row in one.changes],
        }
        for writer in writers:
            for table, given in tables.items():
                writer.write(INSERTS[table], given)
            writer.commit()
        done += len(tables["message"])
        sys.stderr.write(f"the store's benchmark: {done} of {size.messages} messages\n")


def _schema_name() -> str:
    """Name the schema, so that a change of it builds anew."""
    text = "\n".join(statement for step in STEPS for statement in step)
    return hashlib.sha256(text.encode()).hexdigest()[:8]
