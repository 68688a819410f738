"""A folder that a person has synced: each computer adds files that only it writes.

Attached files lie in `hearth-sync/<group>/files`, each as it is kept, and
`hearth-sync/<group>/<stream>/<first number>.hs` has records back to back. The newest
file is written anew, whole, until it is large; then it is never touched again. What is
half written, missing, there twice or came in another order is normal in such a folder:
a stream is read as far as it is whole, and looked at again when its files change.
"""

import errno
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from backend.runtime.regular_files import open_regular
from backend.sqlite.files import move_over, write_at, write_whole
from backend.sync.records import BODY_AT, RecordHeader, RefusedRecordError, hash_of
from backend.sync.transport import (
    PIECE_BYTES,
    WINDOW_BYTES,
    Exchanged,
    FoundRecord,
    TransportError,
)

ROOT: Final = "hearth-sync"
_PAIRING: Final = "pairing"
_SEGMENT_BYTES: Final = 256 * 1024
_MOST_BYTES: Final = 128 * 1024 * 1024
_LEFT_BYTES: Final = 1024 * 1024
_STREAM: Final = re.compile(r"[0-9a-f]{32}")
_FILE: Final = re.compile(r"[0-9a-f]{64}")
_SEGMENT: Final = re.compile(r"[0-9a-f]{12}\.hs")
_AWAY: Final = (
    "The folder {folder} is not there. Connect its drive or start the program that "
    "syncs it; Hearth goes on by itself."
)
_EMPTIED: Final = (
    "Hearth's files are no longer in the folder {folder}. Bring them back, or choose "
    "the folder again to begin there anew; nothing on this computer is lost."
)
_FULL: Final = (
    "The folder {folder} is full. Make room there; Hearth goes on by itself and keeps "
    "what waits."
)
_UNWRITABLE: Final = (
    "Hearth cannot read or write in the folder {folder}. Check that it may; Hearth "
    "goes on by itself."
)


class _Look(NamedTuple):
    """How a file was when it was read to its end."""

    size: int
    changed_ns: int
    last: int


class _OwnEnd(NamedTuple):
    """How our stream ends, as long as its newest file is this one."""

    segment: Path
    found: tuple[int, int, int]
    head: int
    name: str


