"""Marks the words of code with plain elements: no classes, which nothing may have."""

from functools import lru_cache
from html import escape
from typing import Final

from pygments import lex
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType
from pygments.util import ClassNotFound

_TAGS: Final[tuple[tuple[_TokenType, str], ...]] = (
    (Comment, "i"),
    (Keyword, "b"),
    (Operator.Word, "b"),
    (String, "samp"),
    (Number, "u"),
    (Name.Builtin, "kbd"),
    (Name.Function, "var"),
    (Name.Class, "var"),
    (Name.Decorator, "kbd"),
    (Name.Tag, "b"),
    (Name.Attribute, "var"),
)


def highlight(code: str, language: str) -> str:
    """Return the code as HTML, escaped; of an unknown language without marks."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(code, quote=False)
    pieces = []
    for kind, value in lex(code, lexer):
        text = escape(value, quote=False)
        tag = _tag_of(kind)
        pieces.append(f"<{tag}>{text}</{tag}>" if tag else text)
    return "".join(pieces)


@lru_cache(maxsize=512)
def _tag_of(kind: _TokenType) -> str | None:
    return next((tag for known, tag in _TAGS if kind[: len(known)] == known), None)
