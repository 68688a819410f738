"""Measures what a person waits for in the page: a long conversation, and their keys."""

import tempfile
import threading
from pathlib import Path
from typing import Final

from tests.benchmarks.hands import ask
from tests.benchmarks.streaming import BUSY, CHARS, answer, dictated, say
from tests.benchmarks.tables import MS, Line, Series, Table
from tests.helpers.dictation import Dictation
from tests.helpers.keyboard import Keyboard
from tests.helpers.library import open_library
from tests.helpers.window import Window

EXCHANGES: Final = 1_000
OPENED_MS: Final = 150.0
KEY_MS: Final = 50.0
_TURNS: Final = 20
_KEY_EVERY_S: Final = 0.15
_RESTING_KEYS: Final = 60
_OPENED: Final = """new Promise((resolve) => {
  const link = [...document.querySelectorAll(".conversation-item > a")]
    .find((one) => one.innerText.includes(%r));
  const begun = performance.now();
  const end = () => document.querySelector(".log-scroll").getBoundingClientRect();
  const look = () => {
    const last = [...document.querySelectorAll("#log .answer")].at(-1);
    const isThere = last?.innerText.includes(%r);
    if (isThere && last.getBoundingClientRect().top < end().bottom) {
      requestAnimationFrame(() => resolve(performance.now() - begun));
    } else requestAnimationFrame(look);
  };
  link.click();
  look();
})"""
"""From the click to the frame after its last answer is in view."""
_TIME_KEYS: Final = """(() => {
  window.keys_took = [];
  document.addEventListener("keydown", ({ timeStamp }) => requestAnimationFrame(
    () => setTimeout(() => keys_took.push(performance.now() - timeStamp))
  ), { capture: true });
})()"""
"""From a key, as Chromium was given it, to when the frame with it is painted."""


def measure() -> Table:
    """Open conversations in turn, then write while an answer grows, and at rest."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        with open_library(data) as library:
            for title, exchanges in (("Long talk", EXCHANGES), ("Short talk", 1)):
                said = ((f"Question {i}", f"{title} {i}.") for i in range(exchanges))
                library.talk(title, *said)
        with dictated(data) as (window, model):
            long, short = Series("Hearth"), Series("with 2 messages")
            for _ in range(_TURNS):
                long.values.append(_opened(window, "Long talk", EXCHANGES - 1))
                short.values.append(_opened(window, "Short talk", 0))
            opening = Line(
                what=f"opening a conversation of {2 * EXCHANGES:,} messages",
                unit=MS,
                hearth=long,
                peer=short,
                aim=OPENED_MS,
            )
            return Table(
                "What one waits for in the page", [opening, _keys(window, model)]
            )


def _opened(window: Window, title: str, last: int) -> float:
    Keyboard(window).rest()
    return float(window.evaluate(_OPENED % (title, f"{title} {last}.")))


def _keys(window: Window, model: Dictation) -> Line:
    ask(window, "Tell me everything")
    window.wait_for(BUSY)
    window.evaluate(f"{_TIME_KEYS}, 0")
    speaking = threading.Thread(target=say, args=(model, answer()[: CHARS // 2]))
    speaking.start()
    while speaking.is_alive():
        _press(window)
    busy = _taken(window)
    window.wait_for(f"!({BUSY})")
    for _ in range(_RESTING_KEYS):
        _press(window)
    return Line(
        what="from a key to its letter, while an answer grows",
        unit=MS,
        hearth=Series("Hearth", busy),
        peer=Series("the window at rest", _taken(window)),
        aim=KEY_MS,
    )


def _press(window: Window) -> None:
    window.press("a")
    threading.Event().wait(_KEY_EVERY_S)


def _taken(window: Window) -> list[float]:
    return [float(ms) for ms in window.evaluate("keys_took.splice(0)")]
