"""Keeps the files of the store private to their owner."""

import errno
import os
import stat
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from backend.errors import StoreError, StoreReadOnlyError

_POSIX = os.name == "posix"
_PRIVATE_DIR = 0o700
_PAUSES_S: Final = () if _POSIX else (0.02, 0.1, 0.4, 1.0)


class FileInUseError(OSError):
    """Another program has the file open, on a system where that keeps it in place."""


def make_private_dir(folder: Path) -> None:
    """Create a folder only its owner may enter.

    Raises:
        StoreError: It belongs to someone else.
        StoreReadOnlyError: It cannot be made.
    """
    try:
        folder.mkdir(mode=_PRIVATE_DIR, parents=True, exist_ok=True)
        if _POSIX and folder.stat().st_uid != os.geteuid():
            raise StoreError(
                f"The folder {folder} belongs to another user. "
                "Choose a folder of your own.",
            )
        if stat.S_IMODE(folder.stat().st_mode) != _PRIVATE_DIR:
            folder.chmod(_PRIVATE_DIR)
    except OSError as exc:
        raise StoreReadOnlyError(
            f"Hearth cannot use the folder {folder}. "
            "Check that it exists and may be written.",
        ) from exc


def make_private_file(path: Path) -> None:
    """Create an empty file only its owner may read, or make an old one so.

    Raises:
        StoreReadOnlyError: The folder cannot be written.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        # Not opened: closing it would drop SQLite's locks on it in this process.
        _make_private(path)
    except OSError as exc:
        raise StoreReadOnlyError(
            f"Hearth cannot write in the folder {path.parent}. "
            "Check that the disk is not full or read-only.",
        ) from exc


def is_ordinary(path: Path) -> bool:
    """Whether this is a file of its own: no link, folder, pipe, socket or device."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def check_is_file(path: Path) -> None:
    """Look that where the database is, if anything is there, is a file.

    A link to one may be: people keep large files on another disk.

    Raises:
        StoreReadOnlyError: It is a folder, a pipe or the like.
    """
    if os.path.lexists(path) and not is_ordinary(path.resolve()):
        raise StoreReadOnlyError(
            f"{path} is not a file, so Hearth's database cannot be there. "
            "Move it away and try again."
        )


def check_replaceable(path: Path) -> None:
    """Look that nothing but an ordinary file is where a file is to be put.

    A rename would put it in the place of a device, and in that of a link that leads
    elsewhere.

    Raises:
        OSError: Something else is there.
    """
    if os.path.lexists(path) and not is_ordinary(path):
        raise OSError(errno.EEXIST, "there is something else than a file", str(path))


def move_over(
    source: Path, target: Path, pauses_s: Sequence[float] = _PAUSES_S
) -> None:
    """Put a whole file in the place of another one.

    Windows refuses it while any program has one of them open, as what searches it or
    looks for viruses does for a moment. Elsewhere it is never waited.

    Raises:
        FileInUseError: A program keeps one of them open.
        OSError: It cannot be done.
    """
    for pause_s in pauses_s:
        try:
            source.replace(target)
        except PermissionError:
            time.sleep(pause_s)
        else:
            return
    try:
        source.replace(target)
    except PermissionError as exc:
        if not pauses_s:
            raise
        raise FileInUseError(exc.errno, exc.strerror, str(target)) from exc


def replace_file(path: Path, text: str) -> None:
    """Write a small private file, whole or not at all.

    Raises:
        OSError: It could not be written; the old one is still there.
    """
    check_replaceable(path)
    write_whole(path, text.encode())


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a name nobody reads until all of it is there.

    Raises:
        OSError: It could not be written; what was there still is.
    """
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    written = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        move_over(written, path)
        sync_dir(path.parent)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def write_at(path: Path, at: int, data: bytes) -> None:
    """Write a piece of a file, after what has come of it before.

    Args:
        path: Of the file, which is made for its first piece.
        at: Where the piece begins, in bytes; what is there from then on goes.
        data: The piece.

    Raises:
        OSError: It could not be written.
    """
    with path.open("r+b" if path.exists() else "wb") as file:
        file.truncate(at)
        file.seek(at)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sweep(folder: Path) -> None:
    """Remove what `replace_file` left half-written when it was killed.

    To be called before anything writes into the folder.
    """
    for pattern in (".*.json-????????", ".device-????????"):
        for left in folder.glob(pattern):
            left.unlink(missing_ok=True)


def sync_dir(folder: Path) -> None:
    """Make the names in a folder durable, where the system knows how."""
    if not _POSIX:
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _make_private(path: Path) -> None:
    """Do what is possible: a file on a read-only disk stays as it is."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        try:
            path.with_name(name).chmod(0o600)
        except OSError:
            continue
