"""Diagrams that are no flowcharts are drawn with all their lines, or not at all."""

import pytest

from backend.diagrams.__main__ import Drawer
from tests.helpers.drawings import COLOURS, words

WHOLE = {
    "sequence": (
        "sequenceDiagram\n autonumber\n actor W as Web Server\n User One->>W: Get\n"
        " W-->>User One:\n Note over User One,W: kept\n critical c\n W-xUser One: no\n"
        " option o\n W-)User One: later\n end\n activate W",
        {"User One", "Web Server", "1. Get", "2.", "kept", "3. no", "4. later", "[o]"},
    ),
    "state": (
        "stateDiagram-v2\n [*]-->Still\n Still-->Moving: go\n Still : Is still\n"
        ' state "B" as b\n'
        " Moving --> b\n state Whole {\n x-->y\n }",
        {"Is still", "Moving", "B", "go", "Whole", "x", "y"},
    ),
    "entities": (
        "erDiagram\n CUSTOMER||--o{ORDER : places\n A ||--|| B\n LONE\n ORDER {\n"
        " int number PK\n }",
        {"CUSTOMER", "ORDER", "places", "A", "B", "LONE", "number", "int"},
    ),
    "classes": (
        'classDiagram\n Animal<|--Duck : is\n Duck "1" --> "*" Egg\n class Animal {\n'
        " +int age\n }\n Duck : +quack()\n namespace Farm {\n class Cow\n }",
        {"Animal", "Duck", "is", "Egg", "1", "*", "+ age: int", "+ quack()", "Cow"},
    ),
    "chart": (
        'xychart-beta\n title "Sales"\n x-axis [jan, feb]\n y-axis "Euro" 0 --> 9\n'
        " bar [1, 2]",
        {"Sales", "jan", "feb", "Euro"},
    ),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_every_line_is_drawn(drawer: Drawer, kind: str) -> None:
    source, expected = WHOLE[kind]
    svg = drawer.draw(source, COLOURS)
    drawn = words(svg)
    assert {one for one in expected if not any(one in text for text in drawn)} == set()


@pytest.mark.parametrize(
    "source",
    [
        "sequenceDiagram\n box Aqua\n participant A\n end\n A->>B: x",
        "sequenceDiagram\n A<<->>B: x",
        "sequenceDiagram\n loop x\n A->>B: y",
        "stateDiagram-v2\n state f <<fork>>\n [*] --> f",
        "stateDiagram-v2\n A --> B\n note right of A: x",
        'erDiagram\n "Order item" ||--o{ X : y',
        "erDiagram\n p[Person] {\n string x\n }",
        'classDiagram\n A --> B\n note "x"',
        'classDiagram\n class A["Label"]',
        'xychart-beta\n bar "x" [1, 2]',
    ],
)
def test_one_with_a_line_that_is_not_understood_is_not_drawn(
    drawer: Drawer, source: str
) -> None:
    assert drawer.draw(source, COLOURS) == ""
