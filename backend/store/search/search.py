"""Finds what the user has by its words, also while they are typed."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Row, TextClause, text
from sqlmodel import Session

from backend.sqlite.folding import literal
from backend.sqlite.places import LATEST_MS, PLACES_PER_MS, PLACES_TRIED, SEARCHED
from backend.store.database import Database
from backend.store.search.documents import DocumentSearch
from backend.store.search.hits import Hit, Kind
from backend.store.search.indexes import DocumentIndex
from backend.store.search.queries import Query
from backend.store.search.snippets import part_with, plain_snippet_of, snippet_of
from backend.web.markdown.plain_text import plain_text

_LOOKED_AT: Final = 2_000
"""Only so many of the newest hits are looked at: a common word may have a million."""
_PAGE: Final = 500
"""So many texts at a time are looked through for signs, which the index lacks."""
_LOOKED_THROUGH: Final = 10_000


_FROM: Final = {
    Kind.MESSAGE: (
        "message r on r.seq = p.seq cross join conversation c"
        " on c.id = r.conversation_id and c.deleted_at is null",
        "c.id, c.title",
    ),
    Kind.CONVERSATION: ("conversation r on r.seq = p.seq", "r.id, r.title"),
    Kind.NOTE: ("note r on r.seq = p.seq", "'', r.title"),
    Kind.ASSISTANT: ("assistant r on r.seq = p.seq", "'', r.name"),
}
_ARCHIVED: Final = {
    Kind.MESSAGE: "c.archived_at <> 0",
    Kind.CONVERSATION: "r.archived_at <> 0",
    Kind.NOTE: "0",
    Kind.ASSISTANT: "0",
}
_RANK: Final = {
    # Weighing a word means counting it: 50 ms for a common one of a million messages.
    Kind.MESSAGE: ("0", ""),
    Kind.CONVERSATION: ("bm25(conversation_fts)", "order by hit.rank, p.place desc"),
    Kind.NOTE: ("bm25(note_fts)", "order by hit.rank, p.place desc"),
    Kind.ASSISTANT: ("bm25(assistant_fts)", "order by hit.rank, p.place desc"),
}
_BY_WORDS: Final = """
    select rowid as place, {rank} as rank from {kind}_fts
    where {kind}_fts match :match
        and rowid >= cast(:first as integer) and rowid <= cast(:last as integer)
    order by rowid desc limit :looked_at
"""
_BY_SIGNS: Final = """
    select place, 0 as rank from {kind}_place
    where place >= cast(:first as integer) and place <= cast(:last as integer)
    order by place desc limit :looked_at
"""
_SQL: Final = """
    select r.id, {fields}, r.created_at, {text}, p.place, {archived}
    from ({hits}) hit
    cross join {kind}_place p on p.place = hit.place
    cross join {rows}
    where r.created_at between :since and :until
    {order} limit :limit
"""
_IN_CONVERSATION: Final = text("""
    select id, text from message
    where conversation_id = :conversation_id and aside = 0 and deleted_at is null
    order by id
""")
_SIGNS: Final = re.compile(r"[*`~]+")
_NONE: Final = re.compile(r"(?!)")
_UNINDEXED: Final = text("select count(*) from unindexed")


class SearchStore:
    """Searches what is not in the trash.

    Attributes:
        files: The index of attached documents.
    """

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database
        self.files = DocumentIndex(database)
        self._documents = DocumentSearch(self.files)

    def search(
        self,
        query: str,
        *,
        kinds: Sequence[Kind] = tuple(Kind),
        since: int = -(2**53),
        until: int = 2**53,
        limit: int = 20,
    ) -> list[Hit]:
        """Return hits of each kind, in the order of `kinds`.

        Of messages and files the latest, of the rest the best.

        Args:
            query: Words, of which the last may be half typed, and "quoted phrases".
            kinds: What to look for.
            since: Said at this time or later, in ms.
            until: Said at this time or earlier, in ms.
            limit: How many of each kind at most.
        """
        asked = Query.of(query)
        if asked.is_empty:
            return []
        parameters = {
            "match": asked.match,
            "since": since,
            "until": until,
            "limit": limit,
        }
        with self._database.read() as session:
            return [
                hit
                for kind in kinds
                for hit in (
                    self._documents.search(session, asked, since, until, limit)
                    if kind is Kind.DOCUMENT
                    else _found(session, kind, asked, parameters)
                )
            ]

    def in_conversation(
        self, conversation_id: str, query: str
    ) -> list[tuple[str, int]]:
        """Return which messages of a conversation hold a text, and how often.

        Letters are compared as the search does; spaces and signs as they are typed,
        without those a page does not show in the middle of a word.

        Returns:
            The ids of the messages in their order, with the number of matches.
        """
        wanted = " ".join(literal(query).split())
        if not wanted:
            return []
        signs = _NONE if _SIGNS.search(wanted) else _SIGNS
        with self._database.read() as session:
            rows = session.connection().execute(
                _IN_CONVERSATION, {"conversation_id": conversation_id}
            )
            counted = (
                (str(row_id), _count(signs.sub("", said), wanted))
                for row_id, said in rows
            )
            return [(row_id, count) for row_id, count in counted if count]

    def is_prepared(self) -> bool:
        """Whether all there is can be found; an earlier schema's is put in later."""
        with self._database.read() as session:
            return session.connection().execute(_UNINDEXED).scalar() == 0


