"""Measures how long threads stand still while the helper process checks a file."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from backend.store.worker import HeavyJob
from tests.benchmarks.tables import MS, Line, Series

STALL_MS: Final = 50.0
_TICK_S: Final = 0.002
_THREADS: Final = 4
_BARE: Final = """
import sys, threading, time
ended, gaps = threading.Event(), []
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
while not ended.is_set():
    begun = time.perf_counter()
    time.sleep(0.002)
    gaps.append((time.perf_counter() - begun - 0.002) * 1000)
print(*gaps)
"""


class Ticker:
    """Threads that note how much later than asked for they wake."""

    def __init__(self, threads: int = _THREADS) -> None:
        self._ended = threading.Event()
        self._late: list[list[float]] = [[] for _ in range(threads)]
        self._threads = [
            threading.Thread(target=self._tick, args=(late,)) for late in self._late
        ]

    @property
    def late_ms(self) -> list[float]:
        """By how much, at each tick of each thread."""
        return [late for thread in self._late for late in thread]

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Tick for the time of a block."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in self._threads:
                thread.join()

    def _tick(self, late: list[float]) -> None:
        while not self._ended.is_set():
            begun = time.perf_counter()
            time.sleep(_TICK_S)
            late.append((time.perf_counter() - begun - _TICK_S) * 1000)


def stalls_during_check(path: Path, key: str | None = None) -> Line:
    """Check a file in the helper process, and see who stood still meanwhile.

    The peer is a process that does nothing else: what it waits for is the machine.
    """
    bare = subprocess.Popen(
        [sys.executable, "-c", _BARE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    ticker = Ticker()
    with ticker.ticking():
        found = HeavyJob(path, key, "integrity_check").result()
    if found != ["ok"]:
        raise AssertionError(found)
    told, _ = bare.communicate()
    size = path.stat().st_size / 2**30
    return Line(
        what=f"longest stall of a thread, integrity check of {size:.1f} GB",
        unit=MS,
        hearth=Series("Hearth", [max(ticker.late_ms)]),
        peer=Series("an idle process", [max(map(float, told.split()))]),
        aim=STALL_MS,
    )
