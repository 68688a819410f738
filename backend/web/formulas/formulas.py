r"""Finds formulas, and keeps them as they are written.

They are found before escapes and emphasis, which would take backslashes and stars out
of them: `\(…\)`, `\[…\]`, `$$…$$`, and `$…$` where it is neither a price nor a name.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from backend.web.scripts import is_cjk

INLINE: Final = "formula"
DISPLAY: Final = "formula_block"
GROWING: Final = "is_growing"
"""In the environment of a text that goes on: its last formula may still be closed."""
MAX_LINES: Final = 200
_MAX_DOLLAR_CHARS: Final = 2_000

_CLOSERS: Final = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_MARKS: Final = {
    "\\(": re.compile(r"\\[()\\]"),
    "\\[": re.compile(r"\\[\[\]\\]"),
    "$$": re.compile(r"\\.|\$\$+", re.DOTALL),
    "$": re.compile(r"\\.|[$`]", re.DOTALL),
}
_FENCE = re.compile(r"[ \t>]*(?:```|~~~)")
_OPENING_LINE = re.compile(r" {0,3}(\$\$|\\\[)")
# "5 apples", "500K a year", "1.50** … **2", "5/month"
_MONEY = re.compile(r"\d[\d.,]*[^\W\d_]*(?:\s+[^\W\d_]{2}|\s*\*\*|/[^\W\d_]{2})")
_WORDS = re.compile(r"[^\W\d_]{2,}[,.;:]?\s+[^\W\d_]{2,}")
# "$$ or $$" says how dear a place is.
_PRICED = re.compile(r"\s+[^\W\d_]{2}")
_SIGNS = re.compile(r"[\\^_{}=<>+]")


def install(parser: MarkdownIt) -> None:
    """Let a parser find formulas."""
    interrupts = ["paragraph", "reference", "blockquote", "list", "table"]
    parser.block.ruler.before("fence", DISPLAY, _display, {"alt": interrupts})
    parser.inline.ruler.before("escape", INLINE, _inline)


def open_line(tokens: Sequence[Token], lines: Sequence[str]) -> int | None:
    """Return the first line from which a formula may still be closed by later lines.

    Args:
        tokens: Of the whole text.
        lines: The text's, each of them finished.
    """
    covered = [t.map for t in tokens if t.map and t.type in _OPAQUE]
    last_fence = max(
        (n for n, line in enumerate(lines) if _FENCE.match(line)), default=-1
    )
    first = max(last_fence + 1, len(lines) - MAX_LINES, 0)
    for number in range(first, len(lines)):
        match = _OPENING_LINE.match(lines[number])
        is_covered = any(start <= number < end for start, end in covered)
        if match and not is_covered and not _ends(lines[number], match[1], match.end()):
            return number
    return None


def body_of(source: str) -> str | None:
    """Return what stands between the marks of a formula; None while it is open."""
    opener = source[:2] if source[:2] in _CLOSERS else "$"
    closer, start = _CLOSERS.get(opener, "$"), len(opener)
    is_closed = source.endswith(closer) and len(source) > start + len(closer)
    return source[start : -len(closer)].strip() if is_closed else None


_OPAQUE: Final = {DISPLAY, "fence", "code_block"}


def _inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 of the library
    start = state.pos
    if state.src[start] not in "\\$":
        return False
    opener = state.src[start : start + 2]
    end = _end(state, opener) if opener in _CLOSERS else _dollar_end(state)
    if end is None:
        return False
    if not silent:
        state.push(INLINE, "code", 0).content = state.src[start:end]
    state.pos = end
    return True


def _ends(text: str, opener: str, start: int, stop: int | None = None) -> int | None:
    """Return where a formula ends that begins before `start`; None for nowhere.

    Another one that begins first means that this is none, so a search never passes the
    next opener: many of them cost no more than one.
    """
    closer, stop = _CLOSERS[opener], len(text) if stop is None else stop
    for match in _MARKS[opener].finditer(text, start, stop):
        if match[0] == closer:
            return match.end() if text[start : match.start()].strip() else None
        if match[0] == opener or match[0].startswith("$$"):
            return None
    return None


def _end(state: StateInline, opener: str) -> int | None:
    src, start, stop = state.src, state.pos, state.posMax
    if opener == "\\[" and _is_word(src, start - 1):
        return None  # list\[0\]
    if opener == "$$" and src[start - 1 : start] == "$":
        return None
    end = _ends(src, opener, start + 2, stop)
    if end is None:
        is_open = state.env.get(GROWING) and stop == len(src)
        rest = _MARKS[opener].finditer(src, start + 2, stop) if is_open else ()
        other = any(match[0] in {opener, _CLOSERS[opener]} for match in rest)
        return stop if is_open and not other and start + 2 < stop else None
    follows = src[end : end + 1]
    if opener == "\\[" and follows and follows in "([:":
        return None
    body = src[start + 2 : end - 2]
    is_price = opener == "$$" and _PRICED.match(body) and not _SIGNS.search(body)
    return None if is_price else end


def _dollar_end(state: StateInline) -> int | None:
    src, start, stop = state.src, state.pos, state.posMax
    if src[start] != "$" or _is_word(src, start - 1) or src[start - 1 : start] == "$":
        return None
    marks = _MARKS["$"].finditer(src, start + 1, min(stop, start + _MAX_DOLLAR_CHARS))
    end = next((m.start() for m in marks if m[0] in {"$", "`"}), None)
    if end is None or src[end] == "`" or _is_word(src, end + 1):
        return None
    body = src[start + 1 : end]
    if not body or body != body.strip() or src[end + 1 : end + 2] == "$":
        return None
    is_prose = _WORDS.search(body) and not _SIGNS.search(body)
    return None if is_prose or _MONEY.match(body) else end + 1


def _is_word(text: str, at: int) -> bool:
    """Whether a letter or digit stands there; CJK needs no space around a formula."""
    return 0 <= at < len(text) and text[at].isalnum() and not is_cjk(text[at])


def _display(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 of the library
    if state.is_code_block(start):
        return False
    pos = state.bMarks[start] + state.tShift[start]
    opener = state.src[pos : pos + 2]
    if opener not in {"$$", "\\["}:
        return False
    after = _line_after(state, opener, start, end)
    if after is None:
        return False
    if not silent:
        token = state.push(DISPLAY, "p", 0)
        token.content = state.getLines(start, after, state.blkIndent, False).strip()  # noqa: FBT003 of the library
        token.map = [start, after]
        state.line = after
    return True


def _line_after(state: StateBlock, opener: str, start: int, end: int) -> int | None:
    """Return the line after a formula that fills whole lines."""
    pos, stop = state.bMarks[start] + state.tShift[start], state.eMarks[start]
    closed = _ends(state.src, opener, pos + 2, stop)
    if closed is not None:
        return None if state.src[closed:stop].strip() else start + 1
    if _CLOSERS[opener] in state.src[pos + 2 : stop]:
        return None
    closing = _closing_line(state, _CLOSERS[opener], start + 1)
    is_open = closing is None and state.env.get(GROWING) and state.level == 0
    last = end - 1 if is_open else closing
    if last is None or last >= min(end, start + MAX_LINES):
        return None
    # One that ends a list item stands left of it.
    least = min(max(state.blkIndent, 0), state.sCount[start])
    lines = range(start + 1, last + 1)
    # A paragraph asks with the end of the whole text, not of its quotation.
    is_quoted = _is_quoted(state, start)
    is_whole = all(
        _goes_on(state, opener, line, least)
        and (_is_quoted(state, line) or not is_quoted)
        for line in lines
    )
    return last + 1 if is_whole else None


def _goes_on(state: StateBlock, opener: str, line: int, least: int) -> bool:
    at = state.bMarks[line] + state.tShift[line]
    is_other = opener != "$$" and state.src.startswith(opener, at)
    is_fence = state.src.startswith(("```", "~~~"), at)
    return not (is_other or is_fence) and _is_inside(state, line, least)


def _is_inside(state: StateBlock, line: int, least: int) -> bool:
    """Whether a line belongs to the list item or quotation the formula began in."""
    return state.isEmpty(line) or state.sCount[line] >= least


def _is_quoted(state: StateBlock, line: int) -> bool:
    """Whether marks of a quotation stand before what is read of a line."""
    at = state.bMarks[line]
    return at > 0 and state.src[at - 1] != "\n"


def _closing_line(state: StateBlock, closer: str, first: int) -> int | None:
    """Return the next line that ends with a closer: looked for once in a text."""
    known: dict[str, list[int]] = state.env.setdefault("formula_ends", {})
    if closer not in known:
        known[closer] = _lines_ending(state, closer)
    found = bisect_left(known[closer], first)
    return known[closer][found] if found < len(known[closer]) else None


def _lines_ending(state: StateBlock, closer: str) -> list[int]:
    ends: list[int] = []
    for line, stop in enumerate(state.eMarks):
        begin = stop
        while begin and state.src[begin - 1] in " \t":
            begin -= 1
        if state.src.endswith(closer, 0, begin):
            ends.append(line)
    return ends
