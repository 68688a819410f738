"""Reads what is typed into the search as words, phrases and signs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from backend.sqlite.folding import (
    SEPARATOR,
    has_sign,
    is_cut,
    is_hangul,
    is_sign,
    literal,
    words_of,
)
from backend.store.text import clean_text

_PIECE: Final = re.compile(r'"([^"]*)"?|([^\s"]+)')
_SHORT: Final = 3
"""So few letters say little without the signs beside them: C#, R&D, $5."""
_LEAST_BEGUN: Final = 2
"""One letter has too many continuations to look them all up."""
_GAP: Final = f"[ {SEPARATOR}]"
_LETTER: Final = f"[^ {SEPARATOR}]"


@dataclass(frozen=True)
class Term:
    """Words that stand side by side.

    Attributes:
        words: Folded, as the index has them.
        is_begun: Of the last one only the beginning was typed.
    """

    words: tuple[str, ...]
    is_begun: bool = False

    @property
    def match(self) -> str:
        """What it is in the index's language, where nothing quoted is an operator."""
        return f'"{" ".join(self.words)}"{"*" if self.is_begun else ""}'

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds it in the folded form of a text."""
        words = f"{_GAP}+".join(map(re.escape, self.words))
        end = f"{_LETTER}*" if self.is_begun else f"(?!{_LETTER})"
        return re.compile(f"(?<!{_LETTER}){words}{end}")


@dataclass(frozen=True)
class Query:
    """What is looked for; all of it must be there.

    Attributes:
        terms: What the index finds.
        signs: What the text must hold to the letter besides, as `literal` gives it.
    """

    terms: tuple[Term, ...]
    signs: tuple[str, ...] = ()

    @classmethod
    def of(cls, typed: str) -> "Query":
        """Read what was typed."""
        typed = clean_text(typed)
        found = list(_pieces(typed))
        terms = tuple(term for _, term in found if term.words)
        is_short = all(len("".join(term.words)) <= _SHORT for term in terms)
        signs = tuple(
            literal(text).strip()
            for text, term in found
            if has_sign(text) and _needs_signs(term, is_short=is_short)
        )
        return cls(terms, signs)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it that could be looked for."""
        return not self.terms and not self.signs

    @property
    def is_of_signs(self) -> bool:
        """Whether there is no word in it for the index to find."""
        return not self.terms and bool(self.signs)

    @property
    def match(self) -> str:
        """The whole of it in the index's language."""
        return " ".join(term.match for term in self.terms)

    def has_signs(self, text: str) -> bool:
        """Whether a text that the index found holds the signs as well."""
        if not self.signs:
            return True
        whole = literal(text)
        return all(_stands_in(sign, whole) for sign in self.signs)


def _pieces(typed: str) -> Iterator[tuple[str, Term]]:
    pieces = list(_PIECE.finditer(typed))
    for number, piece in enumerate(pieces, start=1):
        text = piece[1] or piece[2] or ""
        words = tuple(words_of(text))
        is_last = number == len(pieces) and piece[2] and typed.endswith(piece[2])
        yield text, Term(words, bool(words) and _is_begun(text, words, bool(is_last)))


def _is_begun(text: str, words: tuple[str, ...], is_last: bool) -> bool:  # noqa: FBT001 a helper of one caller
    last = words[-1]
    if len(last) < _LEAST_BEGUN or is_cut(last):
        return False
    # What follows a Korean noun is written to it.
    return (is_last and not is_sign(text[-1])) or is_hangul(last)


def _needs_signs(term: Term, *, is_short: bool) -> bool:
    """Whether the signs of a piece count: with words enough they only divide them."""
    if not term.words:
        return is_short
    return len("".join(term.words)) <= _SHORT


def _stands_in(sign: str, whole: str) -> bool:
    """Whether it stands there, and not in the middle of a word."""
    at = whole.find(sign)
    while at >= 0:
        if at == 0 or not (sign[0].isalnum() and whole[at - 1].isalnum()):
            return True
        at = whole.find(sign, at + 1)
    return False
