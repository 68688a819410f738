"""Isolates in lines of Markdown that run from right to left."""

from collections.abc import Iterator
from typing import Final

from markdown_it.token import Token

from backend.web.isolates import parts_of

OPEN: Final = "isolate_open"
CLOSE: Final = "isolate_close"


def isolated(children: list[Token]) -> Iterator[Token]:
    """Yield the parts of a line, with what is isolated in it."""
    for child in children:
        if child.type == "text":
            yield from _parts(child)
        else:
            yield child


def _parts(child: Token) -> Iterator[Token]:
    for text, is_apart in parts_of(child.content):
        if is_apart:
            yield Token(OPEN, "bdi", 1, attrs={"dir": "ltr"})
        yield Token("text", "", 0, content=text)
        if is_apart:
            yield Token(CLOSE, "bdi", -1)
