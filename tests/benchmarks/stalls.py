"""Measures how long threads and the event loop stand still while others work."""

import asyncio
import gc
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backend.live.message_feed import MessageFeed
from backend.llm.engine import Delta
from backend.recovery.jobs import HeavyJob
from backend.services.chat.growing import Growing
from backend.web.assets import icons_dir
from backend.web.events import EventHub
from backend.web.render_cache import Rendered
from backend.web.rendering import Renderer
from tests.benchmarks.tables import MS, Line, Series, Table

if TYPE_CHECKING:
    from backend.lifecycle.open_store import Services

STALL_MS: Final = 50.0
_TICK_S: Final = 0.002
_THREADS: Final = 4
BARE: Final = """
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
        [sys.executable, "-c", BARE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    ticker = Ticker()
    with ticker.ticking():
        found = HeavyJob(path, key, "integrity_check").result()
    if found != ["ok"]:
        raise AssertionError(found)
    data, _ = bare.communicate()
    size = path.stat().st_size / 2**30
    return Line(
        what=f"longest stall of a thread, integrity check of {size:.1f} GB",
        unit=MS,
        hearth=Series("Hearth", [max(ticker.late_ms)]),
        peer=Series("an idle process", [max(map(float, data.split()))]),
        aim=STALL_MS,
    )


KB: Final = 1000
GROWING_CHARS: Final = 100 * KB
_FED_CHARS: Final = 2 * KB
_FED_EVERY_S: Final = 0.02
_IDLE_S: Final = 2.0
GROWING: Final = {
    "list": "- item with *some* words and `code` in it\n",
    "nested list": "  - item with *some* words and `code` in it\n",
    "table": "| cell with *some* words | and `code` |\n",
    "paragraph": "words and *slanted* words and `code`, ",
    "code": "x = [1, 2]  # a line of code\n",
    "brackets": "[",
}
_BEGINNING: Final = {
    "table": "| a | b |\n|---|---|\n",
    "code": "```python\n",
    "nested list": "- top\n",
}


async def _late_while_growing(kind: str) -> list[float]:
    """Return by how many ms each tick of the loop came late."""
    text = _BEGINNING.get(kind, "") + GROWING[kind] * (
        GROWING_CHARS // len(GROWING[kind])
    )
    templates = Path(__file__).parents[2] / "templates"
    broadcast = MessageFeed(EventHub(), Renderer(templates, icons_dir(), str), _closed)
    answer = Growing("answer", "conversation")
    broadcast.began(answer)
    late: list[float] = []
    ticking = asyncio.create_task(_tick(late))
    for start in range(0, len(text), _FED_CHARS):
        answer.add(Delta(text[start : start + _FED_CHARS]))
        broadcast.grew(answer)
        await asyncio.sleep(_FED_EVERY_S)
    await Rendered().prepare([text])
    broadcast.painter.end(answer)
    ticking.cancel()
    return late


async def _tick(late: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(_TICK_S)
        late.append((time.perf_counter() - begun - _TICK_S) * 1000)


async def _late_in_idleness() -> list[float]:
    late: list[float] = []
    ticking = asyncio.create_task(_tick(late))
    await asyncio.sleep(_IDLE_S)
    ticking.cancel()
    return late


async def _closed(_ids: object) -> "Services":
    raise NotImplementedError


def measure() -> Table:
    """Measure how late the event loop is while one block grows to 100 kB, and ends."""
    gc.freeze()  # as the sidecar does
    lines = [
        Line(
            what=f"longest stall of the event loop, a {kind} of 100 kB grows",
            unit=MS,
            hearth=Series("Hearth", [max(asyncio.run(_late_while_growing(kind)))]),
            peer=Series("an idle loop", [max(asyncio.run(_late_in_idleness()))]),
            aim=STALL_MS,
        )
        for kind in GROWING
    ]
    return Table("Answers that grow", lines)
