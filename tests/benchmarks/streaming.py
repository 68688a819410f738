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

from backend.interface.protocol import HEALTH_PATH, LOOPBACK
from tests.benchmarks.corpus import Corpus
from tests.benchmarks.hands import ask, press
from tests.benchmarks.launch import window_manager
from tests.benchmarks.stalls import BARE
from tests.benchmarks.tables import COUNT, MB, MS, Line, Series, Table
from tests.helpers.dictation import Dictation
from tests.helpers.tracing import Tasks, traced
from tests.helpers.tray import screen_of
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
BUSY: Final = "document.querySelector('#log [aria-busy=true]') !== null"
PROBE: Final = f"""
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
_WATCH: Final = """(() => {
  const frames = window.frames_seen = [];
  let last = 0;
  const frame = (now) => {
    if (last) frames.push(now - last);
    last = now;
    if (frames === window.frames_seen) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})()"""
_SEEN: Final = """(() => {
  const seen = window.frames_seen;
  window.frames_seen = null;
  return seen;
})()"""


@dataclass
class Kept:
    """What a page kept at a moment."""

    nodes: float
    documents: float
    heap: float

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
        late: How much later than asked for a process woke that does nothing else.
        frames: Between one frame and the next.
        tasks: Of the page's main thread.
        kept: What the page kept, again and again.
    """

    waits: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    tasks: Tasks = field(default_factory=Tasks)
    kept: list[Kept] = field(default_factory=list)


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


@contextmanager
def dictated_window() -> Iterator[tuple[Window, Dictation, Path]]:
    """Open the real window with a model that is dictated; also say its data folder."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data_dir = Path(folder) / "data"
        with dictated(data_dir) as (window, model):
            yield window, model, data_dir


@contextmanager
def dictated(data_dir: Path) -> Iterator[tuple[Window, Dictation]]:
    """Open the real window on a data folder, with a model that is dictated."""
    with displayed(data_dir) as window, Dictation() as model:
        model.serve(window)
        yield window, model


@contextmanager
def displayed(data_dir: Path) -> Iterator[Window]:
    """Open the real window on a display of its own."""
    with (
        screen_of(1440, 1000),
        window_manager(),
        Window.start(data_dir) as window,
    ):
        yield window


def measure() -> Table:
    """Let an answer arrive in the real window, and watch window and sidecar."""
    with dictated_window() as (window, model, _):
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
    press(window, "New conversation")
    window.wait_for("document.querySelector('.model [name=choice]') !== null")
    ask(window, "Tell me everything")
    window.wait_for(BUSY)
    speaking = threading.Thread(target=say, args=(model, text))
    speaking.start()
    while speaking.is_alive():
        speaking.join(_LOOK_EVERY_S)
        if watched:
            watched.kept.append(Kept.of(window))
    window.wait_for(f"!({BUSY})")
    if watched:
        watched.kept.append(Kept.of(window))


def say(model: Dictation, text: str) -> None:
    """Dictate a text token by token, as fast as models write, and end it."""
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
    with (
        _numbers(watched.waits, PROBE, str(window.port)),
        _numbers(watched.late, BARE),
        traced(window) as watched.tasks,
    ):
        window.evaluate(_WATCH)
        yield watched
        watched.frames = window.evaluate(_SEEN)


@contextmanager
def _numbers(found: list[float], program: str, *arguments: str) -> Iterator[None]:
    """Run a program for the time of a block and take the numbers it tells."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield
    finally:
        data, _ = process.communicate()
    found += [float(number) for number in data.split()]


def _lines(busy: Watched, rest: Watched, after: Kept) -> list[Line]:
    idle, machine = "the window at rest", Series("an idle process", [max(busy.late)])
    own, other = busy.tasks, rest.tasks
    return [
        _line(
            "longest wait for the sidecar's loop", [max(busy.waits)], machine, CALM_MS
        ),
        _line("any wait for the sidecar's loop", busy.waits, Series(idle, rest.waits)),
        _line(
            "longest task of the page, by the clock",
            [max(own.lasted)],
            Series(idle, [max(other.lasted)]),
            CALM_MS,
        ),
        _line(
            "longest task of the page, of the processor",
            [max(own.worked)],
            Series(idle, [max(other.worked)]),
            CALM_MS,
        ),
        _line(
            "tasks of the page beyond 50 ms, in all",
            [_beyond(own.lasted)],
            Series(idle, [_beyond(other.lasted)]),
        ),
        _line("from frame to frame", busy.frames, Series(idle, rest.frames), FRAME_MS),
        *(
            Line(
                what=f"{what} of the page, with garbage",
                unit=unit,
                hearth=Series("Hearth", [max(getattr(one, what) for one in busy.kept)]),
                peer=Series("without it", [getattr(after, what)]),
                aim=aim,
            )
            for what, unit, aim in (
                ("nodes", COUNT, NODES),
                ("documents", COUNT, DOCUMENTS),
                ("heap", MB, HEAP_MB),
            )
        ),
    ]


def _line(
    what: str, found: list[float], peer: Series, aim: float | None = None
) -> Line:
    return Line(what=what, unit=MS, hearth=Series("Hearth", found), peer=peer, aim=aim)


def _beyond(tasks: list[float]) -> float:
    return sum(max(task - CALM_MS, 0.0) for task in tasks)
