"""Zip archives, and those that lie in another one, read in place."""

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

from backend.errors import HearthError, InvalidInputError
from backend.importing.limits import (
    MAX_INNER_BYTES,
    MAX_NAMES,
    damaged,
    too_large,
)
from backend.importing.stream import Readable

_ZIP_FAULTS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    KeyError,
    struct.error,
)
_LOCAL_HEADER: Final = struct.Struct("<26x2H")
"""Of a member: the lengths of its name and of what follows that, before its bytes."""


def is_data(name: str) -> bool:
    """Whether a file can be a part of an export by its name."""
    return name.lower().endswith((".json", ".jsonl"))


def is_archive(name: str) -> bool:
    """Whether a file is an archive by its name."""
    return name.lower().endswith(".zip")


class ZipBundle:
    """The files in a zip archive, read in place whatever their names say.

    No more is ever read of a file than the archive says it holds, so that the sum of
    those sizes bounds what an archive can unpack to.

    Attributes:
        sizes: How many bytes each file has, by its name.
        lost: The archives in it that cannot be looked into.
    """

    def __init__(self, file: IO[bytes], *, goes_on: bool = True) -> None:
        """Look into an archive.

        Args:
            file: Where it is read.
            goes_on: Whether to look into archives inside of it too.

        Raises:
            InvalidInputError: It is damaged, or protected by a password.
            TooLargeError: It holds too many files.
        """
        self._file = file
        self.lost: list[str] = []
        self._inner: dict[str, zipfile.ZipInfo] = {}
        self._opened: tuple[str, ZipBundle] | None = None
        try:
            self._zip = zipfile.ZipFile(file)
        except _ZIP_FAULTS as exc:
            raise damaged() from exc
        infos = [i for i in self._zip.infolist() if not _is_litter(i.filename)]
        _check(infos)
        self.sizes = {
            info.filename: info.file_size for info in infos if is_data(info.filename)
        }
        if goes_on:
            for info in infos:
                if is_archive(info.filename):
                    self._look_into(info)

    @classmethod
    def at(cls, path: Path, *, goes_on: bool = True) -> "ZipBundle":
        """Look into the archive at a path."""
        file = path.open("rb")
        try:
            return cls(file, goes_on=goes_on)
        except HearthError:
            file.close()
            raise

    def open(self, name: str) -> Readable:
        """Open one of the files."""
        for archive in self._inner:
            if name.startswith(f"{archive}/"):
                return self._bundle_of(archive).open(name.removeprefix(f"{archive}/"))
        try:
            return _ZippedFile(self._zip.open(name))
        except _ZIP_FAULTS as exc:
            raise damaged() from exc

    def close(self) -> None:
        """Close the archive."""
        if self._opened:
            self._opened[1].close()
        self._zip.close()
        self._file.close()

    def _look_into(self, info: zipfile.ZipInfo) -> None:
        self._inner[info.filename] = info
        try:
            bundle = self._bundle_of(info.filename)
        except HearthError:
            del self._inner[info.filename]
            self.lost.append(info.filename)
            return
        self.sizes |= {f"{info.filename}/{n}": s for n, s in bundle.sizes.items()}

    def _bundle_of(self, name: str) -> "ZipBundle":
        """Return an archive inside this one; the last is kept, as it may be large."""
        if self._opened and self._opened[0] == name:
            return self._opened[1]
        if self._opened:
            self._opened[1].close()
            self._opened = None
        try:
            bundle = ZipBundle(self._part(self._inner[name]), goes_on=False)
        except _ZIP_FAULTS as exc:
            raise damaged(name) from exc
        self._opened = (name, bundle)
        return bundle

    def _part(self, info: zipfile.ZipInfo) -> IO[bytes]:
        """Return an archive as a file one can go back in."""
        if info.compress_type == zipfile.ZIP_STORED:
            return io.BufferedReader(_Slice(self._file, info))
        if info.file_size > MAX_INNER_BYTES:
            raise too_large("An archive inside this one is too large to read.")
        with self._zip.open(info) as packed:
            return io.BytesIO(packed.read(info.file_size))


class _Slice(io.RawIOBase):
    """The bytes of a member that lies unpacked in its archive."""

    def __init__(self, file: IO[bytes], info: zipfile.ZipInfo) -> None:
        self._file = file
        self._size = info.file_size
        self._at = 0
        file.seek(info.header_offset)
        header = file.read(_LOCAL_HEADER.size)
        self._start = info.header_offset + len(header)
        self._start += sum(_LOCAL_HEADER.unpack(header))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}
        self._at = base[whence] + offset
        if self._at < 0:
            raise ValueError("before the beginning")
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # what io passes
        self._file.seek(self._start + self._at)
        piece = self._file.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


class _ZippedFile:
    """A file of an archive whose faults are reported as damage."""

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


def _check(infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > MAX_NAMES:
        raise too_large("This archive contains too many files.")
    if any(info.flag_bits & 1 for info in infos):
        raise InvalidInputError(
            "This archive is protected by a password. Unpack it first, then "
            "choose the file inside."
        )


def _is_litter(name: str) -> bool:
    """Whether a file is what a Mac adds to archives."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith("._")
