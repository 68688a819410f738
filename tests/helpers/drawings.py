"""Reads what is written in drawings."""

import re
from html import unescape
from typing import Final

COLOURS: Final = {"bg": "#fff", "fg": "#000"}
"""With which the tests let diagrams be drawn."""


def words(svg: str) -> set[str]:
    """Return the texts of a drawing; parts of one line stand apart."""
    texts = re.findall(r"<text\b[^>]*>(.*?)</text>", svg, re.DOTALL)
    return {unescape(re.sub(r"<[^>]*>", "", text)) for text in texts}
