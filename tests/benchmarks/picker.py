"""Measures how long the picker of models takes to open when a server has 2,000."""

import tempfile
from pathlib import Path
from typing import Final

from tests.benchmarks.streaming import displayed
from tests.benchmarks.tables import MS, Line, Series, Table
from tests.helpers.keyboard import Keyboard
from tests.helpers.model_server import FakeModelServer, listing

MANY: Final = 2_000
FEW: Final = 20
AIM_MS: Final = 100.0
_TURNS: Final = 20
_OPENED: Final = """new Promise((resolve) => {
  const panel = document.getElementById("model-picker");
  const begun = performance.now();
  const look = () => (panel.querySelector("[data-active]")
    ? requestAnimationFrame(() => resolve(performance.now() - begun))
    : requestAnimationFrame(look));
  document.querySelector(".picker-button").click();
  look();
})"""
"""From the click to the frame after the first models are there."""
_CLOSE: Final = "document.getElementById('model-picker').hidePopover(); 0"


def measure() -> Table:
    """Open and close it again and again in the real window."""
    line = Line(
        what="opening the picker with 2,000 models",
        unit=MS,
        hearth=Series("Hearth", _opened(MANY)),
        peer=Series("with 20 models", _opened(FEW)),
        aim=AIM_MS,
    )
    return Table("The picker of models", [line])


def _opened(count: int) -> list[float]:
    ids = [f"maker-{n % 40}/model-{n:04}" for n in range(count)]
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeModelServer(listing(*ids)) as server,
        displayed(Path(folder) / "data") as window,
    ):
        form = f"new URLSearchParams({{name: 'Many', url: {server.url!r}}})"
        asked = f"fetch('/engines', {{method: 'POST', body: {form}}})"
        window.evaluate(f"{asked}.then(r => r.status)")
        keys = Keyboard(window)
        keys.focus(".picker-button")
        took = []
        for _ in range(_TURNS):
            took.append(float(window.evaluate(_OPENED)))
            window.evaluate(_CLOSE)
            keys.rest()
    return took
