"""Gives attached files to other computers, and fetches those that are not here yet."""

import time
from collections.abc import Set
from typing import Final

from backend.services.sync.retelling import FREE
from backend.store.sync.files import TravellingFiles
from backend.sync.transport import Transport

_LOOKS_EVERY: Final = 20
"""As many steps that came to nothing are left out, unless something has come."""


_HOUR_S: Final = 3600.0
_DAY_S: Final = 24 * _HOUR_S


class FileExchange:
    """What is given and fetched while nothing else is to be exchanged."""

    def __init__(self, files: TravellingFiles) -> None:
        """Work on the files of this computer."""
        self._files = files
        self._there: Set[str] | None = None
        self._rests = 0
        self._given: dict[str, tuple[int, float]] = {}
        """How often a file was given in this run, and when last."""

    def look_again(self) -> None:
        """Look at the next step what is there."""
        self._there, self._rests = None, 0

    def step(self, transport: Transport) -> bool:
        """Give or fetch one file; return whether there may be another.

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
        if wanted := self._files.wanted():
            if self._there is None:
                self._there = transport.files()
            here = self._files.here()
            if self._give(transport, wanted & here - self._there):
                return True
            if self._fetch(transport, (wanted - here) & self._there):
                return True
        self._there, self._rests = None, _LOOKS_EVERY
        return False

    def _give(self, transport: Transport, names: Set[str]) -> bool:
        for name in sorted(filter(self._may_give, names)):
            sealed = self._files.sealed(name)
            if sealed is not None:
                times, _ = self._given.get(name, (0, 0.0))
                self._given[name] = times + 1, time.monotonic()
                transport.put_file(name, sealed)
                self._there = {*(self._there or ()), name}
                return True
        return False

    def _may_give(self, name: str) -> bool:
        """Whether a file is given now: not for ever to who loses it each time."""
        times, at = self._given.get(name, (0, 0.0))
        if times < FREE:
            return True
        pause_s = min(_HOUR_S * 2.0 ** min(times - FREE, 8), _DAY_S)
        return time.monotonic() - at >= pause_s

    def _fetch(self, transport: Transport, names: Set[str]) -> bool:
        for name in sorted(names):
            sealed = transport.get_file(name)
            if sealed is not None and self._files.take(name, sealed):
                return True
        return False
