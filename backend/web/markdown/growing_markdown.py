"""Renders a text that still grows: what is finished once, and only the rest again.

In CommonMark later lines can only change the last open top-level block, so what stands
before it is final. Definitions of links are remembered for what comes after them; where
they come later, the end of an answer renders the whole text once more. A line that is
still growing decides nothing: "-" after a list begins another one, "-->" does not.

A block that is open for long is finished piece by piece: a list item by item, a table
row by row, code line by line, a quotation block by block, a paragraph at spaces.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from backend.web.markdown.markdown import Block, markdown, render
from backend.web.markdown.source_lines import SourceLines

if TYPE_CHECKING:
    from markdown_it.token import Token

OPEN_CHARS: Final = 3_000
"""How long an open block may be before it is finished piece by piece."""
STEP_CHARS: Final = 16_000
"""How much of a text is taken in at once: in about 0.1 s."""
_LINE_CHARS: Final = 1_000
"""A line this long has decided what it is."""
_TRIES: Final = 40


class Into(StrEnum):
    """The element of an open block that takes what is finished later."""

    BULLETS = "ul"
    NUMBERS = "ol"
    QUOTE = "blockquote"
    ROWS = "tbody"
    CODE = "code"
    PARAGRAPH = "p"


_INTO: Final = {
    "bullet_list_open": Into.BULLETS,
    "ordered_list_open": Into.NUMBERS,
    "blockquote_open": Into.QUOTE,
    "table_open": Into.ROWS,
    "fence": Into.CODE,
    "code_block": Into.CODE,
    "paragraph_open": Into.PARAGRAPH,
}
_CHILDREN: Final = {Into.BULLETS, Into.NUMBERS, Into.QUOTE}
_SPACE: Final = re.compile(r"(?<=[^\s\\]) (?=[^\W\d_])")
_BETWEEN: Final = re.compile(r"(?<=[^\W\d_])(?=[^\W\d_])|(?<=[。！？])(?=\S)")  # noqa: RUF001 full-width marks


class Fresh(Struct, frozen=True):
    """What has been finished.

    Attributes:
        into: The element of the last block it continues; None for blocks of their own.
    """

    blocks: Sequence[Block]
    into: Into | None = None


class Step(Struct, frozen=True):
    """How a text looks after it has grown.

    Attributes:
        fresh: What was finished by it, in its order.
        blocks: All that is finished.
        tail: What is still open.
    """

    fresh: Sequence[Fresh]
    blocks: Sequence[Block]
    tail: Sequence[Block]


class _OpenBlock(Struct, frozen=True):
    """A block of which a part is finished.

    Attributes:
        prefix: What stands before the rest, so that it is read as going on.
    """

    into: Into
    prefix: str = ""


class _Group(Struct, frozen=True):
    """A top-level block in the lines of a source.

    Attributes:
        is_uncertain: A formula begins in it which later lines may close.
    """

    tokens: "Sequence[Token]"
    start: int
    end: int
    is_uncertain: bool

    @property
    def into(self) -> Into | None:
        return None if self.is_uncertain else _INTO.get(self.tokens[0].type)


class GrowingMarkdown:
    """A text that grows; use in one thread at a time."""

    def __init__(self, *, open_chars: int = OPEN_CHARS, marked_chars: int) -> None:
        """Begin with nothing.

        Args:
            open_chars: How long an open block may be.
            marked_chars: Longer code has no marks while it grows.
        """
        self._open_chars = open_chars
        self._marked_chars = marked_chars
        self._blocks: list[Block] = []
        self._taken = 0
        self._rest = ""
        self._open: _OpenBlock | None = None
        self._definitions: dict[str, Any] = {}

    @property
    def taken(self) -> int:
        """How many characters of the text are rendered."""
        return self._taken

    def is_behind(self, text: str) -> bool:
        """Whether there is more of the text to take in."""
        return len(text) - text.endswith("\r") > self._taken

    def grow(self, text: str) -> Step:
        """Take in what follows of the whole text, perhaps not to its end."""
        new = text[self._taken : self._taken + STEP_CHARS]
        if new.endswith("\r"):  # the line break may have another half
            new = new[:-1] or text[self._taken : self._taken + 2]
        self._taken += len(new)
        self._rest += new.replace("\r\n", "\n").replace("\r", "\n")
        fresh: list[Fresh] = []
        while self._flush(fresh):
            pass
        return Step(fresh, tuple(self._blocks), tuple(self._tail()))

    def finish(self, text: str) -> Step:
        """Take in the rest of a text that grows no more: nothing of it stays open."""
        fresh: list[Fresh] = []
        while self.is_behind(text):
            fresh += self.grow(text).fresh
        if self._rest and not self._rest.endswith("\n"):
            self._rest += "\n"
        while self._flush(fresh):
            pass
        self._finish(fresh, len(self._rest))
        return Step(fresh, tuple(self._blocks), ())

    def _flush(self, fresh: list[Fresh]) -> bool:
        """Finish what can be; return whether there may be more."""
        source = self._decided()
        groups = _groups(source.text)
        if not groups:
            return False
        if groups[0].is_uncertain:
            return False
        if self._open and groups[0].into is not self._open.into:
            self._open = None  # it was over with what is finished of it
            return True
        if self._open and (len(groups) > 1 or _has_ended(groups[0], source)):
            end = groups[1].start if len(groups) > 1 else source.lines
            self._finish(fresh, source.offset(end))
            self._open = None
            return True
        if len(groups) > 1:
            self._finish(fresh, source.offset(groups[-1].start))
            return True
        return self._split(fresh, groups[0], source)

    def _split(self, fresh: list[Fresh], group: _Group, source: SourceLines) -> bool:
        """Finish a part of the only block; return whether there may be more."""
        into = group.into
        if into is None:
            return False
        is_line_wise = into in {Into.ROWS, Into.CODE}
        is_long = source.end - source.offset(group.start) > self._open_chars
        if not is_long and not (self._open and is_line_wise):
            return False
        cut = source.offset(group.start) + _cut(group, source, self._open_chars)
        if cut <= source.offset(group.start):
            return False
        prefix = self._open.prefix if self._open else _prefix(group, source)
        self._finish(fresh, cut)
        self._open = _OpenBlock(into, prefix)
        return into is Into.PARAGRAPH

    def _finish(self, fresh: list[Fresh], cut: int) -> None:
        """Render the rest up to a place, as going on with the open block if it does."""
        if cut <= 0:
            return
        text, self._rest = self._rest[:cut], self._rest[cut:]
        going_on = self._open
        made = self._render((going_on.prefix if going_on else "") + text)
        if going_on and going_on.into is Into.ROWS and made and _is_head(made[0]):
            del made[0]  # the table ended just where its rows were last cut
        if text.endswith(" "):
            made[-1:] = [_with_space(made[-1])]
        if going_on and len(made) == 1 and self._blocks:
            joined = _joined(self._blocks[-1], made[0], going_on.into)
            if joined is not None:
                self._blocks[-1] = joined
                fresh.append(Fresh(made, going_on.into))
                return
        if made:
            self._blocks += made
            fresh.append(Fresh(made))

    def _decided(self) -> SourceLines:
        """Return what is decided of the rest, after what it goes on from."""
        prefix = self._open.prefix if self._open else ""
        end = self._rest.rfind("\n") + 1
        is_row = self._open is not None and self._open.into is Into.ROWS
        if len(self._rest) - end > _LINE_CHARS and not is_row:
            end = len(self._rest)
        return SourceLines(prefix + self._rest[:end], len(prefix))

    def _tail(self) -> list[Block]:
        if self._open and self._open.into in {Into.ROWS, Into.CODE}:
            return []
        return self._render(self._rest, is_growing=True)

    def _render(self, text: str, *, is_growing: bool = False) -> list[Block]:
        known = self._definitions
        return render(
            text,
            highlighted_chars=self._marked_chars,
            is_growing=is_growing,
            definitions={**known} if is_growing else known,
        )


def _groups(source: str) -> list[_Group]:
    from backend.web.formulas.formulas import open_line  # noqa: PLC0415 slow to import

    tokens = markdown().parse(source, {})
    formula = open_line(tokens, source.split("\n")[:-1])
    groups: list[list[Token]] = []
    for token in tokens:
        begins = token.level == 0 and token.nesting >= 0
        start = token.map[0] if token.map and begins else None
        is_held = formula is not None and start is not None and start > formula
        if start is not None and not (groups and is_held):
            groups.append([])
        if groups:
            groups[-1].append(token)
    spans = [(group[0].map or (0, 0))[:2] for group in groups]
    last = len(groups) - 1 if formula is not None else -1
    return [
        _Group(group, span[0], span[1], is_uncertain=number == last)
        for number, (group, span) in enumerate(zip(groups, spans, strict=True))
    ]


def _has_ended(group: _Group, source: SourceLines) -> bool:
    """Whether an open block is over though nothing comes after it yet."""
    if group.into is Into.ROWS:
        return group.end < source.lines
    return group.into is Into.CODE and _is_closed(group)


def _is_closed(group: _Group) -> bool:
    head = group.tokens[0]
    lines = head.content.count("\n") + (not head.content.endswith("\n"))
    return head.type == "fence" and group.end - group.start - 2 >= lines * bool(
        head.content
    )


def _prefix(group: _Group, source: SourceLines) -> str:
    if group.into is Into.ROWS:
        return source.between(group.start, group.start + 2)
    if group.tokens[0].type == "fence":
        return source.between(group.start, group.start + 1)
    return ""


def _cut(group: _Group, source: SourceLines, open_chars: int) -> int:
    """Return how much of a long block is finished, from its start.

    Where no prefix says what the rest goes on from, some of the block is in the rest:
    else what comes after its end would be taken for a part of it.
    """
    start = source.offset(group.start)
    match group.into:
        case into if into in _CHILDREN:
            lines = [
                t.map[0]
                for t in group.tokens
                if t.level == 1 and t.map and t.nesting >= 0
            ]
            return source.offset(lines[-1]) - start if len(lines) > 1 else 0
        case Into.ROWS:
            return source.offset(min(group.end, source.lines)) - start
        case Into.CODE if group.tokens[0].type == "fence" and _is_closed(group):
            return 0
        case Into.CODE:
            return source.offset(_last_line(group, source)) - start
        case _:
            return _paragraph_cut(source.between(group.start, group.end), open_chars)


def _last_line(group: _Group, source: SourceLines) -> int:
    """Return the line from which indented code can go on.

    Something of it stays open: only so is a fence after it no part of it. Blank lines
    are part of it between others alone.
    """
    line = group.end - 1
    while line > group.start and not source.between(line - 1, line).strip():
        line -= 1
    return line


def _paragraph_cut(text: str, open_chars: int) -> int:
    """Return where a long paragraph is best cut: at a space outside of marks."""
    first = open_chars // 2
    spaces = [match.end() for match in _SPACE.finditer(text, first)][-_TRIES:]
    for place in reversed(spaces):
        if _is_even(text[:place]):
            return place
    if spaces:
        return spaces[-1]
    places = [match.end() for match in _BETWEEN.finditer(text, first)]
    return places[-1] if places else len(text.rstrip()) - 1


def _is_even(text: str) -> bool:
    """Whether marks that were opened are closed."""
    pairs = (("[", "]"), ("\\(", "\\)"), ("<", ">"))
    is_closed = all(text.count(start) == text.count(end) for start, end in pairs)
    return is_closed and not any(text.count(mark) % 2 for mark in "*_`~$")


def _is_head(table: Block) -> bool:
    """Whether a table has no rows."""
    return f"<{Into.ROWS}" not in table.html


def _joined(block: Block, more: Block, into: Into) -> Block | None:
    """Return a block that goes on with another of its kind; None if it is none."""
    images = (*block.images, *more.images)
    if into is Into.CODE:
        if not (block.is_code and more.is_code):
            return None
        return replace(block, html=block.html + more.html)
    end, start = f"</{into}>", more.html.find(f"<{into}")
    inside, stop = more.html.find(">", start) + 1, more.html.rfind(end)
    place = block.html.rfind(end)
    if -1 in {start, stop, place}:
        return None
    html = more.html[inside:stop].removeprefix("\n")
    html = f"{block.html[:place]}{html}{block.html[place:]}"
    labels = block.labels if into is Into.ROWS else (*block.labels, *more.labels)
    return replace(block, html=html, images=images, labels=labels)


def _with_space(block: Block) -> Block:
    """Return a paragraph that ends with the space at which it was cut."""
    html = block.html
    place = html.rfind("</p>")
    return replace(block, html=f"{html[:place]} {html[place:]}") if place > 0 else block
