"""What Hearth reads beyond CommonMark: how models write, and how people expect it.

From GitHub's Markdown tables, struck text, tasks, footnotes and bare addresses; a few
elements of HTML by name; emphasis beside Chinese, Japanese and Korean marks.
"""

import re
from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token
from markdown_it.utils import EnvType
from mdit_py_plugins.footnote import footnote_plugin

from backend.web.formulas import formulas
from backend.web.markdown import bare_links
from backend.web.markdown.isolates import isolated
from backend.web.scripts import direction_of, is_cjk

MAX_COLUMNS: Final = 100
_MAX_SIZE: Final = 1_000_000
"""Of a table: rows times columns times columns."""
_MAX_LEVEL: Final = 100
_SPARE_LEVELS: Final = 10
"""What is deeper is text; the library would leave it out."""
_INLINE_LEVELS: Final = 20
"""Within a line each level costs another look at the rest of it."""
_LINK: Final = re.compile(r"(?:https?://[^/\\?#@:\s]|mailto:)[^\x00-\x20\x7f\\]*", re.I)

FOOTNOTE_REF: Final = "footnote_ref"
FOOTNOTE_MARK: Final = "footnote_mark"
TASK: Final = "task"
TAG_OPEN: Final = "tag_open"
TAG_CLOSE: Final = "tag_close"


def build_parser() -> MarkdownIt:
    """Return a parser of all that Hearth reads."""
    parser = MarkdownIt("zero")
    parser.inline = _Inline()
    options = {
        "html": False,
        "breaks": True,
        "tasklists": True,
        "strikethrough_single_tilde": True,
        "maxNesting": _MAX_LEVEL + _SPARE_LEVELS,
    }
    parser.configure("commonmark", options_update=options)
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.before("table", "too_deep", _too_deep)
    footnote_plugin(parser, inline=False, move_to_end=False)
    parser.inline.ruler.at(FOOTNOTE_REF, _footnote_ref)
    parser.inline.ruler.before("autolink", "tag", _tag)
    formulas.install(parser)
    bare_links.install(parser)
    parser.core.ruler.push("marks", _marks)
    parser.core.ruler.push("directions", _directions)
    return parser


def is_link(url: str) -> bool:
    """Whether an address leads to the web or to somebody's mail, and nowhere else.

    Without the slashes a browser takes `http:/x` for a page of its own host.
    """
    return _LINK.fullmatch(url) is not None


class _State(StateInline):
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: FBT001, N802, N803 of the library
        """Let stars and tildes open and close as they are meant.

        CJK marks stand without a space, where CommonMark takes them for the end of a
        word: `含**「重点」**内容` has no emphasis then. Nor has `**Note:**text`.
        """
        found = super().scanDelims(start, canSplitWord)
        if not canSplitWord or (found.can_open and found.can_close):
            return found
        end = start + found.length
        before = self.src[start - 1] if start else " "
        after = self.src[end] if end < self.posMax else " "
        if before.isspace() or after.isspace():
            return found
        is_label = found.length > 1 and before in ":.!?,;" and after.isalnum()
        is_free = is_label or is_cjk(before) or is_cjk(after)
        return Scanned(True, True, found.length) if is_free else found  # noqa: FBT003 of the library


