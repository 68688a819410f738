"""Diagrams drawn without a page: whole, or not at all."""

import re

import pytest

from backend.diagrams.__main__ import Drawer, script
from backend.diagrams.drawing import draw
from tests.helpers.drawings import COLOURS, words


@pytest.mark.parametrize(
    "source",
    [
        'pie title Pets\n "Dogs" : 3',
        "graph LR\n" + "A --> A\n" * 400,
        "graph TD\n " + "x" * 20_000,
        "",
    ],
)
def test_what_is_not_understood_or_too_much_is_not_drawn(
    drawer: Drawer, source: str
) -> None:
    assert drawer.draw(source, COLOURS) == ""


def test_a_drawing_names_nothing_to_fetch_and_nothing_that_acts(drawer: Drawer) -> None:
    hostile = (
        'graph TD\n A["<script>owned()</script>"] --> B["<img src=x onerror=y>"]\n'
        ' click A "javascript:owned()"\n style A fill:url(https://e.org)'
    )
    svg = drawer.draw(hostile, COLOURS)
    assert svg
    assert not re.search(r"<script|<img|@import|https?://(?!www\.w3)", svg)


def test_one_that_takes_too_long_is_given_up_and_the_next_is_drawn() -> None:
    slow = "var n = 0; for (;;) n++;"
    loaded = script().replace(
        "postMessage({isReady:!0})",
        f"const old=heard;heard=(m)=>{{if(m.data.source==='slow'){{{slow}}}old(m)}}",
    )
    assert slow in loaded
    drawer = Drawer(loaded, drawn_within_s=1)
    assert drawer.draw("slow", COLOURS) == ""
    assert drawer.draw("graph TD\n A-->B", COLOURS)


def test_diagrams_are_drawn_in_a_process_that_may_do_nothing_else() -> None:
    sources = ["graph TD\n A-->B", "no diagram", "sequenceDiagram\n Ann->>Bob: \0Hi"]
    drawn = dict(draw(sources, COLOURS))
    assert list(drawn) == [sources[0], sources[2]]
    assert words(drawn[sources[2]]) == {"Ann", "Bob", "Hi"}
    assert "--bg:#fff;--fg:#000" in drawn[sources[0]]
