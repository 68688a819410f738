"""Searches everything the user has."""

import asyncio
from collections.abc import Callable, Sequence
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from backend.ids import now_ms
from backend.store.text import clean_text

if TYPE_CHECKING:
    from backend.store.change_log import RowChange
    from backend.store.search.hits import Hit
    from backend.store.search.search import SearchStore

MAX_QUERY_CHARS: Final = 500
LIMIT: Final = 30
_LIMIT_BESIDE_OTHERS: Final = 5
_ATTACHMENT: Final = "attachment"
_DAY_MS: Final = 24 * 60 * 60 * 1000


class Scope(StrEnum):
    """What is searched."""

    ALL = "all"
    CONVERSATIONS = "conversation"
    NOTES = "note"
    ASSISTANTS = "assistant"
    MESSAGES = "message"
    FILES = "document"


class Span(StrEnum):
    """How far back is searched."""

    ANY = "any"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Reach(Enum):
    """What of a query can be looked for."""

    NOTHING = "nothing was typed"
    NO_WORD = "there is neither a word nor a sign in it"
    SIGNS = "signs alone, which are looked for in the newest texts"
    WORDS = "words, which the index finds"


def reach_of(query: str) -> Reach:
    """Return what of a query can be looked for."""
    from backend.store.search.queries import Query  # noqa: PLC0415 the pages load it late

    asked = Query.of(query)
    if asked.terms:
        return Reach.WORDS
    if asked.signs:
        return Reach.SIGNS
    return Reach.NO_WORD if query.strip() else Reach.NOTHING


_DAYS: Final = {Span.WEEK: 7, Span.MONTH: 30, Span.YEAR: 365}
_ALL: Final[dict[Scope, int]] = {
    Scope.CONVERSATIONS: _LIMIT_BESIDE_OTHERS,
    Scope.NOTES: _LIMIT_BESIDE_OTHERS,
    Scope.ASSISTANTS: _LIMIT_BESIDE_OTHERS,
    Scope.FILES: _LIMIT_BESIDE_OTHERS,
    Scope.MESSAGES: LIMIT,
}
"""What is shown of each kind when everything is searched, in this order."""


class Group(Struct, frozen=True):
    """What was found of one kind: messages and files newest first, the rest best first.

    Attributes:
        has_more: There is more of it than is shown.
    """

    scope: Scope
    hits: "Sequence[Hit]"
    has_more: bool


class SearchService:
    """Finds titles, messages, notes, assistants and files by their words."""

    def __init__(
        self, store: "SearchStore", *, clock: Callable[[], int] = now_ms
    ) -> None:
        self._store = store
        self._clock = clock
        self._attached = asyncio.Event()

    def committed(self, changes: "Sequence[RowChange]") -> None:
        """Have new files put into the index; call on the event loop."""
        if any(change.table == _ATTACHMENT for change in changes):
            self.index_files()

    def index_files(self) -> None:
        """Have what is missing in the index of files put into it."""
        self._attached.set()

    async def keep_indexed(self) -> None:
        """Put files into the index, for ever: at the start, and as they come."""
        await asyncio.to_thread(self._store.files.settle)
        while True:
            self._attached.clear()
            while await asyncio.to_thread(self._store.files.add_some):
                pass
            await self._attached.wait()

    def search(
        self, query: str, scope: Scope = Scope.ALL, span: Span = Span.ANY
    ) -> list[Group]:
        """Return what was found, without the kinds of which there is nothing."""
        query = clean_text(query)[:MAX_QUERY_CHARS]
        limits: dict[Scope, int] = _ALL if scope is Scope.ALL else {scope: LIMIT}
        groups = (self._group(query, one, span, limits[one]) for one in limits)
        return [group for group in groups if group.hits]

    def unprepared(self) -> bool:
        """Whether what an earlier version wrote is not all found yet."""
        return not self._store.is_prepared()

    def in_conversation(
        self, conversation_id: str, query: str
    ) -> list[tuple[str, int]]:
        """Return which messages of a conversation hold a text, and how often."""
        query = clean_text(query)[:MAX_QUERY_CHARS]
        return self._store.in_conversation(conversation_id, query)

    def words_in(self, text: str, query: str) -> list[str]:
        """Return what of a text was looked for, each form of it once."""
        query = clean_text(query)[:MAX_QUERY_CHARS]
        return _found_in(text, query) if query else []

    def _group(self, query: str, scope: Scope, span: Span, limit: int) -> Group:
        from backend.store.search.hits import Kind  # noqa: PLC0415 heavy to import

        days = _DAYS.get(span)
        since = self._clock() - days * _DAY_MS if days else 0
        hits = self._store.search(
            query, kinds=[Kind(scope.value)], since=since, limit=limit + 1
        )
        return Group(scope, hits[:limit], has_more=len(hits) > limit)


def _found_in(text: str, query: str) -> list[str]:
    from backend.store.search.queries import Query  # noqa: PLC0415 the pages load it late
    from backend.store.search.snippets import found_in  # noqa: PLC0415 the pages load it late

    return found_in(text, Query.of(query))
