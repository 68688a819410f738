"""Kills two sidecars and what they share at random, while people write on both."""

import contextlib
import random
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from backend.ids import new_id
from tests.helpers.paired import pair, send, wait_for
from tests.helpers.sidecar import Sidecar
from tests.helpers.sqld import Sqld

_KEY = "5a" * 32
_ANSWERS_S = 60.0
_SERVER_EVERY = 3
"""After as many kills of a computer the server is killed too."""
_ALL_THERE_S = 240.0


@dataclass
class KilledPair:
    """Two computers, and what they share.

    Attributes:
        kept: The notes that were acknowledged, and by which of the two.
        costs_s: How long each took after its end until it answered again.
    """

    home: Path
    place: Path | Sqld
    kept: dict[str, int] = field(default_factory=dict)
    costs_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sidecars = [self._start(0), self._start(1)]
        self._is_over = threading.Event()
        self._grew = threading.Condition()

    def kill_often(self, kills: int, chance: random.Random) -> None:
        """Kill one of them so often, at any moment."""
        pair(self.sidecars[0], self.sidecars[1], self.place)
        # Who asks to be let in remembers it only while it runs.
        wait_for(self.sidecars[1], "/devices/state", "other-devices-heading")
        writers = [threading.Thread(target=self._write, args=(n,)) for n in (0, 1)]
        for writer in writers:
            writer.start()
        try:
            for number in range(1, kills + 1):
                self._wait_for_more(chance.randrange(1, 6))
                if isinstance(self.place, Sqld) and number % _SERVER_EVERY == 0:
                    self.place.kill()
                    self.place.start()
                self._kill(chance.randrange(2))
        finally:
            self._is_over.set()
            for writer in writers:
                writer.join()

    def lost(self) -> list[str]:
        """Return the notes that one of the two has not got in the end."""
        left = list(self.kept)
        for sidecar in self.sidecars:
            send(sidecar, "POST", "/devices/sync")
        deadline = time.monotonic() + _ALL_THERE_S
        while left and time.monotonic() < deadline:
            left = [note for note in left if not self._is_everywhere(note)]
            time.sleep(0.2 if left else 0)
        return left

    def close(self) -> None:
        """End both."""
        for sidecar in self.sidecars:
            sidecar.__exit__()

    def _is_everywhere(self, note: str) -> bool:
        return all(note in one.get(f"/notes/{note}").text for one in self.sidecars)

    def _start(self, which: int) -> Sidecar:
        started = Sidecar.start(self.home / "ab"[which], database_key=_KEY)
        assert started.wait_for_database(_ANSWERS_S) == "connected", started.log
        return started

    def _kill(self, which: int) -> None:
        begun = time.monotonic()
        self.sidecars[which].kill()
        self.sidecars[which].__exit__()
        self.sidecars[which] = self._start(which)
        self.costs_s.append(time.monotonic() - begun)

    def _write(self, which: int) -> None:
        while not self._is_over.is_set():
            note = new_id()
            with contextlib.suppress(OSError, HTTPException, AssertionError):
                path = f"/notes/{note}"
                send(self.sidecars[which], "PUT", path, body=f"Words of {note}")
                with self._grew:
                    self.kept[note] = which
                    self._grew.notify()
            self._is_over.wait(0.02)

    def _wait_for_more(self, count: int) -> None:
        wanted = len(self.kept) + count
        with self._grew:
            assert self._grew.wait_for(lambda: len(self.kept) >= wanted, _ANSWERS_S)


@dataclass(frozen=True, slots=True)
class SyncSeries:
    """The kills over one kind of place.

    Attributes:
        lost: How many acknowledged notes were missing somewhere in the end.
    """

    name: str
    costs_s: Sequence[float]
    kept: int
    lost: int

    def row(self) -> str:
        """Return the line of the table."""
        spent = sorted(self.costs_s)
        half, most = spent[len(spent) // 2], spent[int(len(spent) * 0.95)]
        words = f"{self.name}, {self.kept} notes"
        cells = len(spent), f"{half:.2f} s", f"{most:.2f} s", self.lost, 0, 0
        return f"| {words} | {' | '.join(map(str, cells))} |"

    def problems(self) -> list[str]:
        """Return what cost more than it may."""
        return [f"{self.name}: {self.lost} notes were lost"] if self.lost else []


def measure(name: str, kills: int, seed: int = 0) -> SyncSeries:
    """Kill so often over a folder or a server."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        place: Path | Sqld = home / "shared"
        if name == "server":
            place = stack.enter_context(Sqld(home))
        both = KilledPair(home, place)
        stack.callback(both.close)
        both.kill_often(kills, random.Random(seed))
        lost = both.lost()
        sys.stderr.write(f"{name}: {len(both.kept)} notes, {len(lost)} lost\n")
        return SyncSeries(
            f"killed over a {name}", both.costs_s, len(both.kept), len(lost)
        )
