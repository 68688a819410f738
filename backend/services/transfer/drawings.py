"""The diagrams of an exported page."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Final

from msgspec import Struct

from backend.diagrams.drawing import LANGUAGE, draw
from backend.web.markdown.markdown import Block
from backend.web.markdown.markdown_page import FrameKind, placed

COLOURS: Final = {
    "bg": "light-dark(#fefdfc, #1d1b19)",
    "fg": "light-dark(#2a2522, #ebe6e1)",
    "muted": "light-dark(#2a2522, #ebe6e1)",
    "line": "light-dark(#685f58, #b3aaa3)",
    "border": "light-dark(#685f58, #b3aaa3)",
}
"""Those of the exported page, which follows the reader's choice of light and dark."""

_MARK: Final = re.compile(r"<[^>]*>")


class Drawing(Struct, frozen=True):
    """A diagram as an image, in which nothing acts and nothing is fetched."""

    name: str
    address: str


def drawn(blocks: Iterable[Block]) -> Iterator[tuple[str, Drawing]]:
    """Yield the diagrams of blocks by their code, as `placed` gives it."""
    htmls = {
        unescape(_MARK.sub("", piece.html)): piece.html
        for block in placed(filter(_has_one, blocks))
        for piece in block.pieces
        if piece.kind is FrameKind.CODE and piece.label.lower() == LANGUAGE
    }
    for source, svg in draw([*htmls], COLOURS):
        name = source.strip().partition("\n")[0]
        yield htmls[source], Drawing(name, _address(svg))


def _has_one(block: Block) -> bool:
    return LANGUAGE in {each.lower() for each in (block.language, *block.labels)}


def _address(svg: str) -> str:
    # An image takes light or dark from the page around it only where it says so.
    themed = svg.replace('style="', 'style="color-scheme:light dark;', 1)
    return f"data:image/svg+xml;base64,{b64encode(themed.encode()).decode()}"
