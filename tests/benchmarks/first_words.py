"""Measures llama.cpp answering in the real window beside llama.cpp itself."""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx2

from tests.benchmarks.hands import press, write
from tests.benchmarks.streaming import displayed
from tests.benchmarks.tables import MS, Line, Series, Table
from tests.helpers.model_server import llama_server
from tests.helpers.scripted_model import write_scripted_model
from tests.helpers.window import Window

TURNS: Final = 4
TOKENS: Final = 100
LATER_MS: Final = 10.0
FRAMES_MS: Final = 2 * 16.7
"""What has come is drawn in one frame, and looked for in the next."""
SLOWER: Final = 1 / 0.98
_PEER: Final = "llama.cpp itself"
_WEIGHTS: Final = 65_536
"""Makes the small model about as slow as a large one: 100 MB are read for a token."""
_QUESTION: Final = "Go on forever"
_WATCH: Final = """(() => {
  const times = window.times = {}, once = { capture: true, once: true };
  const now = () => performance.now();
  addEventListener("keydown", () => { times.asked = now(); }, once);
  const hear = window.hear_plain ??= hearthMessages.hear;
  hearthMessages.hear = (event) => {
    if (event.html?.includes("tick")) {
      times.heard ??= now();
      times.heard_last = now();
    }
    hear(event);
  };
  const look = () => {
    const answer = document.querySelector(".answer");
    if (answer?.textContent.includes("tick")) times.first ??= now();
    const isOver = times.first && answer.getAttribute("aria-busy") === "false";
    if (isOver) times.last ??= now();
  };
  window.seen?.disconnect();
  window.seen = new MutationObserver(() => requestAnimationFrame(look));
  const what = { attributes: true, childList: true, characterData: true };
  window.seen.observe(document.getElementById("main"), { ...what, subtree: true });
  return 0;
})()"""
"""When the page has the first and the last word, and when a frame shows them."""


def measure() -> Table:
    """Ask both in turn, so that a busy machine is busy for both."""
    direct, heard, seen = (_Times(name) for name in (_PEER, "Hearth", "Hearth"))
    with tempfile.TemporaryDirectory() as folder:
        model = write_scripted_model(Path(folder) / "slow.gguf", _WEIGHTS)
        data_dir = Path(folder) / "data"
        with llama_server(model) as url, displayed(data_dir) as window:
            _use(window, url)
            _asked_directly(url), _asked_in(window)  # what the first time costs
            for _ in range(TURNS):
                direct.add(*_asked_directly(url))
                times = _asked_in(window)
                heard.add(*(times[name] for name in ("asked", "heard", "heard_last")))
                seen.add(*(times[name] for name in ("asked", "first", "last")))
    return Table(
        "llama.cpp through Hearth",
        [
            *_lines(heard, direct, "in the page", LATER_MS, SLOWER),
            *_lines(seen, direct, "on the screen", LATER_MS + FRAMES_MS, None),
        ],
    )


class _Times:
    """When answers began and ended, each from the question on, in milliseconds."""

    def __init__(self, name: str) -> None:
        self.first, self.rest = Series(name), Series(name)

    def add(self, asked: float, first: float, last: float) -> None:
        """Take one answer's times."""
        self.first.values.append(first - asked)
        self.rest.values.append(last - first)


def _lines(
    mine: _Times, peer: _Times, where: str, later_ms: float, slower: float | None
) -> Iterator[Line]:
    yield Line(
        what=f"first word of an answer, {where}",
        unit=MS,
        hearth=mine.first,
        peer=peer.first,
        aim=round(peer.first.percentile(95) + later_ms, 1),
    )
    yield Line(
        what=f"{TOKENS - 1} more tokens, the last one {where}",
        unit=MS,
        hearth=mine.rest,
        peer=peer.rest,
        ratio_aim=slower,
    )


def _use(window: Window, url: str) -> None:
    form = json.dumps({"name": "llama.cpp", "url": url, "max_tokens": str(TOKENS)})
    asked = f"fetch('/engines', {{method: 'POST', body: new URLSearchParams({form})}})"
    assert window.evaluate(f"{asked}.then(r => r.status)") == 204


def _asked_directly(url: str) -> tuple[float, float, float]:
    body = {
        "messages": [{"role": "user", "content": _QUESTION}],
        "stream": True,
        "max_tokens": TOKENS,
    }
    times = [time.perf_counter() * 1000]
    asked = httpx2.stream(
        "POST", f"{url}/v1/chat/completions", json=body, trust_env=False, timeout=60
    )
    with asked as response:
        words = (line for line in response.iter_lines() if "tick" in line)
        times.extend(time.perf_counter() * 1000 for _ in words)
    return times[0], times[1], times[-1]


def _asked_in(window: Window) -> dict[str, float]:
    press(window, "New conversation")
    window.wait_for("document.querySelector('.answer') === null")
    window.wait_for("document.querySelector('.model [name=choice]') !== null")
    write(window, _QUESTION)
    window.evaluate(_WATCH)
    window.press("Enter")
    window.wait_for("window.times.last > 0")
    return dict(json.loads(window.evaluate("JSON.stringify(window.times)")))
