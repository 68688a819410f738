"""Finds attached documents by the words in them, and the place where most stand."""

from collections import defaultdict
from typing import Any, Final

from sqlalchemy import Row, bindparam, text
from sqlmodel import Session

from backend.documents.document import Document
from backend.documents.passages import place_of
from backend.sqlite.schema import SECTION_BITS
from backend.store.search.hits import Hit, Kind
from backend.store.search.indexes import DocumentIndex
from backend.store.search.queries import Query
from backend.store.search.snippets import snippet_of

_LOOKED_AT: Final = 20_000
"""Sections for each word, the newest first."""
_DOCUMENTS: Final = 500
_SECTION: Final = (1 << SECTION_BITS) - 1
_PLACES: Final = text("""
    select rowid from document_fts where document_fts match :match
    order by rowid desc limit :looked_at
""")
_QUESTIONS: Final = text("""
    select d.number, a.id, a.name, a.text_file, a.file_key, m.id, c.id, c.title,
        m.created_at, c.archived_at <> 0
    from indexed_document d
    cross join attachment a on a.text_file = d.text_file
    cross join message m on m.id = a.message_id and m.deleted_at is null
    cross join conversation c on c.id = m.conversation_id and c.deleted_at is null
    where d.number in :numbers and m.created_at between :since and :until
    order by m.aside <> 0, m.created_at desc, m.id desc
""").bindparams(bindparam("numbers", expanding=True))


class DocumentSearch:
    """Searches the documents of questions that are not in the trash."""

    def __init__(self, index: DocumentIndex) -> None:
        """Search an index."""
        self._read = index.read

    def search(
        self, session: Session, asked: Query, since: int, until: int, limit: int
    ) -> list[Hit]:
        """Return the latest documents that hold all words, each once."""
        sections = _sections_with(session, asked)
        if not sections:
            return []
        numbers = sorted(sections, reverse=True)[:_DOCUMENTS]
        bounds = {"numbers": numbers, "since": since, "until": until}
        first: dict[int, Row[*tuple[Any, ...]]] = {}
        for row in session.connection().execute(_QUESTIONS, bounds):
            first.setdefault(row[0], row)
        latest = sorted(first.values(), key=lambda row: (row[8], row[5]), reverse=True)
        hits: list[Hit] = []
        for row in latest:
            if hit := self._hit(row, sections[row[0]], asked):
                hits.append(hit)
            if len(hits) == limit:
                break
        return hits

    def _hit(self, row: Row[*tuple[Any, ...]], best: int, asked: Query) -> Hit | None:
        document = self._read(row[3], row[4])
        if document is None or best >= len(document.sections):
            return None
        at = _with_signs(document, best, asked)
        if at is None:
            return None
        section = document.sections[at]
        return Hit(
            kind=Kind.DOCUMENT,
            id=row[5],
            conversation_id=row[6],
            title=row[7],
            snippet=snippet_of(section.text, asked),
            created_at=row[8],
            is_archived=bool(row[9]),
            file=row[2],
            place=place_of(document, section),
        )


def _sections_with(session: Session, asked: Query) -> dict[int, int]:
    """Return the documents that hold all words, and the best section of each."""
    held: dict[int, set[int]] = defaultdict(set)
    counts: dict[int, int] = defaultdict(int)
    for number, term in enumerate(asked.terms):
        parameters = {"match": term.match, "looked_at": _LOOKED_AT}
        for place in session.connection().execute(_PLACES, parameters).scalars():
            held[place >> SECTION_BITS].add(number)
            counts[place] += 1
    best: dict[int, tuple[int, int]] = {}
    for place, count in counts.items():
        document, section = place >> SECTION_BITS, place & _SECTION
        best[document] = max(best.get(document, (0, 0)), (count, -section))
    whole = len(asked.terms)
    return {n: -best[n][1] for n, terms in held.items() if len(terms) == whole}


def _with_signs(document: Document, best: int, asked: Query) -> int | None:
    """Return the section that is shown; None where the signs are in none of them."""
    texts = [section.text for section in document.sections]
    return next(
        (at for at in (best, *range(len(texts))) if asked.has_signs(texts[at])), None
    )
