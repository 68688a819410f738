"""Cuts out of a text the words around what was found, and marks what that is."""

import re
from dataclasses import dataclass
from typing import Final

from backend.sqlite.folding import SEPARATOR, Folded, fold
from backend.store.search.queries import Query
from backend.web.markdown.plain_text import plain_part, plain_text

_WORDS: Final = 16
_BEFORE: Final = 5
_AROUND: Final = 2_000
"""So many characters on each side of a place are looked at; a text may be a book."""
_CHUNK: Final = 10_000
_BESIDE: Final = 200
"""So many characters beside a snippet are read to know what their signs mean."""
_MARKED_IN: Final = 50_000
_MARKED: Final = 50
_WORD: Final = re.compile(f"[^ {SEPARATOR}]+")
_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SnippetPart:
    """A part of a snippet; a marked one is what was searched for."""

    text: str
    marked: bool


def snippet_of(text: str, query: Query) -> tuple[SnippetPart, ...]:
    """Return the part of a text that shows most of what was looked for."""
    start, end = _region(text, query)
    pieces = _snippet(text[start:end], query)
    return _cut(pieces, before=start > 0, after=end < len(text)) if pieces else ()


def plain_snippet_of(text: str, query: Query) -> tuple[SnippetPart, ...]:
    """Return such a part of a Markdown text in words alone, without its signs.

    Only what stands around the part is read, as a text may be long. Where a word is
    found in the signs alone, such as a link's address, they are shown.
    """
    start, end = _region(text, query)
    folded = Folded.of(text[start:end])
    (first, last), _ = _shown(folded, query)
    whole = folded.text
    first = max(whole.rfind("\n", 0, first) + 1, first - _BESIDE)
    line_end = whole.find("\n", last)
    last = min(line_end if line_end >= 0 else len(whole), last + _BESIDE)
    plain = plain_part(whole, first, last)
    pieces = _snippet(plain, query)
    if not pieces or _holds(query, plain) < _holds(query, whole[first:last]):
        return snippet_of(text, query)
    before = start > 0 or bool(whole[:first].strip())
    after = end < len(text) or bool(whole[last:].strip())
    return _cut(pieces, before=before, after=after)


def found_in(text: str, query: Query) -> list[str]:
    """Return what of a Markdown text was looked for, each form of it once."""
    folded = Folded.of(plain_text(text[:_MARKED_IN]))
    spans = [span for span, _ in _marks(folded, query, 0, len(folded.form))]
    words = [folded.text[slice(*folded.span(*span))] for span in spans]
    signs = _signs_in(folded.text, query, (0, len(folded.text))) if not words else []
    words += [folded.text[start:end] for start, end in signs]
    return list(dict.fromkeys(" ".join(word.split()) for word in words))[:_MARKED]


def _holds(query: Query, text: str) -> int:
    """Return how much of what is looked for a text holds."""
    form, lower = fold(text), text.lower()
    terms = sum(bool(term.pattern.search(form)) for term in query.terms)
    return terms + sum(sign in lower for sign in query.signs)


def _cut(
    pieces: tuple[SnippetPart, ...], *, before: bool, after: bool
) -> tuple[SnippetPart, ...]:
    """Say where a text goes on beyond these pieces."""
    is_begun = before and pieces[0].text[0] != "…"
    is_cut = after and pieces[-1].text[-1] != "…"
    more = (SnippetPart("…", marked=False),)
    return ((more if is_begun else ()) + pieces) + (more if is_cut else ())


def _region(text: str, query: Query) -> tuple[int, int]:
    """Return which part of a very long text has most of what was looked for."""
    if len(text) <= 2 * _CHUNK:
        return 0, len(text)
    best, most = 0, 0
    for start in range(0, len(text), _CHUNK):
        form = fold(text[start : start + _CHUNK + _AROUND])
        # Looking for plain letters first is many times as fast.
        count = sum(
            term.words[0] in form and bool(term.pattern.search(form))
            for term in query.terms
        )
        if count > most:
            best, most = max(0, start - _AROUND), count
        if most == len(query.terms):
            break
    return best, best + 2 * _CHUNK


