"""Marks the words of code with plain elements: no classes, which nothing may have."""

from functools import lru_cache
from html import escape
from typing import Final

from pygments import lex
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
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
    kind_of_lexer = _lexer(language)
    if kind_of_lexer is None:
        return escape(code, quote=False)
    pieces = []
    lexer = kind_of_lexer(stripnl=False, ensurenl=False)
    for kind, value in lex(code, lexer):
        text = escape(value, quote=False)
        tag = _tag_of(kind)
        pieces.append(f"<{tag}>{text}</{tag}>" if tag else text)
    return "".join(pieces)


@lru_cache(maxsize=256)
def _lexer(language: str) -> type[Lexer] | None:
    """Return the lexer of a language: looking through all of them takes its time."""
    try:
        return find_lexer_class_by_name(language)
    except ClassNotFound:
        return None


@lru_cache(maxsize=512)
def _tag_of(kind: _TokenType) -> str | None:
    return next((tag for known, tag in _TAGS if kind[: len(known)] == known), None)
