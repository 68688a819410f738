"""Says Markdown as plain text, for the places that show a few words of it."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from markdown_it.token import Token

_MARKUP: Final = re.compile(r"[*_`~#>|\[\]<&\\$]|^\s*(?:[-+=]|\d+[.)])", re.MULTILINE)
_FENCE: Final = re.compile(r"^[ >]{0,9}(?:```|~~~)", re.MULTILINE)
_CODE: Final = ("fence", "code_block")
_BREAKS: Final = ("softbreak", "hardbreak")
_SIGNS: Final = ("task", "footnote_ref", "footnote_mark")
"""What the page draws as a mark, and is no word of the text."""


def plain_text(markdown: str) -> str:
    """Return the words of a text as a page shows them, a line for each block."""
    if not _MARKUP.search(markdown):
        return markdown
    from backend.web.markdown.markdown import markdown as parser  # noqa: PLC0415 loaded late

    lines = _lines(parser().parse(markdown, {}))
    return "\n".join(line for line in lines if line.strip())


def plain_part(markdown: str, start: int, end: int) -> str:
    """Return a part of a text as plain text, read as it stands in the whole."""
    is_in_code = len(_FENCE.findall(markdown[:start])) % 2 == 1
    opening = "```\n" if is_in_code else ""
    return plain_text(opening + markdown[start:end])


def _lines(tokens: "list[Token]") -> Iterator[str]:
    """Return the text of each block; the cells of a table's row share a line."""
    cells: list[str] | None = None
    for token in tokens:
        if token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            yield " ".join(cells or ())
            cells = None
        elif token.type in _CODE or token.type == "formula_block":
            yield token.content.strip("\n")
        elif token.type == "inline":
            said = "".join(map(_said, token.children or ()))
            if cells is None:
                yield said
            else:
                cells.append(said)


def _said(token: "Token") -> str:
    if token.type in _SIGNS:
        return ""
    return "\n" if token.type in _BREAKS else token.content