class _Inline(ParserInline):
    def parse(
        self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]
    ) -> list[Token]:
        """Parse as the library does, which offers no other place for a state."""
        state = _State(src, md, env, tokens)
        state.level = state.pendingLevel = md.options.maxNesting - _INLINE_LEVELS
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 of the library
    """Read a table as far as anybody would read it: what is beyond stays text.

    Short rows are filled up, so that few letters could ask for millions of cells.
    """
    line = state.src[state.bMarks[start] : state.eMarks[start]]
    columns = line.count("|")
    last = min(end, start + max(_MAX_SIZE // (columns + 1) ** 2, 3))
    return columns <= MAX_COLUMNS and table(state, start, last, silent)


def _too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 of the library
    """Take what is nested too deeply as text."""
    if silent or state.level < _MAX_LEVEL:
        return False
    last = start + 1
    while last < end and (state.isEmpty(last) or state.sCount[last] >= state.blkIndent):
        last += 1
    token = state.push("paragraph_open", "p", 1)
    token.map = [start, last]
    token = state.push("inline", "", 0)
    token.content = state.getLines(start, last, state.blkIndent, False).strip()  # noqa: FBT003 of the library
    token.map, token.children = [start, last], []
    state.push("paragraph_close", "p", -1)
    state.line = last
    return True


_NUMBERED = re.compile(r"\[\^([0-9]{1,4})\]")
_NAMED = re.compile(r"\[\^([^\s\[\]^]{1,64})\]")


def _footnote_ref(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 of the library
    """Read `[^1]`, and `[^name]` where there is such a note.

    A number needs none, so that it looks the same before its note has arrived.
    """
    match = _NUMBERED.match(state.src, state.pos, state.posMax)
    if match is None:
        match = _NAMED.match(state.src, state.pos, state.posMax)
        known = state.env.get("footnotes", {}).get("refs", {})
        if match is None or f":{match[1]}" not in known:
            return False
    if not silent:
        state.push(FOOTNOTE_REF, "", 0).content = match[1]
    state.pos = match.end()
    return True


_TAG = re.compile(r"<(?:(br)[ \t]*/?|(/?)(sub|sup|kbd))>", re.IGNORECASE)


def _tag(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 of the library
    """Read the few elements that models use for want of Markdown."""
    match = _TAG.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if match[1]:
        if not silent:
            state.push("hardbreak", "br", 0)
        state.pos = match.end()
        return True
    close = None if match[2] else _pairs(state).get(match.start())
    if close is None or close[1] > state.posMax:
        return False
    if not silent:
        stop, name = state.posMax, match[3].lower()
        state.push(TAG_OPEN, name, 1)
        state.pos, state.posMax = match.end(), close[0]
        state.md.inline.tokenize(state)
        state.push(TAG_CLOSE, name, -1)
        state.posMax = stop
    state.pos = close[1]
    return True


def _pairs(state: StateInline) -> dict[int, tuple[int, int]]:
    """Return where each element that begins in this text ends."""
    known: dict[str, dict[int, tuple[int, int]]] = state.env.setdefault("tags", {})
    if state.src not in known:
        opened: dict[str, list[int]] = {"sub": [], "sup": [], "kbd": []}
        found = known[state.src] = {}
        for match in _TAG.finditer(state.src):
            if match[1]:
                continue
            waiting = opened[match[3].lower()]
            if not match[2]:
                waiting.append(match.start())
            elif waiting:
                found[waiting.pop()] = (match.start(), match.end())
    return known[state.src]


def _marks(state: StateCore) -> None:
    """Put the box of a task and the mark of a note where their text begins."""
    waiting: Token | None = None
    for token in state.tokens:
        if token.type == "list_item_open":
            waiting = _task_of(token)
        elif token.type == "footnote_reference_open":
            waiting = Token(FOOTNOTE_MARK, "", 0, content=token.meta["label"])
        elif token.type in {"list_item_close", "footnote_reference_close"}:
            waiting = None
        elif token.type == "inline":
            token.children = token.children or []
            if waiting is not None:
                token.children.insert(0, waiting)
                waiting = None
            _mark_linked_images(token.children)


def _task_of(item: Token) -> Token | None:
    if not item.meta or "checked" not in item.meta:
        return None
    return Token(TASK, "", 0, content="☑" if item.meta["checked"] else "☐")


def _mark_linked_images(children: list[Token]) -> None:
    depth = 0
    for child in children:
        if child.type in {"link_open", "link_close"}:
            depth += child.nesting
        elif child.type == "image" and depth:
            child.meta["is_linked"] = True


_DIRECTED: Final = {
    "paragraph_open", "heading_open", "th_open", "td_open", "list_item_open",
    "blockquote_open", "table_open",
}  # fmt: skip


def _directions(state: StateCore) -> None:
    """Let each block run in the direction of its own words.

    Only what differs from the block around it is marked, so most texts have no mark.
    """
    if state.src.isascii():
        return
    around = ["ltr"]
    texts = _first_texts(state.tokens)
    for token, text in zip(state.tokens, texts, strict=True):
        if token.hidden:
            continue
        if token.type in _DIRECTED:
            own = direction_of(text) or around[-1]
            if own != around[-1]:
                token.attrSet("dir", own)
            around.append(own)
        elif token.type == "inline" and around[-1] == "rtl":
            token.children = [*isolated(token.children or [])]
        elif token.nesting < 0 and _opener(token) in _DIRECTED:
            around.pop()


def _opener(token: Token) -> str:
    return token.type.removesuffix("close") + "open"


def _first_texts(tokens: list[Token]) -> Iterator[str]:
    """Yield the first text within what begins at each token, without code and formulas.

    What follows a block says nothing of it: while an answer grows it is not there yet.
    """
    texts: list[str] = []
    text = ""
    behind: list[str] = []
    for token in reversed(tokens):
        if token.nesting < 0:
            behind.append(text)
            text = ""
        if token.type == "inline":
            words = (c.content for c in token.children or () if c.type == "text")
            text = " ".join(words) or text
        texts.append(text)
        if token.nesting > 0:
            outer = behind.pop()
            text = text or outer
    return reversed(texts)
