"""Uses the window for an hour, and measures whether anything grows that should not."""

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from tests.benchmarks.corpus import Corpus
from tests.benchmarks.hands import ask, press
from tests.benchmarks.streaming import BUSY, Kept, dictated_window
from tests.benchmarks.tables import COUNT, MB, Line, Series, Table
from tests.helpers.dictation import Dictation
from tests.helpers.window import FOUND, Window

MINUTES: Final = 60
SETTLED_MINUTES: Final = 10
"""Until then caches fill; what is used then is what the end is compared with."""
CONVERSATIONS: Final = 10
GROWTH: Final = 1.1

_KIND: Final = "--type="
_SWITCHES: Final = 50
_ANSWER_CHARS: Final = 4_000
_PIECE_CHARS: Final = 8
_PIECE_S: Final = 0.02
_UNITS: Final = {"memory": MB, "heap": MB, "files": MB}

Sample = dict[str, float]


def measure(minutes: int = MINUTES) -> Table:
    """Ask, read, switch and search for an hour or so; compare its minutes."""
    samples = list[Sample]()
    with dictated_window() as (window, model, data_dir):
        for number in range(CONVERSATIONS):
            _begin(window)
            _ask(window, model, _title(number))
        begun = time.monotonic()
        for minute in range(minutes):
            press(window, _title(minute % CONVERSATIONS))
            while time.monotonic() < begun + minute * 60 + 30:
                _ask(window, model, f"And what of {minute}?")
            _switch(window)
            samples.append(_sample(window, data_dir))
            sys.stderr.write(f"soak: minute {minute}: {_said(samples[-1])}\n")
            rest_s = begun + (minute + 1) * 60 - time.monotonic()
            time.sleep(max(rest_s, 0))
    return Table(f"Use for {minutes} minutes", _lines(samples))


def _ask(window: Window, model: Dictation, question: str) -> None:
    text = Corpus().sentence(_ANSWER_CHARS // 6)[:_ANSWER_CHARS]
    window.wait_for("document.querySelector('.model [name=choice]') !== null")
    ask(window, question)
    window.wait_for(BUSY)
    for start in range(0, len(text), _PIECE_CHARS):
        model.say(text[start : start + _PIECE_CHARS])
        time.sleep(_PIECE_S)
    model.end()
    window.wait_for(f"!({BUSY})")


def _switch(window: Window) -> None:
    for number in range(_SWITCHES):
        press(window, _title(number % CONVERSATIONS))
        window.wait_for("document.querySelector('#log article') !== null")
    for page in ("Notes", "Trash", "Settings"):
        press(window, page)
    _begin(window)


def _begin(window: Window) -> None:
    press(window, "New conversation")
    window.wait_for("document.querySelector('#empty') !== null")


def _title(number: int) -> str:
    """Return the question that begins a conversation, long enough to be its title."""
    return f"What is said in conversation {number}"


def _sample(window: Window, data_dir: Path) -> Sample:
    """Return what is used now, on an empty page without garbage."""
    window.send("Runtime.releaseObjectGroup", objectGroup=FOUND)
    for _ in range(3):
        window.send("HeapProfiler.collectGarbage")
    kept = Kept.of(window)
    sample = {"nodes of the page": kept.nodes, "heap of the page": kept.heap}
    for process in [psutil.Process(window.process.pid), *window.children]:
        with suppress(psutil.NoSuchProcess):
            name = _role(window, process)
            for what, used in (
                ("memory", process.memory_full_info().pss / 2**20),
                ("descriptors", process.num_fds()),
                ("threads", process.num_threads()),
            ):
                sample[f"{what} of {name}"] = sample.get(f"{what} of {name}", 0) + used
    for pattern in ("*-wal", "*.log"):
        found = sum(path.stat().st_size for path in data_dir.rglob(pattern))
        sample[f"files {pattern}"] = found / 2**20
    return sample


def _said(sample: Sample) -> str:
    return ", ".join(f"{what} {value:.5g}" for what, value in sample.items())


def _role(window: Window, process: psutil.Process) -> str:
    if process.pid == window.process.pid:
        return "the shell"
    if process.pid == window.sidecar.pid:
        return "the sidecar"
    kinds = (word for word in process.cmdline() if word.startswith(_KIND))
    # A page's process is forked from a zygote and keeps its words; it has threads.
    kind = next(kinds, "").removeprefix(_KIND)
    if kind == "zygote" and process.num_threads() > 1:
        return "the page's process"
    return f"Chromium's {kind}" if kind else f"helpers ({process.name()})"


def _lines(samples: list[Sample]) -> list[Line]:
    """Compare the last minutes with those after everything had settled."""
    begin = min(SETTLED_MINUTES, len(samples) // 2)
    settled, last = samples[begin:][:10], samples[-10:]
    return [
        Line(
            what=what,
            unit=_UNITS.get(what.split(" ")[0], COUNT),
            hearth=Series("Hearth", [one.get(what, 0) for one in last]),
            peer=Series(
                f"minutes {begin} to {begin + len(settled)}",
                [one.get(what, 0) for one in settled],
            ),
            ratio_aim=None if what.startswith("files") else GROWTH,
        )
        for what in samples[begin]
    ]
