"""Diagrams and stretched marks of formulas, as the real page draws them."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.page import Parrot, RealPage

pytestmark = [pytest.mark.sidecar, pytest.mark.gui]

HOSTILE = (
    'flowchart TD\n A["<img src=x onerror=owned()><script>owned()</script>"] --> B'
)
MANY = "graph LR\n" + "A --> A\n" * 400
SOURCES = {
    "graph LR; A[Tea] --> B{Hot?}; B-->C": True,
    "sequenceDiagram\n  Ann->>Bob: Hello\u0008": True,
    HOSTILE: True,
    'pie title Pets\n  "Dogs" : 3': False,
    MANY: False,
}
BRACE = f"$$\\overbrace{{{' + '.join(f'a_{{{n}}}' for n in range(30))}}}^{{30}}$$"
DRAWINGS = "\n\n".join(f"```mermaid\n{source}\n```" for source in SOURCES)


@pytest.fixture(scope="module")
def page(
    request: pytest.FixtureRequest,
    qapp: object,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RealPage]:
    parrot = Parrot()
    parrot.texts = {"Draw": DRAWINGS, "Brace": BRACE}
    with parrot.server:
        page = RealPage(QtBot(request), tmp_path_factory.mktemp("data"))
        page.use_model(parrot)
        yield page
        page.close()


def test_a_brace_is_as_long_as_what_it_spans(page: RealPage) -> None:
    page.ask("Brace")
    page.view.resize(1000, 900)
    page.wait_for("innerWidth > 900")
    over = "[...document.querySelectorAll('.prose mover mo')].at(-1)"
    page.wait_for(f"{over}.textContent", "⏞")
    page.run(f"{over}.scrollIntoView({{block: 'center'}}); 0")
    place = f"{over}.getBoundingClientRect().toJSON()"
    frame = f"{over}.closest('p').getBoundingClientRect().toJSON()"

    def is_whole() -> bool:
        brace, seen = page.result(place), page.result(frame)
        drawn = page.view.grab().toImage()
        left, right = int(seen["left"]) + 4, int(seen["right"]) - 4
        rows = range(int(brace["top"]), int(brace["bottom"]))
        ground = drawn.pixelColor(left, rows[0] - 8).lightness()
        return right - left > 512 and all(
            any(abs(drawn.pixelColor(x, y).lightness() - ground) > 60 for y in rows)
            for x in range(left, right, 16)
        )

    page.qtbot.waitUntil(is_whole, timeout=10_000)


def test_a_diagram_is_drawn_apart_and_what_cannot_be_stays_code(
    page: RealPage,
) -> None:
    page.ask("Draw")
    figures = "[...document.querySelectorAll('[data-diagram]')]"
    page.wait_for(f"{figures}.length", len(SOURCES))
    for number, is_drawn in enumerate(SOURCES.values()):
        figure = f"{figures}[{number}]"
        page.run(f"{figure}.scrollIntoView({{block: 'center'}}); 0")
        if is_drawn:
            page.wait_for(f"{figure}.querySelector('.drawing img')?.naturalWidth > 50")
            assert page.run(f"{figure}.querySelector('pre').checkVisibility()") is False
    page.settle()
    drawn = page.result(f"{figures}.map(one => one.dataset.shows === 'diagram')")
    assert drawn == list(SOURCES.values())
    line = page.run(f"getComputedStyle({figures}[0].querySelector('figcaption')).color")
    svg = unquote(str(page.run(f"{figures}[0].querySelector('.drawing img').src")))
    assert f"--border:{line}" in svg
    assert all(f">{word}<" in svg for word in ("Tea", "Hot?", "C"))
    page.run(f"{figures}[0].querySelector('[data-diagram-switch]').click(); 0")
    assert page.run(f"{figures}[0].querySelector('pre').checkVisibility()") is True
    images = "[...document.querySelectorAll('.drawing img')].map(one => one.src)"
    svgs = [unquote(str(src)) for src in page.result(images)]
    assert all(src.startswith("data:image/svg+xml,<svg") for src in svgs)
    assert not [
        src for src in svgs if re.search(r"<script|<img|https?://(?!www\.w3)", src)
    ]
    assert page.run("typeof owned") == "undefined"
