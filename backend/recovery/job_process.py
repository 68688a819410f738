"""The helper process in which statements run that would stop the sidecar.

`jobs` starts it. It reads one job as a JSON line on its stdin, answers with one on its
stdout, and ends when its stdin does.
"""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

from backend.recovery.repair import broken_text, rebuild, repair_indexes
from backend.runtime.worker import answer, finish, take_job
from backend.sqlite import dbapi, indexing
from backend.sqlite.files import make_private_file, move_over, sync_dir
from backend.sqlite.migrations import migrate, schema_faults, version_of
from backend.sqlite.places import SEARCHED
from backend.sqlite.schema import FULL_TEXT

Json: TypeAlias = Any
_PATIENCE_S: Final = 5.0


def quick_check(path: Path, key: str | None) -> Json:
    """Return what is wrong with the file; ["ok"] when nothing is."""
    return _check(path, key, "quick_check")


def integrity_check(path: Path, key: str | None) -> Json:
    """Return what is wrong with the file, its indexes included."""
    return _check(path, key, "integrity_check")


def schema_check(path: Path, key: str | None) -> Json:
    """Return what the file's schema has more or less than it should; ["ok"] if none."""
    with _OpenDatabase(path, key) as connection:
        return schema_faults(connection) or ["ok"]


def schema_version(path: Path, key: str | None) -> Json:
    """Return how many steps a file has taken."""
    with _OpenDatabase(path, key) as connection:
        return version_of(connection)


def missing(path: Path, key: str | None, copy: str, copy_key: str) -> Json:
    """Return of each table how many rows a copy lacks, and how many it has older."""
    with (
        _OpenDatabase(path, key) as present,
        _OpenDatabase(copy, copy_key or None) as older,
    ):
        return {table: _missing(table, present, older) for table in SEARCHED}


def rebuild_indexes(path: Path, key: str | None) -> Json:
    """Rebuild the full-text indexes from the rows."""
    with _OpenDatabase(path, key) as connection:
        for index in FULL_TEXT:
            rebuild(connection, index)
    return None


def take_steps(path: Path, key: str | None) -> Json:
    """Bring a file to the present schema."""
    with _OpenDatabase(path, key, "secure_delete=on") as connection:
        return migrate(connection)


def index_rest(path: Path, key: str | None) -> Json:
    """Put what an earlier schema left into the indexes; return how many rows."""
    with _OpenDatabase(path, key) as connection:
        return indexing.index_rest(connection)


def count_broken(path: Path, key: str | None) -> Json:
    """Return how many rows hold what is no text any more."""
    with _OpenDatabase(path, key) as connection:
        return broken_text(connection)


def repair(path: Path, key: str | None) -> Json:
    """Make text and indexes readable again; return in how many places."""
    with _OpenDatabase(path, key) as connection:
        return broken_text(connection, repair=True) + repair_indexes(connection)


def snapshot(path: Path, key: str | None, target: str) -> Json:
    """Copy the database while it is in use; the copy was opened and checked.

    `VACUUM INTO` is not used: of an encrypted database it writes a plain one.
    """
    _copy_checked(path, key, Path(target), key)


def stage(path: Path, key: str | None, target: str, new_key: str) -> Json:
    """Copy a database and give the copy another key, or none; it is checked too."""
    _copy_checked(path, key, Path(target), new_key or None)


_JOBS: Final[dict[str, Callable[..., Json]]] = {
    job.__name__: job
    for job in (
        quick_check,
        integrity_check,
        schema_check,
        take_steps,
        schema_version,
        missing,
        index_rest,
        rebuild_indexes,
        count_broken,
        repair,
        snapshot,
        stage,
    )
}


class _OpenDatabase:
    """A connection for the time of a block."""

    def __init__(self, path: Path | str, key: str | None, *pragmas: str) -> None:
        self._connection = dbapi.connect(
            path,
            encryption_key=key,
            timeout_s=_PATIENCE_S,
            pragmas=("busy_timeout=0", "synchronous=full", *pragmas),
        )

    def __enter__(self) -> dbapi.Connection:
        return self._connection

    def __exit__(self, *_error: object) -> None:
        self._connection.close()


def _copy_checked(
    path: Path, key: str | None, target: Path, new_key: str | None
) -> None:
    copy = Path(f"{target}.part")
    copy.unlink(missing_ok=True)
    make_private_file(copy)
    try:
        with _OpenDatabase(path, key) as connection:
            _hold_still(connection, path)
            shutil.copyfile(path, copy)
            connection.rollback()
        if new_key != key:
            _rekey(copy, key, new_key)
        _sync(copy)
        found = quick_check(copy, new_key)
        if found != ["ok"]:
            raise dbapi.CorruptError(f"malformed database schema: {found[:3]}")
        move_over(copy, target)
        sync_dir(copy.parent)
    finally:
        for rest in ("", "-wal", "-shm", "-journal"):
            Path(f"{copy}{rest}").unlink(missing_ok=True)


def _rekey(copy: Path, key: str | None, new_key: str | None) -> None:
    # Rekeying is refused in WAL mode; the next opening switches back to it.
    with _OpenDatabase(copy, key) as connection:
        connection.execute("pragma journal_mode=delete")
        connection.execute(f"pragma rekey='{new_key or ''}'")


def _missing(
    table: str, present: dbapi.Connection, older: dbapi.Connection
) -> tuple[int, int]:
    rows = f"select id, updated_at from {table} where deleted_at is null"  # noqa: S608 names of our own
    known: dict[str, int] = dict(older.execute(rows))
    new = changed = 0
    for row_id, at in present.execute(rows):
        new += row_id not in known
        changed += at > known.get(row_id, at)
    return new, changed


def _check(path: Path, key: str | None, pragma: str) -> Json:
    with _OpenDatabase(path, key) as connection:
        version_of(connection)
        try:
            found = [row[0] for row in connection.execute(f"pragma {pragma}(20)")]
        except dbapi.CorruptError as exc:
            if not _is_index(str(exc)):
                raise
            found = []
        # An index is rebuilt from its rows; see `repair`.
        return [line for line in found if not _is_index(line)] or ["ok"]


def _is_index(line: str) -> bool:
    return "fts5" in line.lower()


def _hold_still(connection: dbapi.Connection, path: Path) -> None:
    """Empty the write-ahead log, so that the file alone is everything, and pin it.

    A reader that began on an empty log reads the file itself, and nobody writes into
    the file then: what is committed meanwhile goes to the log, without waiting.
    """
    log = Path(f"{path}-wal")
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        connection.execute("pragma wal_checkpoint(truncate)")
        connection.begin("DEFERRED")
        connection.execute("select count(*) from sqlite_schema")
        if not log.exists() or log.stat().st_size == 0:
            return
        connection.rollback()
        time.sleep(0.01)
    raise dbapi.LockedError("database is locked by its readers")


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDWR)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def main() -> None:
    """Do the one job that is asked for."""
    asked = take_job()
    try:
        job = _JOBS[asked["job"]]
        reply = {"result": job(Path(asked["path"]), asked["key"], **asked["arguments"])}
    except dbapi.Error as exc:
        reply = {"error": type(exc).__name__, "text": str(exc)}
    except OSError as exc:
        reply = {"error": "OperationalError", "text": str(exc), "errno": exc.errno}
    answer(reply)
    finish()


if __name__ == "__main__":
    main()
