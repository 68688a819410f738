"""Compares two texts, word by word where lines have changed."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby
from typing import Final

from msgspec import Struct

_WORDS: Final = re.compile(r"\s+|\w+|[^\w\s]")
_MAX_LINES: Final = 5_000
"""Comparing takes the square of this at worst; above, the texts are not taken apart."""
_MAX_WORDS: Final = 2_000
_KEPT_LINES: Final = 2
"""So many unchanged lines are shown around a change."""


class Side(StrEnum):
    """Which of the two texts a part is in."""

    BOTH = "both"
    BEFORE = "before"
    AFTER = "after"
    LEFT_OUT = "left out"


class Part(Struct, frozen=True):
    """A piece of one text or both; unchanged lines in between are left out."""

    side: Side
    text: str


def compare(before: str, after: str) -> list[Part]:
    """Return the parts of both texts, in order; none when they are equal."""
    if before == after:
        return []
    parts = _joined(
        _by_line(before.splitlines(keepends=True), after.splitlines(keepends=True))
    )
    last = len(parts) - 1
    return [
        piece
        for i, part in enumerate(parts)
        for piece in _shortened(part, is_first=i == 0, is_last=i == last)
    ]


def _by_line(before: Sequence[str], after: Sequence[str]) -> Iterator[Part]:
    if max(len(before), len(after)) > _MAX_LINES:
        yield from _replaced("".join(before), "".join(after))
        return
    for tag, a, b, c, d in SequenceMatcher(None, before, after).get_opcodes():
        old, new = "".join(before[a:b]), "".join(after[c:d])
        if tag == "equal":
            yield Part(Side.BOTH, old)
        else:
            yield from _by_word(old, new)


def _by_word(before: str, after: str) -> Iterator[Part]:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if not old or not new or max(len(old), len(new)) > _MAX_WORDS:
        yield from _replaced(before, after)
        return
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            yield Part(Side.BOTH, "".join(old[a:b]))
        else:
            yield from _replaced("".join(old[a:b]), "".join(new[c:d]))


def _replaced(before: str, after: str) -> Iterator[Part]:
    if before:
        yield Part(Side.BEFORE, before)
    if after:
        yield Part(Side.AFTER, after)


def _joined(parts: Iterable[Part]) -> list[Part]:
    return [
        Part(side, "".join(part.text for part in group))
        for side, group in groupby(parts, key=lambda part: part.side)
    ]


def _shortened(part: Part, *, is_first: bool, is_last: bool) -> list[Part]:
    """Leave out unchanged lines that are far from any change."""
    lines = part.text.splitlines(keepends=True)
    if part.side is not Side.BOTH or len(lines) <= 2 * _KEPT_LINES + 2:
        return [part]
    head = "" if is_first else "".join(lines[: _KEPT_LINES + 1])
    tail = "" if is_last else "".join(lines[-_KEPT_LINES - 1 :])
    parts = (Part(Side.BOTH, head), Part(Side.LEFT_OUT, ""), Part(Side.BOTH, tail))
    return [one for one in parts if one.text or one.side is Side.LEFT_OUT]
