"""Keeps the files of attachments beside the database, each encrypted under its own key.

A file is named after what is written, so whoever copies or checks one needs no key. Its
key stands in its row: a file is as open as the database is, a backup of the database
opens the copies beside it, and nothing is written anew when the database gets another
key. Files are written before the row that names them, and removed after it is gone.
"""

import contextlib
import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.errors import (
    UNWRITABLE,
    NotFoundError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
)
from backend.sqlite.files import (
    make_private_dir,
    move_over,
    sync_dir,
    write_at,
    write_whole,
)

ATTACHMENTS: Final = "attachments"
"""The folder of the files, beside the database, and of their copies beside backups."""

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL: Final = (
    "The disk is full, so the file was not attached. Make room, and try again."
)
_COMING: Final = ".coming-"
"""Begins the name of a file of which some pieces have not come."""
_NAME: Final = re.compile("[0-9a-f]{64}")
_LOST: Final = (
    "This file is no longer in Hearth's data folder, is damaged, or has not come from "
    "your other computer yet. If you still have it elsewhere, attach it again."
)


@dataclass(frozen=True, slots=True)
class FileKey:
    """What finds and opens one kept file.

    Attributes:
        name: Of the file; "" for none.
        key: Opens it, in hexadecimal.
    """

    name: str
    key: str


class AttachmentFiles:
    """The files of one data folder; methods block, from any thread.

    Attributes:
        spares: Folders with copies, which stand in for what is missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        """Keep files in a folder, which is made with the first of them."""
        self.folder = folder
        self.spares: tuple[Path, ...] = ()

    def put(self, content: bytes, key: str = "") -> FileKey:
        """Keep a file, whole or not at all.

        Args:
            content: What is in it.
            key: Of a file that belongs to it; "" for a new one.

        Raises:
            StoreFullError: The disk has no room for it.
            StoreReadOnlyError: It could not be written.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 slow to import

        key = key or secrets.token_hex(_KEY_BYTES)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + AESGCM(bytes.fromhex(key)).encrypt(nonce, content, None)
        name = hashlib.sha256(sealed).hexdigest()
        self._write(name, sealed)
        return FileKey(name, key)

    def read(self, kept: FileKey) -> bytes:
        """Return what is in a file; a copy takes the place of a damaged one.

        Raises:
            NotFoundError: Neither is there.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 slow to import
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 slow to import

        sealed = self.sealed(kept.name)
        try:
            cipher = AESGCM(bytes.fromhex(kept.key))
            return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except (InvalidTag, ValueError) as exc:
            raise NotFoundError(_LOST) from exc

    def drop(self, names: Iterable[str]) -> None:
        """Remove files that no row names any more."""
        for name in names:
            if _NAME.fullmatch(name):
                with contextlib.suppress(OSError):
                    (self.folder / name).unlink(missing_ok=True)

    def settle(self, wanted: Set[str]) -> None:
        """Remove what no row names, and bring back what is missing from its copies.

        To be called before anything else uses them: a killed process leaves a file
        whose row was never written, a restored backup names files that had gone.
        """
        there = names_in(self.folder)
        coming = {f"{_COMING}{name}" for name in wanted - there}
        for name in there - wanted - coming:
            with contextlib.suppress(OSError):
                (self.folder / name).unlink()
        for name in wanted - there:
            with contextlib.suppress(NotFoundError):
                self.sealed(name)

    def come(self, name: str) -> int:
        """Return how much of a file has come from elsewhere, in bytes."""
        try:
            return self._coming(name).stat().st_size
        except OSError:
            return 0

    def add(self, name: str, at: int, piece: bytes) -> None:
        """Keep a piece of a file that comes, after what has come before it.

        Raises:
            StoreFullError: The disk has no room for it.
            StoreReadOnlyError: It could not be written.
        """
        make_private_dir(self.folder)
        with _explained():
            write_at(self._coming(name), at, piece)

    def finish(self, name: str) -> bool:
        """Keep a file that has come, if it is the one of this name; else nothing of it.

        Raises:
            StoreFullError: The disk has no room for it.
            StoreReadOnlyError: It could not be written.
        """
        path = self._coming(name)
        with _explained():
            if not _is_whole(path, name):
                path.unlink(missing_ok=True)
                return False
            move_over(path, self.folder / name)
            sync_dir(self.folder)
            return True

    def size(self, name: str) -> int | None:
        """Return how large a file is as it is kept; None for a damaged one."""
        path = self.folder / name
        try:
            if not _is_whole(path, name):
                self.sealed(name)
            return path.stat().st_size
        except (NotFoundError, OSError):
            return None

    def piece(self, name: str, at: int, size: int) -> bytes:
        """Return a part of a file as it is kept; less at its end.

        Raises:
            NotFoundError: It is not there.
        """
        try:
            with (self.folder / name).open("rb") as file:
                file.seek(at)
                return file.read(size)
        except OSError as exc:
            raise NotFoundError(_LOST) from exc

    def _coming(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise NotFoundError(_LOST)
        return self.folder / f"{_COMING}{name}"

    def sealed(self, name: str) -> bytes:
        """Return a file as it is kept; a copy takes the place of a damaged one.

        Raises:
            NotFoundError: Neither is there.
        """
        if not _NAME.fullmatch(name):
            raise NotFoundError(_LOST)
        for folder in (self.folder, *self.spares):
            try:
                sealed = (folder / name).read_bytes()
            except OSError:
                continue
            if hashlib.sha256(sealed).hexdigest() != name:
                continue
            if folder != self.folder:
                with contextlib.suppress(StoreError):
                    self._write(name, sealed)
            return sealed
        raise NotFoundError(_LOST)

    def _write(self, name: str, sealed: bytes) -> None:
        make_private_dir(self.folder)
        with _explained():
            write_whole(self.folder / name, sealed)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        if exc.errno in _NO_ROOM:
            raise StoreFullError(_FULL) from exc
        raise StoreReadOnlyError(UNWRITABLE) from exc


def _is_whole(path: Path, name: str) -> bool:
    """Whether a file is what its name says; read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == name


def names_in(folder: Path) -> set[str]:
    """Return the names of what is in a folder; none for no folder."""
    with contextlib.suppress(OSError):
        return {entry.name for entry in os.scandir(folder)}
    return set()
