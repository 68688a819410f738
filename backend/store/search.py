"""Finds messages, conversations and notes by their words, also while they are typed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, TextClause, text

from backend.store.database import Database
from backend.store.text import CJK, SEPARATOR, clean_text, cut_cjk

_MARK: Final = ("\x02", "\x03")
_SNIPPET_WORDS: Final = 16
_LOOKED_AT: Final = 2_000
"""Only so many of the newest hits are looked at: a common word may have a million."""

_PIECE: Final = re.compile(r'"([^"]*)"?|([^\s"]+)')
_LONG_ENOUGH: Final = re.compile(rf"\w\w|[{CJK}]")


class Kind(StrEnum):
    """What can be found."""

    MESSAGE = "message"
    CONVERSATION = "conversation"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a snippet; a marked one is what was searched for."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Something found.

    Attributes:
        id: The message, conversation or note.
        conversation_id: Where the message is; the conversation itself; "" for notes.
        title: The title of the conversation or note.
        snippet: The words around what was found.
        created_at: Milliseconds, UTC.
    """

    kind: Kind
    id: str
    conversation_id: str
    title: str
    snippet: tuple[Piece, ...]
    created_at: int


_FROM: Final = {
    Kind.MESSAGE: (
        "message r on r.seq = hit.rowid cross join conversation c"
        " on c.id = r.conversation_id and c.deleted_at is null",
        "c.id, c.title",
    ),
    Kind.CONVERSATION: ("conversation r on r.seq = hit.rowid", "r.id, r.title"),
    Kind.NOTE: ("note r on r.seq = hit.rowid", "'', r.title"),
}
_ORDER: Final = {
    # Weighing a word means counting it: 50 ms for a common one of a million messages.
    Kind.MESSAGE: ("0", ""),
    Kind.CONVERSATION: ("bm25(conversation_fts)", "order by hit.rank, hit.rowid desc"),
    Kind.NOTE: ("bm25(note_fts)", "order by hit.rank, hit.rowid desc"),
}
_SQL: Final = """
    with best as materialized (
        select r.seq, hit.rank, r.id, {fields}, r.created_at
        from (
            select rowid, {rank} as rank from {index}
            where {index} match :match order by rowid desc limit :looked_at
        ) hit cross join {rows}
        where r.created_at between :since and :until
        {order} limit :limit
    )
    select best.*, snippet({index}, 0, :open, :close, '…', :words) as snippet
    from {index} join best on best.seq = +{index}.rowid
    where {index} match :match
        and {index}.rowid >= (select coalesce(min(seq), 1) from best)
        and {index}.rowid <= (select coalesce(max(seq), 0) from best)
    order by best.rank, best.created_at desc
"""
# Once for the choice and once for the snippets: with an equal sign instead of a range
# the whole list of a half-typed word would be put together anew for every hit; NULL
# for a bound would be none.


class SearchStore:
    """Searches what is not in the trash."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def search(
        self,
        query: str,
        *,
        kinds: Sequence[Kind] = tuple(Kind),
        since: int = 0,
        until: int = 2**53,
        limit: int = 20,
    ) -> list[Hit]:
        """Return hits of each kind, in the order of `kinds`.

        Of messages the newest, of conversations and notes the best.

        Args:
            query: Words, of which the last may be half typed, and "quoted phrases".
            kinds: What to look for.
            since: Made at this time or later, in ms.
            until: Made at this time or earlier, in ms.
            limit: How many of each kind at most.
        """
        match = to_match(query)
        if not match:
            return []
        told = {
            "match": match,
            "looked_at": _LOOKED_AT,
            "since": since,
            "until": until,
            "limit": limit,
            "open": _MARK[0],
            "close": _MARK[1],
            "words": _SNIPPET_WORDS,
        }
        with self._database.read() as session:
            return [
                _to_hit(kind, row)
                for kind in kinds
                for row in session.connection().execute(_statement(kind), told)
            ]


def to_match(query: str) -> str:
    """Return the query in FTS5's language; empty when there is too little to go by.

    Nothing the user types is an operator of that language: every word is quoted.
    """
    query = clean_text(query)
    if not _LONG_ENOUGH.search(query):
        return ""
    pieces = list(_PIECE.finditer(query))
    words = [_quote(piece[1] or piece[2] or "") for piece in pieces]
    # One letter has too many continuations to look them all up.
    half_typed = pieces[-1][2] or ""
    if query.endswith(half_typed) and re.search(r"\w\w$", half_typed) and words[-1]:
        words[-1] += "*"
    return " ".join(word for word in words if word)


def _quote(words: str) -> str:
    words = cut_cjk(words) or words
    return f'"{words}"' if re.search(r"\w", words) else ""


def _statement(kind: Kind) -> TextClause:
    rows, fields = _FROM[kind]
    rank, order = _ORDER[kind]
    index = f"{kind}_fts"
    sql = _SQL.format(index=index, rows=rows, fields=fields, rank=rank, order=order)
    return text(sql)


def _to_hit(kind: Kind, row: Row[*tuple[Any, ...]]) -> Hit:
    _seq, _rank, row_id, conversation_id, title, created_at, snippet = row
    return Hit(
        kind=kind,
        id=row_id,
        conversation_id=conversation_id,
        title=title,
        snippet=_to_pieces(snippet),
        created_at=created_at,
    )


def _to_pieces(snippet: str) -> tuple[Piece, ...]:
    whole = snippet.replace(SEPARATOR, "")
    # Characters that stand together are marked together.
    whole = whole.replace("".join(reversed(_MARK)), "")
    pieces = re.split(f"({_MARK[0]}[^{_MARK[1]}]*{_MARK[1]})", whole)
    return tuple(
        Piece(piece.strip("".join(_MARK)), piece.startswith(_MARK[0]))
        for piece in pieces
        if piece
    )
