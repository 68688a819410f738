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
import tempfile
from collections.abc import Iterable, Set
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
from backend.sqlite.files import make_private_dir, move_over, sync_dir

ATTACHMENTS: Final = "attachments"
"""The folder of the files, beside the database, and of their copies beside backups."""

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL: Final = (
    "The disk is full, so the file was not attached. Make room, and try again."
)
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
        for name in there - wanted:
            with contextlib.suppress(OSError):
                (self.folder / name).unlink()
        for name in wanted - there:
            with contextlib.suppress(NotFoundError):
                self.sealed(name)

    def take(self, name: str, sealed: bytes) -> bool:
        """Keep a file as it was kept elsewhere, if it is the one of this name.

        Raises:
            StoreFullError: The disk has no room for it.
            StoreReadOnlyError: It could not be written.
        """
        is_right = hashlib.sha256(sealed).hexdigest() == name
        if is_right:
            self._write(name, sealed)
        return is_right

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
        try:
            number, part = tempfile.mkstemp(dir=self.folder, prefix=".part-")
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(sealed)
                    file.flush()
                    os.fsync(file.fileno())
                move_over(Path(part), self.folder / name)
                sync_dir(self.folder)
            except BaseException:
                Path(part).unlink(missing_ok=True)
                raise
        except OSError as exc:
            if exc.errno in _NO_ROOM:
                raise StoreFullError(_FULL) from exc
            raise StoreReadOnlyError(UNWRITABLE) from exc


def names_in(folder: Path) -> set[str]:
    """Return the names of what is in a folder; none for no folder."""
    with contextlib.suppress(OSError):
        return {entry.name for entry in os.scandir(folder)}
    return set()