class FolderTransport:
    """The streams of one group in a folder."""

    def __init__(self, folder: Path, group: str) -> None:
        self._folder = folder
        self._group = folder / ROOT / group
        self._files = self._group / "files"
        self._pairing = folder / ROOT / _PAIRING
        self._looks: dict[Path, _Look] = {}
        self._end: _OwnEnd | None = None

    def begin(self) -> None:
        """Make the place of the group, which is missed from then on when it goes.

        Raises:
            TransportError: The folder cannot be written.
        """
        with self._explained():
            self._group.mkdir(parents=True, exist_ok=True)

    def exchange(
        self,
        stream: str,
        records: Sequence[tuple[int, bytes]],
        known: Mapping[str, int | None],
    ) -> Exchanged:
        """Add records to our stream, and read what others have added."""
        with self._explained():
            if not self._group.is_dir():
                sentence = _EMPTIED if self._folder.is_dir() else _AWAY
                raise TransportError(sentence.format(folder=self._folder))
            home, kept = self._group / stream, list[int]()
            if records or (end := self._known_end(home)) is None:
                kept, end = self._push(home, records)
            self._end = end
            return Exchanged(kept, end.head, end.name, list(self._pull(stream, known)))

    def heads(self) -> Mapping[str, bytes]:
        """Return how each stream ends there, as far as it is whole."""
        found: dict[str, bytes] = {}
        with self._explained():
            for home in self._group.iterdir():
                for segment in reversed(_segments(home)):
                    if there := dict(_numbered(_read(segment))):
                        found[home.name] = there[max(there)][:BODY_AT]
                        break
        return found

    def rewrite(self, stream: str, n: int, change: Callable[[bytes], bytes]) -> None:
        """Replace a record of ours by what is made of it, of the same size."""
        with self._explained():
            for segment in _after(_segments(self._group / stream), n - 1)[:1]:
                data = _read(segment)
                for number, record in _numbered(data):
                    if number == n:
                        at = data.index(record)
                        new = data[:at] + change(record) + data[at + len(record) :]
                        write_whole(segment, new)

    def drop_stream(self, stream: str) -> None:
        """Remove a stream of ours: its end first, so that there is never a gap."""
        with self._explained():
            home = self._group / stream
            for segment in reversed(_segments(home)):
                segment.unlink(missing_ok=True)
        with suppress(OSError):  # a program that syncs has left something there
            home.rmdir()

    def files(self) -> Set[str]:
        """Return the names of the files that are there, perhaps not whole yet."""
        with self._explained():
            if not self._files.is_dir():
                return set()
            return {one.name for one in self._files.iterdir() if _is_file(one.name)}

    def pieces(self, name: str) -> Mapping[int, int]:
        """Return which pieces of a file are there, as far as it has come."""
        with self._explained():
            for path in (self._files / name, self._begun(name)):
                if path.exists():
                    size = path.stat().st_size
                    begins = range(0, size, PIECE_BYTES)
                    sizes = (min(PIECE_BYTES, size - at) for at in begins)
                    return dict(enumerate(sizes))
        return {}

    def put_piece(self, name: str, number: int, count: int, data: bytes) -> None:
        """Keep a piece of a file, which has its name when it is whole."""
        with self._explained():
            self._files.mkdir(exist_ok=True)
            path = self._begun(name)
            write_at(path, number * PIECE_BYTES, data)
            if number == count - 1:
                move_over(path, self._files / name)

    def get_piece(self, name: str, number: int) -> bytes | None:
        """Return a piece of a file, as it is there; None when it is not."""
        with self._explained():
            path = self._files / name
            if not path.exists():
                return None
            with open_regular(path) as file:
                file.seek(number * PIECE_BYTES)
                return file.read(PIECE_BYTES)

    def _begun(self, name: str) -> Path:
        """Return where a file is that is not whole: programs that sync pass it over."""
        return self._files / f".{name}.part"

    def drop_file(self, name: str) -> None:
        """Remove a file, if it is there."""
        with self._explained():
            (self._files / name).unlink(missing_ok=True)
            self._begun(name).unlink(missing_ok=True)

    def leave(self, name: str, data: bytes) -> None:
        """Leave something for a computer that is to join."""
        with self._explained():
            self._pairing.mkdir(parents=True, exist_ok=True)
            write_whole(self._pairing / name, data)

    def take(self, name: str) -> bytes | None:
        """Return what was left under a name, if it is there yet."""
        with self._explained():
            path = self._pairing / name
            return _read(path, _LEFT_BYTES) if path.exists() else None

    def drop(self, name: str) -> None:
        """Remove what was left under a name."""
        with suppress(OSError):
            (self._pairing / name).unlink()

    def close(self) -> None:
        """Let go of nothing: no file is held open."""

    def _known_end(self, home: Path) -> _OwnEnd | None:
        """Return how our stream ends, unless that has to be read."""
        end, segments = self._end, _segments(home)
        if end is None or not segments or segments[-1] != end.segment:
            return None
        return end if _found(end.segment) == end.found else None

    def _push(
        self, home: Path, records: Sequence[tuple[int, bytes]]
    ) -> tuple[list[int], _OwnEnd]:
        """Add what follows; return the numbers that are there, and how it ends."""
        segments = _segments(home)
        newest = segments[-1] if segments else home / f"{1:012x}.hs"
        # What is written below is another file: the next look reads it once.
        found = _found(newest)
        data = _read(newest) if segments else b""
        there = dict(_numbered(data))
        head = max(there, default=_first(newest) - 1)
        last = there.get(head, b"")
        kept = [n for n, record in records if n <= head and _is_kept(home, n, record)]
        fresh: list[bytes] = []
        for n, record in records:
            if n == head + 1 and _follows(record, last):
                fresh.append(record)
                kept.append(n)
                head, last = n, record
        if fresh:
            home.mkdir(exist_ok=True)
            whole = b"".join(there.values())
            if len(whole) + len(fresh[0]) > _SEGMENT_BYTES and whole:
                newest, whole = home / f"{head - len(fresh) + 1:012x}.hs", b""
            write_whole(newest, whole + b"".join(fresh))
        return kept, _OwnEnd(newest, found, head, hash_of(last) if last else "")

    def _pull(self, own: str, known: Mapping[str, int | None]) -> Iterator[FoundRecord]:
        for home in sorted(self._group.iterdir()):
            last = known.get(home.name, 0)
            is_other = _STREAM.fullmatch(home.name) and home.name != own
            if is_other and last is not None and home.is_dir():
                yield from self._new_in(home, last)

    def _new_in(self, home: Path, known: int) -> Iterator[FoundRecord]:
        given = 0
        for segment in _after(_segments(home), known):
            found = segment.stat()
            look = self._looks.get(segment)
            is_same = look and look[:2] == (found.st_size, found.st_mtime_ns)
            if look and is_same and look.last <= known:
                continue
            data, last = _read(segment), 0
            for n, record in _numbered(data, shows_rubbish=True):
                last = n
                if n > known:
                    given += len(record)
                    yield FoundRecord(home.name, record)
                if given > WINDOW_BYTES:
                    return
            self._looks[segment] = _Look(found.st_size, found.st_mtime_ns, last)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as exc:
            if self._folder.is_dir():
                # A program that syncs exchanged something while it was read.
                raise TransportError(_UNWRITABLE.format(folder=self._folder)) from exc
            raise TransportError(_AWAY.format(folder=self._folder)) from exc
        except OSError as exc:
            is_full = exc.errno in {errno.ENOSPC, errno.EDQUOT}
            sentence = _FULL if is_full else _UNWRITABLE
            raise TransportError(sentence.format(folder=self._folder)) from exc


