"""A flowchart is drawn whole, in whatever form it was written, or not at all."""

import re
from html import unescape

import pytest

from backend.diagrams.__main__ import Drawer
from tests.helpers.drawings import COLOURS, words


def links(svg: str) -> list[tuple[str, ...]]:
    """Return which boxes are joined, by their words."""
    names = {
        unescape(found[1]): unescape(found[2])
        for found in re.finditer(r'data-id="([^"]*)" data-label="([^"]*)"', svg)
    }
    ends = re.findall(r'class="edge" data-from="([^"]*)" data-to="([^"]*)"', svg)
    return [tuple(names.get(end, "") for end in pair) for pair in ends]


@pytest.mark.parametrize(
    ("source", "joined"),
    [
        ("graph TD\n A-->B", [("A", "B")]),
        ("graph TD\n A-->|yes|B-->C", [("A", "B"), ("B", "C")]),
        ("graph TD\n A--yes-->B", [("A", "B")]),
        ("graph TD\n A---B\n A-.->C\n A==>D", [("A", "B"), ("A", "C"), ("A", "D")]),
        ("graph TD\n A-.maybe.->B", [("A", "B")]),
        ("graph TD\n a-b----->c", [("a-b", "c")]),
        ("graph LR; A-->B; B-->C", [("A", "B"), ("B", "C")]),
        ("flowchart\n A-->B", [("A", "B")]),
        ("graph TD\n A & B-->C", [("A", "C"), ("B", "C")]),
        ("graph TD\n A-->B\n B[Later]", [("A", "Later")]),
        ("graph TD\n 开始-->Größe{Wie groß?}", [("开始", "Wie groß?")]),
        ("graph TD\n end1-->style1", [("end1", "style1")]),
        ('graph TD\n A["f(x) [y]"]-->B("g(x)")', [("f(x) [y]", "g(x)")]),
        ("graph TD\n A:::red-->B\n classDef red fill:#f00", [("A", "B")]),
        (
            "graph TD\n A-->B\n subgraph g [Group]\n B-->C\n end\n D-->g",
            [("A", "B"), ("B", "C"), ("D", "Group")],
        ),
    ],
)
def test_every_link_of_a_flowchart_is_drawn(
    drawer: Drawer, source: str, joined: list[tuple[str, str]]
) -> None:
    assert sorted(links(drawer.draw(source, COLOURS))) == sorted(joined)


@pytest.mark.parametrize(
    "source",
    [
        "graph TD\n A --x B",
        "graph TD\n A o--o B",
        "graph TD\n A@{shape: rect} --> B",
        "graph TD\n A -->",
        "graph TD\n subgraph one\n A --> B",
        "graph TD\n A --> B oops",
    ],
)
def test_one_that_is_not_understood_whole_is_not_drawn(
    drawer: Drawer, source: str
) -> None:
    assert drawer.draw(source, COLOURS) == ""


def test_words_of_links_and_groups_are_drawn(drawer: Drawer) -> None:
    svg = drawer.draw(
        'graph TD\n A -- "a (b)" --> B\n subgraph "My group"\n B\n end', COLOURS
    )
    assert words(svg) == {"A", "B", "a (b)", "My group"}
