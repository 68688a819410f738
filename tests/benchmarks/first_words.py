"""Measures llama.cpp answering in the real window beside llama.cpp itself."""

import json
import tempfile
import time
from pathlib import Path
from typing import Final

import httpx2

from tests.benchmarks.streaming import displayed
from tests.benchmarks.tables import MS, Line, Series, Table
from tests.helpers.htmx import SETTLED
from tests.helpers.model_server import llama_server
from tests.helpers.scripted_model import write_scripted_model
from tests.helpers.window import Window

TURNS: Final = 4
TOKENS: Final = 100
LATER_MS: Final = 10.0
SLOWER: Final = 1 / 0.98
_WEIGHTS: Final = 65_536
"""Makes the small model about as slow as a large one: 100 MB are read for a token."""
_QUESTION: Final = "Go on forever"
_WATCH: Final = """(() => {
  const times = window.times = {}, once = { capture: true, once: true };
  const now = () => performance.now();
  addEventListener("keydown", () => { times.asked = now(); }, once);
  const look = () => {
    const answer = document.querySelector(".answer");
    if (answer?.textContent.includes("tick")) times.first ??= now();
    const isOver = times.first && answer.getAttribute("aria-busy") === "false";
    if (isOver) times.last = now();
    else requestAnimationFrame(look);
  };
  look();
  return 0;
})()"""
"""From the key to the frame with the first word, and to that with the last."""


def measure() -> Table:
    """Ask both in turn, so that a busy machine is busy for both."""
    firsts, lasts = Series("Hearth"), Series("Hearth")
    direct_firsts, direct_lasts = (Series("llama.cpp itself") for _ in range(2))
    with tempfile.TemporaryDirectory() as folder:
        model = write_scripted_model(Path(folder) / "slow.gguf", _WEIGHTS)
        with llama_server(model) as url, displayed(Path(folder) / "data") as window:
            _use(window, url)
            _asked_directly(url), _asked_in(window)  # what the first time costs
            for _ in range(TURNS):
                for series, times in (
                    ((direct_firsts, direct_lasts), _asked_directly(url)),
                    ((firsts, lasts), _asked_in(window)),
                ):
                    for one, value in zip(series, times, strict=True):
                        one.values.append(value)
    lines = [
        Line(
            what="first word of an answer, on the screen",
            unit=MS,
            hearth=firsts,
            peer=direct_firsts,
            aim=round(direct_firsts.percentile(50) + LATER_MS, 1),
        ),
        Line(
            what=f"{TOKENS - 1} more tokens, the last one on the screen",
            unit=MS,
            hearth=lasts,
            peer=direct_lasts,
            ratio_aim=SLOWER,
        ),
    ]
    return Table("llama.cpp through Hearth", lines)


def _use(window: Window, url: str) -> None:
    form = json.dumps({"name": "llama.cpp", "url": url, "max_tokens": str(TOKENS)})
    asked = f"fetch('/engines', {{method: 'POST', body: new URLSearchParams({form})}})"
    assert window.evaluate(f"{asked}.then(r => r.status)") == 204


def _asked_directly(url: str) -> tuple[float, float]:
    body = {
        "messages": [{"role": "user", "content": _QUESTION}],
        "stream": True,
        "max_tokens": TOKENS,
    }
    times = [time.perf_counter()]
    asked = httpx2.stream(
        "POST", f"{url}/v1/chat/completions", json=body, trust_env=False, timeout=60
    )
    with asked as response:
        words = (line for line in response.iter_lines() if "tick" in line)
        times.extend(time.perf_counter() for _ in words)
    return (times[1] - times[0]) * 1000, (times[-1] - times[1]) * 1000


def _asked_in(window: Window) -> tuple[float, float]:
    window.click("button", "New conversation")
    window.wait_for("document.querySelector('.answer') === null")
    window.wait_for("document.querySelector('.model [name=choice]') !== null")
    window.wait_for(SETTLED)
    window.write("textbox", "Message", _QUESTION)
    window.evaluate(_WATCH)
    window.press("Enter")
    window.wait_for("window.times.last > 0")
    times = json.loads(window.evaluate("JSON.stringify(window.times)"))
    return times["first"] - times["asked"], times["last"] - times["first"]