def _segments(home: Path) -> list[Path]:
    """Return the files of a stream in their order; copies of conflicts are none."""
    if not home.is_dir():
        return []
    return sorted(path for path in home.iterdir() if _SEGMENT.fullmatch(path.name))


def _after(segments: Sequence[Path], known: int) -> Sequence[Path]:
    """Return the files that may have records after a number."""
    before = [i for i, path in enumerate(segments) if _first(path) <= known + 1]
    return segments[before[-1] :] if before else segments


def _found(path: Path) -> tuple[int, int, int]:
    """Return what is another when a file is another."""
    if not path.exists():
        return 0, 0, 0
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _is_file(name: str) -> bool:
    return _FILE.fullmatch(name) is not None


def _first(segment: Path) -> int:
    return int(segment.stem, 16)


def _follows(record: bytes, last: bytes) -> bool:
    """Whether a record was made after another one, and not after one of a copy."""
    return not last or RecordHeader.of(record).prev.hex() == hash_of(last)


def _is_kept(home: Path, n: int, record: bytes) -> bool:
    return any(
        found == record
        for segment in _after(_segments(home), n - 1)[:1]
        for number, found in _numbered(_read(segment))
        if number == n
    )


def _numbered(
    data: bytes, *, shows_rubbish: bool = False
) -> Iterator[tuple[int, bytes]]:
    """Take whole records out of a file, with their numbers.

    Args:
        data: The file. Its end may be missing.
        shows_rubbish: Give what cannot be a record too, as the last one.
    """
    at, number = 0, 0
    while len(data) - at >= BODY_AT:
        try:
            header = RecordHeader.of(data[at : at + BODY_AT])
        except RefusedRecordError:
            if shows_rubbish:
                yield number + 1, data[at : at + BODY_AT]
            return
        if at + header.size > len(data):
            return
        number = header.n
        yield number, data[at : at + header.size]
        at += header.size


def _read(path: Path, most: int = _MOST_BYTES) -> bytes:
    with open_regular(path) as file:
        return file.read(most)