def _snippet(text: str, query: Query) -> tuple[SnippetPart, ...]:
    folded = Folded.of(text)
    shown, spans = _shown(folded, query)
    return _pieces(folded.text, shown, spans)


def _shown(folded: Folded, query: Query) -> tuple[_Span, list[_Span]]:
    """Return which part of a text is shown, and what of it is marked."""
    anchor = _first(folded, query)
    start = max(0, anchor - _AROUND)
    end = anchor + _AROUND
    words = [match.span() for match in _WORD.finditer(folded.form, start, end)]
    marks = _marks(folded, query, start, end)
    if not words:
        alone = (0, min(len(folded.text), _AROUND))
        return alone, _signs_in(folded.text, query, alone)
    first = _best_start(words, marks)
    window = words[first : first + _WORDS]
    left = 0 if window[0] == words[0] and start == 0 else window[0][0]
    is_end = window[-1] == words[-1] and end >= len(folded.form)
    shown = (
        folded.span(left, window[0][1])[0] if left else 0,
        len(folded.text) if is_end else folded.span(*window[-1])[1],
    )
    spans = [folded.span(*span) for span, _ in marks if _is_within(span, window)]
    if not spans:
        spans = _signs_in(folded.text, query, shown)
    return shown, spans


def part_with(query: Query, part: str, whole: str) -> str:
    """Return a part of a text if all that is looked for is in it, or the whole."""
    form = fold(part)
    has_all = all(term.pattern.search(form) for term in query.terms)
    return part if has_all and query.has_signs(part) else whole


def _first(folded: Folded, query: Query) -> int:
    """Return where in the form the first of all is found."""
    found = (term.pattern.search(folded.form) for term in query.terms)
    starts = [match.start() for match in found if match]
    if starts:
        return min(starts)
    at = _sign_at(folded.text, query)
    return folded.ends[at] if 0 <= at < len(folded.ends) else 0


def _marks(
    folded: Folded, query: Query, start: int, end: int
) -> list[tuple[_Span, int]]:
    """Return what is found in a part of the form, and which of the terms each is."""
    return sorted(
        (match.span(), number)
        for number, term in enumerate(query.terms)
        for match in term.pattern.finditer(folded.form, start, end)
    )


def _best_start(words: list[_Span], marks: list[tuple[_Span, int]]) -> int:
    """Return the number of the word to begin with, so that most terms are shown."""
    if len(words) <= _WORDS or not marks:
        return 0
    starts = [word[0] for word in words]
    best, most = 0, 0
    for (at, _), _term in marks:
        first = max(0, _number_of(starts, at) - _BEFORE)
        window = words[first : first + _WORDS]
        terms = {term for span, term in marks if _is_within(span, window)}
        if len(terms) > most:
            best, most = min(first, len(words) - _WORDS), len(terms)
    return max(0, best)


def _number_of(starts: list[int], at: int) -> int:
    return next((n for n, start in enumerate(starts) if start >= at), len(starts) - 1)


def _is_within(span: _Span, window: list[_Span]) -> bool:
    return window[0][0] <= span[0] and span[1] <= window[-1][1]


def _sign_at(text: str, query: Query) -> int:
    lower = text.lower()
    return min((at for at in map(lower.find, query.signs) if at >= 0), default=-1)


def _signs_in(text: str, query: Query, shown: _Span) -> list[_Span]:
    lower = text.lower()
    found = ((lower.find(sign, *shown), len(sign)) for sign in query.signs)
    return sorted((at, at + length) for at, length in found if at >= 0)


def _pieces(text: str, shown: _Span, spans: list[_Span]) -> tuple[SnippetPart, ...]:
    pieces = [SnippetPart("…", marked=False)] if shown[0] > 0 else []
    at = shown[0]
    for start, end in spans:
        if start < at:
            continue
        pieces += [
            SnippetPart(text[at:start], marked=False),
            SnippetPart(text[start:end], marked=True),
        ]
        at = end
    rest = "…" if shown[1] < len(text) else ""
    pieces.append(SnippetPart(text[at : shown[1]] + rest, marked=False))
    return tuple(piece for piece in pieces if piece.text)
