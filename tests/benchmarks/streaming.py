"""Measures the window while a long answer arrives in it as fast as models write."""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pyvirtualdisplay.display import Display

from backend.protocol import HEALTH_PATH, LOOPBACK
from tests.benchmarks.corpus import Corpus
from tests.benchmarks.launch import window_manager
from tests.benchmarks.tables import COUNT, MB, MS, Line, Series, Table
from tests.helpers.dictation import Dictation
from tests.helpers.window import Window

TOKENS: Final = 10_000
CHARS: Final = 42_000
TOKENS_PER_S: Final = 200
CALM_MS: Final = 50.0
FRAME_MS: Final = 34.0
NODES: Final = 100_000
DOCUMENTS: Final = 1_000
HEAP_MB: Final = 60.0

_REST_S: Final = 10.0
_LOOK_EVERY_S: Final = 1.0
_BUSY: Final = "document.querySelector('#log [aria-busy=true]') !== null"
_PROBE: Final = f"""
import http.client, sys, threading, time
ended, waits = threading.Event(), []
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
asked = http.client.HTTPConnection({LOOPBACK!r}, int(sys.argv[1]))
while not ended.is_set():
    begun = time.perf_counter()
    asked.request("GET", {HEALTH_PATH!r})
    asked.getresponse().read()
    waits.append((time.perf_counter() - begun) * 1000)
    time.sleep(0.005)
print(*waits)
"""
# The browser tells of tasks from 50 ms on; shorter ones hold nobody up.
_WATCH: Final = """(() => {
  const seen = window.seen = { frames: [], tasks: [] };
  seen.observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.tasks.push(duration);
  });
  seen.observer.observe({ entryTypes: ["longtask"] });
  let last = 0;
  const frame = (now) => {
    if (last) seen.frames.push(now - last);
    last = now;
    if (seen === window.seen) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})()"""
_SEEN: Final = """(() => {
  const { frames, tasks, observer } = window.seen;
  tasks.push(...observer.takeRecords().map(({ duration }) => duration));
  observer.disconnect();
  window.seen = null;
  return { frames, tasks };
})()"""


@dataclass
class Kept:
    """What a page kept at a moment."""

    nodes: float
    documents: float
    heap_mb: float

    @classmethod
    def of(cls, window: Window) -> "Kept":
        """Count it."""
        counted = window.send("Memory.getDOMCounters")
        heap = window.send("Runtime.getHeapUsage")["usedSize"] / 2**20
        return cls(counted["nodes"], counted["documents"], heap)


@dataclass
class Watched:
    """What was seen of a window for a while, in milliseconds.

    Attributes:
        waits: How long requests to the sidecar took, one after the other.
        frames: Between one frame and the next.
        tasks: What held the page's main thread for more than 50 ms.
        kept: What the page kept, again and again.
    """

    waits: list[float] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    tasks: list[float] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    @property
    def longest_task(self) -> float:
        """The longest task; 50 ms stand for all that are shorter."""
        return max([*self.tasks, CALM_MS])

    @property
    def blocked(self) -> float:
        """The time of all tasks beyond the 50 ms each may take."""
        return sum(task - CALM_MS for task in self.tasks)


def answer() -> str:
    """Return an answer of many sections, with all that long answers are made of."""
    corpus, sections = Corpus(), list[str]()
    while sum(map(len, sections)) < CHARS:
        sections.append(_section(corpus, len(sections) + 1))
    return "".join(sections)[:CHARS]


def _section(corpus: Corpus, number: int) -> str:
    said = corpus.sentence
    code = "".join(
        f"    {said(1)} = {said(1)}({i}, {said(1)!r})  # {said(4)}\n" for i in range(10)
    )
    items = "".join(
        f"- **{said(2)}**: {said(8)}\n  - {said(6)}, `{said(1)}`\n" for _ in range(4)
    )
    steps = "".join(f"{i}. {said(9)}\n" for i in range(1, 5))
    rows = "".join(f"| {said(2)} | {said(4)} | {i} |\n" for i in range(6))
    return (
        f"## {number}. {said(4).capitalize()}\n\n"
        f"{said(30).capitalize()}, *{said(3)}* and `{said(1)}`. {said(25)}.\n\n"
        f"{items}\n{said(40).capitalize()}.\n\n{steps}\n"
        f"```python\ndef {said(1)}():\n{code}```\n\n"
        f"| {said(1)} | {said(1)} | number |\n|---|---|--:|\n{rows}\n"
    )