def _count(text: str, wanted: str) -> int:
    return " ".join(literal(text).split()).count(wanted)


def to_match(query: str) -> str:
    """Return the query in FTS5's language; "" when no word of it is in the index."""
    return Query.of(query).match


def _found(
    session: Session, kind: Kind, asked: Query, parameters: dict[str, Any]
) -> list[Hit]:
    rows = _rows(session, kind, asked, parameters)
    return [_to_hit(kind, row, asked) for row in rows]


def _rows(
    session: Session, kind: Kind, asked: Query, parameters: dict[str, Any]
) -> list[Row[*tuple[Any, ...]]]:
    """Return the rows of one kind."""
    if not asked.signs:
        rows = _page(session, kind, asked, parameters, _LOOKED_AT, _places(parameters))
    else:
        rows = []
        for row in _looked_through(session, kind, asked, parameters):
            if asked.has_signs(row[4]):
                rows.append(row)
            if len(rows) == parameters["limit"]:
                break
    if kind is Kind.MESSAGE:
        rows.sort(key=lambda row: (row[3], row[0]), reverse=True)
    return rows


def _looked_through(
    session: Session, kind: Kind, asked: Query, parameters: dict[str, Any]
) -> Iterator[Row[*tuple[Any, ...]]]:
    first, last = _places(parameters)
    for _ in range(_LOOKED_THROUGH // _PAGE):
        wide = parameters | {"limit": _PAGE}
        rows = _page(session, kind, asked, wide, _PAGE, (first, last))
        yield from rows
        if not rows:
            return
        last = min(row[5] for row in rows) - 1


def _page(
    session: Session,
    kind: Kind,
    asked: Query,
    parameters: dict[str, Any],
    looked_at: int,
    places: tuple[int, int],
) -> list[Row[*tuple[Any, ...]]]:
    parameters = parameters | {
        "looked_at": looked_at,
        "first": places[0],
        "last": places[1],
    }
    statement = _statement(kind, asked)
    return list(session.connection().execute(statement, parameters))


def _places(parameters: dict[str, Any]) -> tuple[int, int]:
    """Return the first and the last number a row of this time can have."""
    first = min(max(parameters["since"], 0), LATEST_MS) * PLACES_PER_MS
    last = min(max(parameters["until"], 0), LATEST_MS) * PLACES_PER_MS
    return first, last + 2 * PLACES_TRIED


def _statement(kind: Kind, asked: Query) -> TextClause:
    rows, fields = _FROM[kind]
    rank, order = _RANK[kind]
    hits = _BY_SIGNS if asked.is_of_signs else _BY_WORDS
    sql = _SQL.format(
        hits=hits.format(kind=kind, rank=rank),
        kind=kind,
        rows=rows,
        fields=fields,
        archived=_ARCHIVED[kind],
        text=SEARCHED[kind].format(row="r."),
        order="order by p.place desc" if asked.signs and order else order,
    )
    return text(sql)


def _to_hit(kind: Kind, row: Row[*tuple[Any, ...]], asked: Query) -> Hit:
    row_id, conversation_id, title, created_at, said, _place, is_archived = row
    if kind in {Kind.NOTE, Kind.ASSISTANT}:
        # Their first line is mostly what they are called, which is shown anyway.
        whole = said
        for _ in range(2):
            first, _, rest = said.partition("\n")
            if title in (first, plain_text(first[:500])):
                said = part_with(asked, rest, whole)
    shown = snippet_of if kind is Kind.CONVERSATION else plain_snippet_of
    return Hit(
        kind=kind,
        id=row_id,
        conversation_id=conversation_id,
        title=title,
        snippet=shown(said, asked),
        created_at=created_at,
        is_archived=bool(is_archived),
    )
