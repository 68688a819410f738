"""Puts rendered blocks into a page: frames, levels of headings, links to notes.

All of it comes after the sanitiser, which leaves no id and no frame: what is added here
is Hearth's own, and nothing a text holds can make it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Final

from msgspec import Struct

from backend.web.markdown.markdown import Block, RemoteImage

_LOWEST: Final = 6
_FRAMED = re.compile(r"(?s)<pre><code>(.*?)</code></pre>|<table\b.*?</table>")
_HEADING = re.compile(r"<h([1-6])\b")
_REF = re.compile(r"<sup><samp>([^<]+)</samp></sup>")
_NOTE = re.compile(r"<sup><var>([^<]+)</var></sup>")
_TASK = re.compile(r"<samp>([☐☑])</samp>")
_FORMULA: Final = '<p class="math">'
_FRAMED_FORMULA: Final = (
    '<p class="math" role="group" tabindex="0" aria-label="Formula">'
)
"""It scrolls where it is too wide, also by keys."""
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_MARK = re.compile(r"<(/?)(\w+)>")
_TASKS: Final = {"☐": "Not done", "☑": "Done"}


class FrameKind(Enum):
    """How a piece is framed."""

    TEXT = "text"
    CODE = "code"
    TABLE = "table"


class Piece(Struct, frozen=True):
    """A part of a block that has one frame, or none.

    Attributes:
        html: Of a text perhaps an element that a later piece closes.
        label: The language of code, the columns of a table.
    """

    kind: FrameKind
    html: str
    label: str = ""


class Placed(Struct, frozen=True):
    """One block as it stands in a page."""

    pieces: Sequence[Piece]
    images: Sequence[RemoteImage]


def placed(
    blocks: Iterable[Block],
    scope: str = "",
    level: int = 2,
    *,
    headings: Sequence[int] = (),
) -> list[Placed]:
    """Return blocks as a page shows them.

    Args:
        blocks: Of one text.
        scope: Names the text in the ids of its notes; "" for no links to them.
        level: Of its highest headings: the page's own are above.
        headings: Under which they stand, if others come before them.
    """
    blocks = list(blocks)
    page = _Page(blocks, scope, level, headings)
    return [Placed(list(page.pieces(block)), block.images) for block in blocks]


def unchanged(shown: Iterable[Placed], now: Iterable[Placed]) -> frozenset[int]:
    """Return the numbers of blocks that are as they were shown while they grew.

    Images are asked for only when the text has ended: a block that names one is not.
    """
    pairs = enumerate(zip(shown, now, strict=False))
    return frozenset(
        number
        for number, (had, has) in pairs
        if had.pieces == has.pieces and not has.images
    )


def headings_after(
    blocks: Iterable[Block], headings: Sequence[int] = ()
) -> Sequence[int]:
    """Return the headings under which stands what follows some blocks."""
    found = list(headings)
    for block in blocks:
        if not block.is_code:
            for match in _HEADING.finditer(block.html):
                _enter(found, int(match[1]))
    return found


def _enter(headings: list[int], level: int) -> None:
    """Go on under a heading of a level, which ends those that are not above it."""
    while headings and headings[-1] >= level:
        headings.pop()
    headings.append(level)


class _Page:
    """What of one text must be known from block to block."""

    def __init__(
        self, blocks: Sequence[Block], scope: str, level: int, headings: Sequence[int]
    ) -> None:
        self._scope = scope
        self._top = level
        self._open = list(headings)
        texts = [block.html for block in blocks if not block.is_code and scope]
        notes = [label for html in texts for label in _NOTE.findall(html)]
        self._notes = {label: n for n, label in enumerate(dict.fromkeys(notes), 1)}
        self._with_id = set[str]()

    def pieces(self, block: Block) -> Iterator[Piece]:
        """Yield the pieces of a block, framed parts apart."""
        if block.is_code:
            yield Piece(FrameKind.CODE, block.html, block.language)
            return
        labels, done = iter(block.labels), 0
        for match in _FRAMED.finditer(block.html):
            yield self._text(block.html[done : match.start()])
            done, label = match.end(), next(labels, "")
            if match[1] is None:
                yield Piece(FrameKind.TABLE, self._text(match[0]).html, label)
            else:
                yield Piece(FrameKind.CODE, match[1], label)
        yield self._text(block.html[done:])

    def _text(self, html: str) -> Piece:
        if "<samp>" in html or "<var>" in html:
            html = _TASK.sub(_task, html)
            html = _REF.sub(self._reference, _NOTE.sub(self._note, html))
        html = html.replace(_FORMULA, _FRAMED_FORMULA)
        return Piece(FrameKind.TEXT, _HEADING.sub(self._heading, html))

    def _heading(self, match: re.Match[str]) -> str:
        """Tell the level a heading has among the others: models begin anywhere."""
        own_level = int(match[1])
        _enter(self._open, own_level)
        level = min(self._top + len(self._open) - 1, _LOWEST)
        return match[0] if level == own_level else f'{match[0]} aria-level="{level}"'

    def _reference(self, match: re.Match[str]) -> str:
        label = match[1]
        if label not in self._notes:
            return f"<sup>{label}</sup>"
        note, ref = self._ids(label)
        return (
            f'<sup><a href="#{note}"{self._once(ref)}'
            f' aria-label="Note {_quoted(label)}">{label}</a></sup>'
        )

    def _note(self, match: re.Match[str]) -> str:
        label = match[1]
        if label not in self._notes:
            return f"<sup>{label}</sup>"
        note, ref = self._ids(label)
        return (
            f'<sup><a href="#{ref}"{self._once(note)}'
            f' aria-label="Note {_quoted(label)}, back to the text">{label}</a></sup>'
        )

    def _ids(self, label: str) -> tuple[str, str]:
        name = f"{self._scope}-{self._notes[label]}"
        return f"note-{name}", f"note-ref-{name}"

    def _once(self, name: str) -> str:
        if name in self._with_id:
            return ""
        self._with_id.add(name)
        return f' id="{name}"'


def lined(code: str) -> str:
    """Put each line of code into an element of its own, which can have a number."""
    lines, mark = [], ""
    for line in _LINE.findall(code):
        start = f"<{mark}>" if mark else ""
        for is_end, tag in _MARK.findall(line):
            mark = "" if is_end else tag
        lines.append(f"<span>{start}{line}{f'</{mark}>' if mark else ''}</span>")
    return "".join(lines)


def _task(match: re.Match[str]) -> str:
    return f'<span role="img" aria-label="{_TASKS[match[1]]}">{match[1]}</span>'


def _quoted(label: str) -> str:
    return label.replace('"', "&quot;")
