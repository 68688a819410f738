"""Tells whether the file that is open is still the one that was opened.

A file that was moved or deleted goes on taking writes nobody will see, and one that was
overwritten in place is a mixture of both from the next write on.
"""

import os
import threading
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Final

from backend.errors import StoreError, StoreReadOnlyError
from backend.sqlite.dbapi import Connection, Error

LATEST_CHANGE: Final = (
    "select coalesce(max(seq), 0) from sqlite_sequence where name = 'change'"
)
_READ_ONLY: Final = (
    "Hearth's data folder cannot be written, so your data can be read but not changed. "
    "Check the permissions of the folder and the disk, then start Hearth again."
)
_NOT_CLOSED_WELL: Final = (
    "Hearth's data folder cannot be written, and its database was not closed well last "
    "time. Make the folder writable and start Hearth again; nothing is lost."
)
_GONE: Final = (
    "The database is no longer in {folder}, so nothing can be stored. Bring the folder "
    "back, or choose Restart Background Process in the menu Tools to start with an "
    "empty one."
)
_REPLACED: Final = (
    "Another program replaced Hearth's database while it was open, so nothing more is "
    "stored. Choose Restart Background Process in the menu Tools to go on with that "
    "file, or restore a backup: what you wrote since then may be in one."
)


class FileState(Enum):
    """What became of the file."""

    THERE = "there"
    GONE = "moved or deleted"
    REPLACED = "overwritten by something older"


class NoFile:
    """Stands for the file of a database that has none."""

    def look(self) -> FileState:
        """Find it as it was."""
        return FileState.THERE

    def committed(self, latest: int) -> None:
        """Remember nothing."""


class FileWatch:
    """Watches one file; all methods may be called from any thread."""

    def __init__(self, path: Path, connect: Callable[[], Connection]) -> None:
        """Begin with the file as it is.

        Args:
            path: The file.
            connect: Opens it once more; what a connection has read it does not reread.
        """
        self._path = path
        self._connect = connect
        self._lock = threading.Lock()
        about = path.stat()
        self._inode = about.st_ino
        self._size = about.st_size
        self._changed_at = about.st_mtime_ns
        self._latest = 0
        self._is_replaced = False

    def look(self) -> FileState:
        """Look at the file; before something is committed to it."""
        try:
            about = self._path.stat()
        except OSError:
            return FileState.GONE
        if about.st_ino != self._inode:
            return FileState.GONE
        with self._lock:
            if about.st_mtime_ns != self._changed_at and not self._is_replaced:
                # It never gets shorter by itself, and its log of changes only grows.
                is_shorter = about.st_size < self._size
                self._is_replaced = is_shorter or self._stored() < self._latest
            return FileState.REPLACED if self._is_replaced else FileState.THERE

    def committed(self, latest: int) -> None:
        """Remember how the file is after a commit of ours.

        Args:
            latest: The number of the last change there is now.
        """
        try:
            about = self._path.stat()
        except OSError:
            return
        with self._lock:
            self._latest = max(self._latest, latest)
            if not self._is_replaced and about.st_ino == self._inode:
                self._size = max(self._size, about.st_size)
                self._changed_at = about.st_mtime_ns

    def _stored(self) -> int:
        try:
            connection = self._connect()
            try:
                return latest_change(connection)
            finally:
                connection.close()
        except Error:
            return -1


def check_file(watch: FileWatch | NoFile, folder: Path) -> None:
    """Refuse to commit to a file that is no longer the one that was opened.

    Args:
        watch: Watches it.
        folder: Where it was.

    Raises:
        StoreError: It is gone, or another one.
    """
    match watch.look():
        case FileState.GONE:
            raise StoreError(_GONE.format(folder=folder))
        case FileState.REPLACED:
            raise StoreError(_REPLACED)
        case FileState.THERE:
            pass


def latest_change(connection: Connection) -> int:
    """Return the number of the last change that was stored."""
    row = connection.execute(LATEST_CHANGE).fetchone()
    return int(row[0]) if row else 0


def disk_refusal(path: Path) -> StoreError | None:
    """Tell whether a database that is there lies where nothing can be written.

    Raises:
        StoreReadOnlyError: It was not closed well either, so it cannot even be read.
    """
    if not path.is_file() or os.access(path.parent, os.W_OK):
        return None
    log = Path(f"{path}-wal")
    if log.exists() and log.stat().st_size > 0:
        raise StoreReadOnlyError(_NOT_CLOSED_WELL)
    return StoreReadOnlyError(_READ_ONLY)
