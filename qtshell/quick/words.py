"""Finds the words of a text whose spelling can be checked."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_CHUNK: Final = re.compile(r"\S+")
_NO_PROSE: Final = re.compile(
    r"[\d_@\\<>{}`#$=]|://|/|\.\w|[^\W\d_][A-Z].*[a-z]|\b[A-Z]{2,}\b"
)
"""Addresses, paths, code and abbreviations."""
_WORD: Final = re.compile(
    r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f]|['\u2019](?=[^\W\d_]))*"
)
_ASTRAL: Final = 0xFFFF


def words_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where words begin and end in UTF-16, as Qt counts, and what they are."""
    is_plain = all(ord(letter) <= _ASTRAL for letter in text)
    for chunk in _CHUNK.finditer(text):
        if _NO_PROSE.search(chunk[0]):
            continue
        for word in _WORD.finditer(text, *chunk.span()):
            start, end = word.span()
            if not is_plain:
                start, end = _units(text[:start]), _units(text[:end])
            yield start, end, word[0]


def script_of(word: str) -> str:
    """Return how Unicode calls the letters of a word, by its first."""
    return unicodedata.name(word[0], "").partition(" ")[0]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
