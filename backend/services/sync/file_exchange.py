"""Gives attached files to other computers, and fetches those that are not here yet.

Piece by piece, one in each step: changes are exchanged in between, no more than a piece
is in memory, and what was cut off goes on where it was.
"""

import time
from collections.abc import Iterator, Mapping, Set
from itertools import accumulate
from typing import Final

from backend.errors import NotFoundError
from backend.services.sync.retelling import pause_after
from backend.store.sync.files import TravellingFiles
from backend.sync.transport import PIECE_BYTES, Transport

_LOOKS_EVERY: Final = 20
"""As many steps that came to nothing are left out, unless something has come."""
_ALL_THERE: Final = 600
"""As many where all that is wanted is both here and there: that it stays is seen to."""
_MS_PER_S: Final = 1000
_MOST_BYTES: Final = 128 * 1024 * 1024


class _Tries:
    """How often something was done for a file in this run: not for ever."""

    def __init__(self) -> None:
        self._done: dict[str, tuple[int, float]] = {}

    def count(self, name: str) -> None:
        times, _ = self._done.get(name, (0, 0.0))
        self._done[name] = times + 1, time.monotonic()

    def may(self, name: str) -> bool:
        times, at = self._done.get(name, (0, 0.0))
        return (time.monotonic() - at) * _MS_PER_S >= pause_after(times)


class FileExchange:
    """What is given and fetched while nothing else is to be exchanged."""

    def __init__(self, files: TravellingFiles) -> None:
        """Work on the files of this computer."""
        self._files = files
        self._there: Set[str] | None = None
        self._rests = 0
        self._given, self._failed = _Tries(), _Tries()
        self._giving: tuple[str, Iterator[int], int] | None = None
        """The file that is given, its pieces that are not there, how many it has."""

    def look_again(self) -> None:
        """Look at the next step what is there."""
        self._there, self._rests = None, 0

    def step(self, transport: Transport) -> bool:
        """Give or fetch a piece of a file; return whether there may be another.

        Raises:
            TransportError: That is not possible now.
            StoreError: A file cannot be written.
        """
        if self._rests:
            self._rests -= 1
            return False
        for name in self._files.unwanted():
            transport.drop_file(name)
            self._files.dropped(name)
        rests = _ALL_THERE
        if wanted := self._files.wanted():
            if self._there is None:
                self._there = transport.files()
            here = self._files.here()
            if self._give(transport, wanted & here - self._there):
                return True
            if self._fetch(transport, (wanted - here) & self._there):
                return True
            if wanted - (here & self._there):
                rests = _LOOKS_EVERY
        self._there, self._rests = None, rests
        return False

    def _give(self, transport: Transport, names: Set[str]) -> bool:
        if self._giving is None or self._giving[0] not in names:
            self._giving = self._begin(transport, names)
        if self._giving is None:
            return False
        name, missing, count = self._giving
        number = next(missing, None)
        if number is None:
            self._giving = None
            self._there = {*(self._there or ()), name}
            return True
        # Where this piece fails, what is there is looked at once more.
        self._giving = None
        try:
            piece = self._files.piece(name, number * PIECE_BYTES, PIECE_BYTES)
        except NotFoundError:  # it was deleted meanwhile
            return True
        transport.put_piece(name, number, count, piece)
        self._giving = name, missing, count
        return True

    def _begin(
        self, transport: Transport, names: Set[str]
    ) -> tuple[str, Iterator[int], int] | None:
        for name in sorted(filter(self._given.may, names)):
            size = self._files.size(name)
            if size is None:
                continue
            sizes = _sizes(size)
            there = transport.pieces(name)
            if any(sizes.get(number) != one for number, one in there.items()):
                # It was begun in other pieces.
                transport.drop_file(name)
                there = {}
            if not there:
                self._given.count(name)
            missing = iter([number for number in sizes if number not in there])
            return name, missing, len(sizes)
        return None

    def _fetch(self, transport: Transport, names: Set[str]) -> bool:
        for name in sorted(filter(self._failed.may, names)):
            there = transport.pieces(name)
            ends = list(accumulate(there[number] for number in sorted(there)))
            come = self._files.come(name)
            if not ends or ends[-1] > _MOST_BYTES:
                continue
            if come not in (0, *ends):
                come = 0
            number = ends.index(come) + 1 if come else 0
            if number < len(ends):
                piece = transport.get_piece(name, number)
                if piece is None:
                    continue
                self._files.add(name, come, piece)
                come += len(piece)
            if come >= ends[-1] and not self._files.finish(name):
                self._failed.count(name)
            return True
        return False


def _sizes(size: int) -> Mapping[int, int]:
    """Return how large each piece of a file is."""
    begins = range(0, size, PIECE_BYTES)
    return {n: min(PIECE_BYTES, size - at) for n, at in enumerate(begins)}
