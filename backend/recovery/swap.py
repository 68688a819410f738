"""Puts another file in the database's place: restored, rekeyed or fresh.

The other file is written whole beside the database and checked; one rename puts it in
place. So whenever the process dies, the database is either the old or the new one.
"""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from backend.errors import UNWRITABLE, StoreBusyError, StoreReadOnlyError
from backend.recovery.jobs import HeavyJob
from backend.sqlite.files import (
    FileInUseError,
    make_private_dir,
    make_private_file,
    move_over,
    sync_dir,
)

STAGED: Final = "next"
CORRUPT: Final = "corrupt"
LOCKED: Final = "locked"
_LOGS: Final = ("-wal", "-shm")
_IN_USE: Final = "Hearth's database is still in use. Try again."
_STAMP: Final = "%Y%m%dT%H%M%S%fZ"


def stage(source: Path, key: str | None, database: Path, new_key: str | None) -> Path:
    """Write a checked copy of a closed file beside the database; return its path.

    Args:
        source: A snapshot, or the database itself.
        key: Opens the source.
        database: Whose place the copy is to take.
        new_key: Opens the copy; None leaves it plain.

    Raises:
        StoreFullError: The disk has no room for it.
        StoreDamagedError: The source is damaged.
        StoreError: It could not be read.
    """
    target = _beside(database, STAGED)
    drop_staged(database)
    arguments = {"target": str(target), "new_key": new_key or ""}
    HeavyJob(source, key, "stage", **arguments).result()
    return target


def stage_fresh(database: Path) -> Path:
    """Make an empty file beside the database; opening it makes a new database.

    Raises:
        StoreReadOnlyError: The folder cannot be written.
    """
    drop_staged(database)
    target = _beside(database, STAGED)
    make_private_file(target)
    return target


def drop_staged(database: Path) -> None:
    """Remove what an exchange that was cut short left behind."""
    for name in (STAGED, f"{STAGED}.part"):
        for end in ("", "-journal", *_LOGS):
            _beside(database, f"{name}{end}").unlink(missing_ok=True)


def put_in_place(staged: Path, database: Path, *, is_aside: bool = False) -> None:
    """Let a staged file be the database, which nobody may have open.

    Args:
        staged: What `stage` returned.
        database: The file to replace.
        is_aside: The old file is kept elsewhere together with its log.

    Raises:
        StoreBusyError: Somebody still has it open.
        StoreReadOnlyError: The folder cannot be written.
    """
    log = Path(f"{database}-wal")
    if not is_aside and log.exists() and log.stat().st_size > 0:
        raise StoreBusyError(_IN_USE)
    try:
        for end in _LOGS:
            # A log left here would be applied to a file it does not belong to.
            Path(f"{database}{end}").unlink(missing_ok=True)
        move_over(staged, database)
        sync_dir(database.parent)
    except FileInUseError as exc:
        raise StoreBusyError(_IN_USE) from exc
    except OSError as exc:
        raise StoreReadOnlyError(UNWRITABLE) from exc


def set_aside(database: Path) -> Path | None:
    """Keep a damaged file and its log under other names; None when there is no file.

    The file stays where it is as well until another takes its place: a start in
    between must not find nothing and begin empty.

    Raises:
        StoreReadOnlyError: The folder cannot be written.
    """
    if not database.exists():
        return None
    known = database.parent.glob(f"{database.name}.{CORRUPT}-*")
    kept = next((path for path in known if path.samefile(database)), None)
    if kept is None:
        stamp = datetime.now(UTC).strftime(_STAMP)
        kept = _beside(database, f"{CORRUPT}-{stamp}")
    try:
        for end in (*_LOGS, ""):
            source, target = Path(f"{database}{end}"), Path(f"{kept}{end}")
            if source.exists() and not target.exists():
                _link(source, target)
        sync_dir(database.parent)
    except OSError as exc:
        raise StoreReadOnlyError(UNWRITABLE) from exc
    return kept


def put_away(database: Path, *others: str) -> Path:
    """Move a locked database and what belongs to it into a folder of its own.

    The database goes first: a start in between finds its key file, and so is locked.

    Args:
        database: Nobody may have it open.
        others: Names beside it, in the order in which they follow.

    Raises:
        StoreReadOnlyError: The folder cannot be written.
    """
    stamp = datetime.now(UTC).strftime(_STAMP)
    away = database.with_name(f"{LOCKED}-{stamp}")
    names = (*(f"{database.name}{end}" for end in _LOGS), database.name, *others)
    make_private_dir(away)
    try:
        for name in names:
            if database.with_name(name).exists():
                database.with_name(name).rename(away / name)
        sync_dir(database.parent)
    except OSError as exc:
        raise StoreReadOnlyError(UNWRITABLE) from exc
    return away


def _beside(database: Path, end: str) -> Path:
    return database.with_name(f"{database.name}.{end}")


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        # A file system without links, such as that of a memory stick.
        shutil.copy2(source, target)
