"""Tells what a letter's writing asks of the text around it."""

import re
import unicodedata
from functools import lru_cache

_RTL = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_JAMO = "\u1100"
_MARKS = range(0xE0100, 0xE01F0)
_EMOJI = (range(0x231A, 0x2C00), range(0x1F000, 0x1FB00))


@lru_cache(maxsize=4096)
def is_cjk(letter: str) -> bool:
    """Whether a letter or mark is of Chinese, Japanese or Korean writing."""
    if letter < _JAMO:
        return False
    code = ord(letter)
    if code in _MARKS:
        return True
    width = unicodedata.east_asian_width(letter)
    if width == "W":
        is_picture = unicodedata.category(letter) in {"So", "Sk"}
        return not (is_picture and any(code in block for block in _EMOJI))
    return width in "FH" or (
        width == "N" and unicodedata.name(letter, "").startswith("HANGUL")
    )


@lru_cache(maxsize=4096)
def _direction(letter: str) -> str:
    kind = unicodedata.bidirectional(letter)
    if kind in {"R", "AL"}:
        return "rtl"
    return "ltr" if kind == "L" else ""


def direction_of(text: str) -> str:
    """Return "rtl" or "ltr", or "" for a text without letters.

    The first letter decides, as everywhere; but a text that is written from right to
    left for the most part may begin with a foreign name.
    """
    first = next((found for found in map(_direction, text) if found), "")
    if first != "ltr" or text.isascii() or not _RTL.search(text):
        return first
    votes = [_direction(letter) for letter in text]
    return "rtl" if votes.count("rtl") > votes.count("ltr") else "ltr"
