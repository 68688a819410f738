"""A file, a zip archive or a folder as a set of named files; nothing is unpacked."""

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from backend.errors import HearthError, InvalidInputError
from backend.importing.limits import (
    MAX_DEPTH,
    MAX_FILE_BYTES,
    MAX_NAMES,
    damaged,
    too_large,
)
from backend.importing.stream import Readable

_PAIR: Final = ("thread.json", "messages.jsonl")
_TOO_LARGE: Final = "This is larger than 500 MB, the most Hearth imports at once."
_ZIP_FAULTS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    KeyError,
)


class Bundle(Protocol):
    """Named files with the bytes behind them.

    Attributes:
        sizes: How many bytes each file has, by its name with forward slashes.
    """

    sizes: dict[str, int]

    def open(self, name: str) -> Readable:
        """Open one of the files."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


def open_bundle(path: Path) -> Bundle:
    """Look at what the user picked.

    Raises:
        InvalidInputError: It is no file or folder that can be read.
        TooLargeError: It is larger than any export that is taken.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return FolderBundle(path)
        if not stat.S_ISREG(mode):
            raise InvalidInputError("Choose an ordinary file or a folder.")
        if zipfile.is_zipfile(path):
            return ZipBundle(path)
        return FileBundle(path)
    except OSError as exc:
        raise unreadable(exc) from exc


def unreadable(exc: OSError) -> HearthError:
    """Return the error for what the system refuses to read."""
    why = (exc.strerror or "unknown reason").lower()
    return InvalidInputError(f"This could not be read: {why}. Choose it again.")


class FileBundle:
    """One file, or the two that make a thread of Jan."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        names = _PAIR if path.name in _PAIR else (path.name,)
        found = {name: path.with_name(name) for name in names}
        self.sizes = {n: p.stat().st_size for n, p in found.items() if p.is_file()}
        _check(self.sizes)

    def open(self, name: str) -> Readable:
        """Open one of the files."""
        return (self._folder / name).open("rb")

    def close(self) -> None:
        """Nothing stays open."""


class FolderBundle:
    """The files of a folder that can be part of an export; links are not followed."""

    def __init__(self, path: Path) -> None:
        self._folder = path
        self.sizes = dict(self._walk())
        _check(self.sizes)

    def open(self, name: str) -> Readable:
        """Open one of the files."""
        return (self._folder / name).open("rb")

    def close(self) -> None:
        """Nothing stays open."""

    def _walk(self) -> Iterator[tuple[str, int]]:
        seen = 0
        for folder, inside, names in os.walk(self._folder):
            depth = len(Path(folder).relative_to(self._folder).parts)
            inside[:] = sorted(inside) if depth < MAX_DEPTH else []
            seen += len(names)
            if seen > MAX_NAMES:
                raise too_large("This folder holds too many files.")
            for name in sorted(names):
                path = Path(folder, name)
                told = path.lstat()
                if stat.S_ISREG(told.st_mode) and path.suffix in {".json", ".jsonl"}:
                    yield path.relative_to(self._folder).as_posix(), told.st_size


class ZipBundle:
    """The files in a zip archive, read in place whatever their names say.

    No more is ever read of a file than the archive says it holds, so that the sum of
    those sizes bounds what an archive can unpack to.
    """

    def __init__(self, path: Path) -> None:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise too_large(_TOO_LARGE)
        try:
            self._zip = zipfile.ZipFile(path)
        except _ZIP_FAULTS as exc:
            raise damaged() from exc
        self.sizes = self._sizes(self._zip.infolist())

    def _sizes(self, infos: list[zipfile.ZipInfo]) -> dict[str, int]:
        if len(infos) > MAX_NAMES:
            raise too_large("This archive holds too many files.")
        if any(info.flag_bits & 1 for info in infos):
            raise InvalidInputError(
                "This archive is protected by a password. Unpack it first, then "
                "choose the file inside."
            )
        return {
            info.filename: info.file_size
            for info in infos
            if info.filename.endswith((".json", ".jsonl"))
            and not info.filename.startswith("__MACOSX/")
        }

    def open(self, name: str) -> Readable:
        """Open one of the files."""
        try:
            return _ZippedFile(self._zip.open(name))
        except _ZIP_FAULTS as exc:
            raise damaged() from exc

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()


class _ZippedFile:
    """A file of an archive whose faults are told as damage."""

    def __init__(self, inner: Readable) -> None:
        self._inner = inner

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""
        try:
            return self._inner.read(size)
        except _ZIP_FAULTS as exc:
            raise damaged() from exc

    def close(self) -> None:
        """Let go of it."""
        self._inner.close()


def check_total(sizes: list[int]) -> int:
    """Return the sum of the sizes of the files that will be read.

    Raises:
        TooLargeError: They are too large together.
    """
    if sum(sizes) > MAX_FILE_BYTES:
        raise too_large(_TOO_LARGE)
    return sum(sizes)


def _check(sizes: dict[str, int]) -> None:
    if max(sizes.values(), default=0) > MAX_FILE_BYTES:
        raise too_large(_TOO_LARGE)
