"""Tells by a database file itself whether it is encrypted.

Nothing else says so: a note kept elsewhere could disagree after a crash. Never look at
a database this process has open: closing the file would drop SQLite's locks on it, and
the next process that closes it would take away the log that is still being written.
"""

import os
from enum import Enum
from pathlib import Path
from typing import Final
from urllib.parse import quote

from backend.sqlite.files import is_ordinary

_PLAIN: Final = b"SQLite format 3\0"
_FORMAT_AT: Final = 18
_WAL: Final = b"\2\2"


class Seal(Enum):
    """How a database file is written."""

    NONE = "not there yet"
    PLAIN = "plain"
    ENCRYPTED = "encrypted"


def seal_of(path: Path) -> Seal:
    """Return how a file is written; a damaged plain one may pass for encrypted."""
    if not is_ordinary(path.resolve()):
        # Reading a pipe would wait for ever.
        return Seal.NONE
    try:
        with path.open("rb") as file:
            start = file.read(len(_PLAIN))
    except OSError:
        return Seal.NONE
    if not start:
        return Seal.NONE
    return Seal.PLAIN if start == _PLAIN else Seal.ENCRYPTED


def opens(path: Path, key: str | None) -> bool:
    """Whether a key opens a file, which nobody may have open.

    A damaged file that the key opens is opened.
    """
    from backend.sqlite import dbapi  # noqa: PLC0415 a start seldom needs it

    # Immutable: nothing is made beside the file, which may lie on another's disk.
    name = f"file:{quote(os.fspath(path))}?immutable=1"
    try:
        connection = dbapi.connect(name, encryption_key=key, timeout_s=0)
    except dbapi.Error:
        return False
    try:
        connection.execute("select count(*) from sqlite_schema").fetchall()
    except (dbapi.BadKeyError, dbapi.CannotOpenError):
        return False
    except dbapi.Error:
        return True
    finally:
        connection.close()
    return True


def repair_header(path: Path) -> None:
    """Set right the format of a plain file: any other number makes it read-only.

    Nobody may have it open.

    Raises:
        OSError: It cannot be written.
    """
    if seal_of(path) is not Seal.PLAIN:
        return
    with path.open("r+b") as file:
        file.seek(_FORMAT_AT)
        if set(file.read(len(_WAL))) - set(b"\1\2"):
            file.seek(_FORMAT_AT)
            file.write(_WAL)
            os.fsync(file.fileno())


def key_for(path: Path, key: str | None) -> str | None:
    """Return what opens a file: None for a plain one."""
    return None if seal_of(path) is Seal.PLAIN else key
