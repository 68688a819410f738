"""A file, a zip archive or a folder as a set of named files; nothing is unpacked."""

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from backend.errors import HearthError, InvalidInputError
from backend.importing.archives import ZipBundle, is_archive, is_data
from backend.importing.limits import (
    MAX_DEPTH,
    MAX_FILE_BYTES,
    MAX_NAMES,
    too_large,
)
from backend.importing.stream import Readable

_PAIR: Final = ("thread.json", "messages.jsonl")
_TOO_LARGE: Final = (
    "This is larger than 500 MB, the most Hearth imports at once. Choose a part of it."
)


class Bundle(Protocol):
    """Named files with the bytes behind them.

    Attributes:
        sizes: How many bytes each file has, by its name with forward slashes.
        lost: The names of files that cannot be looked into.
    """

    sizes: dict[str, int]
    lost: list[str]

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
        TooLargeError: It holds more than any export does.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return FolderBundle(path)
        if not stat.S_ISREG(mode):
            raise InvalidInputError("Choose an ordinary file or a folder.")
        if zipfile.is_zipfile(path):
            return ZipBundle.at(path)
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
        self.lost: list[str] = []

    def open(self, name: str) -> Readable:
        """Open one of the files."""
        return (self._folder / name).open("rb")

    def close(self) -> None:
        """Nothing stays open."""


class FolderBundle:
    """The files of a folder that can be part of an export; links are not followed.

    Archives in it are looked into: a large export comes in several.
    """

    def __init__(self, path: Path) -> None:
        self._folder = path
        self.sizes: dict[str, int] = {}
        self.lost: list[str] = []
        self._archives: dict[str, ZipBundle] = {}
        for name, size in self._walk():
            if is_archive(name):
                self._add(name)
            else:
                self.sizes[name] = size

    def open(self, name: str) -> Readable:
        """Open one of the files."""
        for archive, bundle in self._archives.items():
            inner = name.removeprefix(f"{archive}/")
            if inner != name and inner in bundle.sizes:
                return bundle.open(inner)
        return (self._folder / name).open("rb")

    def close(self) -> None:
        """Close the archives."""
        for bundle in self._archives.values():
            bundle.close()

    def _add(self, name: str) -> None:
        try:
            bundle = ZipBundle.at(self._folder / name, goes_on=False)
        except HearthError:
            self.lost.append(name)
            return
        self._archives[name] = bundle
        self.sizes |= {f"{name}/{inner}": n for inner, n in bundle.sizes.items()}
        self.lost += [f"{name}/{inner}" for inner in bundle.lost]

    def _walk(self) -> Iterator[tuple[str, int]]:
        seen = 0
        for folder, inside, names in os.walk(self._folder):
            depth = len(Path(folder).relative_to(self._folder).parts)
            inside[:] = sorted(inside) if depth < MAX_DEPTH else []
            seen += len(names)
            if seen > MAX_NAMES:
                raise too_large("This folder contains too many files.")
            for name in sorted(names):
                path = Path(folder, name)
                data = path.lstat()
                is_read = is_archive(name) or is_data(name)
                if stat.S_ISREG(data.st_mode) and is_read:
                    yield path.relative_to(self._folder).as_posix(), data.st_size


def check_total(sizes: list[int]) -> int:
    """Return the sum of the sizes of the files that will be read.

    Raises:
        TooLargeError: They are too large together.
    """
    if sum(sizes) > MAX_FILE_BYTES:
        raise too_large(_TOO_LARGE)
    return sum(sizes)
