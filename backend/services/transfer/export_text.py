"""Makes text of users and models harmless where an export puts it."""

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_MAX_NAME_BYTES: Final = 120
_UNFIT: Final = frozenset('<>:"/\\|?*')
_JOINERS: Final = frozenset("\u200c\u200d")
"""Invisible, but Persian and emoji are spelled with them."""
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
_RESERVED: Final = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")
_FENCE: Final = re.compile(r"`{3,}|~{3,}")
_HTML_ENDS: Final = (
    "-->",
    "?>",
    "]]>",
    "</script>",
    "</pre>",
    "</style>",
    "</textarea>",
    ">",
)
_DETAILS: Final = re.compile(r"<(?P<end>/?)details\b[^>]*>", re.IGNORECASE)
_END: Final = "the end of this message"
_MOST_CLOSERS: Final = 20


def file_name(title: str, otherwise: str) -> str:
    """Return a title as a name every system takes, without an ending.

    Letters that are not seen would let a name read as another one.
    """
    fit = "".join(" " if _is_unfit(letter) else letter for letter in title)
    plain = unicodedata.normalize("NFC", fit)
    name = " ".join(plain.split()).strip(". ")
    cut = name.encode(errors="ignore")[:_MAX_NAME_BYTES]
    short = cut.decode(errors="ignore").strip(". ")
    return otherwise if not short or _RESERVED.fullmatch(short) else short


def escaped(text: str) -> str:
    """Return a JSON string with the letters spelled out that YAML takes for line ends.

    The same goes for those that turn the direction of what follows.
    """
    return "".join(
        f"\\u{ord(letter):04x}"
        if unicodedata.category(letter) in _INVISIBLE and ord(letter) <= 0xFFFF  # noqa: PLR2004 four digits
        else letter
        for letter in text
    )


def closed(text: str) -> str:
    """Return Markdown with whatever was left open in it closed.

    An answer that was stopped inside a block of code would take all that follows in.
    """
    text = text.rstrip()
    if "`" not in text and "~" not in text and "<" not in text:
        return text
    closer = next((c for c in _closers(text) if _ends(f"{text}{c}")), "")
    text += closer
    return text + "\n\n</details>" * _open_details(text)


def _closers(text: str) -> list[str]:
    """Return what could close a text, nothing first and then the last that opened."""
    fences = dict.fromkeys(reversed(_FENCE.findall(text)))
    ends = (*[*fences][:_MOST_CLOSERS], *_HTML_ENDS)
    return ["", *(f"\n{end}" for end in ends)]


def _ends(text: str) -> bool:
    """Whether what follows a text is outside of everything that began in it."""
    tokens = _blocks().parse(f"{text}\n\n## {_END}\n")
    last = [(token.type, token.level, token.content) for token in tokens[-3:-1]]
    return last == [("heading_open", 0, ""), ("inline", 1, _END)]


def _open_details(text: str) -> int:
    """Count the folds that a text opens and leaves open."""
    depth = 0
    for token in _parser().parse(text) if _DETAILS.search(text) else ():
        for inner in (token, *(token.children or ())):
            if inner.type in {"html_block", "html_inline"}:
                for tag in _DETAILS.finditer(inner.content):
                    depth = max(0, depth - 1) if tag["end"] else depth + 1
    return depth


def _is_unfit(letter: str) -> bool:
    is_hidden = unicodedata.category(letter) in _INVISIBLE and letter not in _JOINERS
    return is_hidden or letter in _UNFIT


@cache
def _parser() -> "MarkdownIt":
    """Return a parser that takes HTML for HTML, as most readers of Markdown do."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 slow to import, rarely needed

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@cache
def _blocks() -> "MarkdownIt":
    """Return the same parser, which looks at blocks only and so is quick."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 slow to import

    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.core.ruler.disable("inline")
    return parser