def measure() -> Table:
    """Let an answer arrive in the real window, and watch window and sidecar."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        Display(visible=False, size=(1440, 1000)),
        window_manager(),
        Dictation() as model,
        Window.start(Path(folder) / "data") as window,
    ):
        model.serve(window)
        window.send("HeapProfiler.enable")
        _receive(window, model, answer()[: CHARS // 10])  # what the first time costs
        _collect(window)
        sys.stderr.write("streaming: at rest\n")
        with _watching(window) as rest:
            threading.Event().wait(_REST_S)
        sys.stderr.write(f"streaming: {TOKENS} tokens\n")
        with _watching(window) as busy:
            _receive(window, model, answer(), busy)
        _collect(window)
        after = Kept.of(window)
    return Table("An answer of 10,000 tokens arrives", _lines(busy, rest, after))


def _receive(
    window: Window, model: Dictation, text: str, watched: Watched | None = None
) -> None:
    """Have a text said token by token, and wait until it is shown whole."""
    window.click("button", "New chat")
    window.find("combobox", "Model")
    window.ask("Tell me everything")
    window.wait_for(_BUSY)
    speaking = threading.Thread(target=_say, args=(model, text))
    speaking.start()
    while speaking.is_alive():
        speaking.join(_LOOK_EVERY_S)
        if watched:
            watched.kept.append(Kept.of(window))
    window.wait_for(f"!({_BUSY})")
    if watched:
        watched.kept.append(Kept.of(window))


def _say(model: Dictation, text: str) -> None:
    tokens = round(len(text) * TOKENS / CHARS)
    begun = time.monotonic()
    pause = threading.Event()
    for number in range(tokens):
        pause.wait(begun + number / TOKENS_PER_S - time.monotonic())
        start, end = (len(text) * n // tokens for n in (number, number + 1))
        model.say(text[start:end])
    model.end()


def _collect(window: Window) -> None:
    for _ in range(3):
        window.send("HeapProfiler.collectGarbage")


@contextmanager
def _watching(window: Window) -> Iterator[Watched]:
    """Watch for the time of a block; what was seen is there after it."""
    watched = Watched()
    probe = subprocess.Popen(
        [sys.executable, "-c", _PROBE, str(window.port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        window.evaluate(_WATCH)
        yield watched
        seen = window.evaluate(_SEEN)
        watched.frames, watched.tasks = seen["frames"], seen["tasks"]
    finally:
        told, _ = probe.communicate()
    watched.waits = [float(wait) for wait in told.split()]


def _lines(busy: Watched, rest: Watched, after: Kept) -> list[Line]:
    def line(what: str, own: list[float], peer: list[float], aim: float | None) -> Line:
        hearth, beside = Series("Hearth", own), Series("the window at rest", peer)
        return Line(what=what, unit=MS, hearth=hearth, peer=beside, aim=aim)

    def kept(what: str, unit: str, each: list[float], end: float, aim: float) -> Line:
        hearth, beside = Series("Hearth", [max(each)]), Series("without it", [end])
        return Line(what=what, unit=unit, hearth=hearth, peer=beside, aim=aim)

    longest, at_rest = [max(busy.waits)], [max(rest.waits)]
    tasks, calm = [busy.longest_task], [rest.longest_task]
    heaps = [one.heap_mb for one in busy.kept]
    documents = [one.documents for one in busy.kept]
    return [
        line("longest wait for the sidecar's loop", longest, at_rest, CALM_MS),
        line("any wait for the sidecar's loop", busy.waits, rest.waits, None),
        line("longest task of the page (50 or less is 50)", tasks, calm, CALM_MS),
        line("time the page was blocked for", [busy.blocked], [rest.blocked], None),
        line("from frame to frame", busy.frames, rest.frames, FRAME_MS),
        kept(
            "nodes with garbage",
            COUNT,
            [one.nodes for one in busy.kept],
            after.nodes,
            NODES,
        ),
        kept("documents with garbage", COUNT, documents, after.documents, DOCUMENTS),
        kept("heap with garbage", MB, heaps, after.heap_mb, HEAP_MB),
    ]
