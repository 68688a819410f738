"""Reads the trash, takes things out of it, and knows what has been there too long."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import TextClause, text
from sqlmodel import Session, col, select

from backend.errors import NotFoundError
from backend.store.database import Database
from backend.store.messages import replies_to
from backend.store.models import LOGGED, Logged, Message

TABLES: Final = ("conversation", "note", "message", "folder", "assistant")
"""What can be in the trash. A message of a conversation that is there is part of it."""

_SHOWN_CHARS: Final = 200
_EVER: Final = 2**53
_TITLES: Final = {
    "conversation": "r.title",
    "note": "r.title",
    "folder": "r.name",
    "message": f"substr(r.text, 1, {_SHOWN_CHARS})",
    "assistant": "r.name",
}
_ON_ITS_OWN: Final = {
    "conversation": "",
    "note": "",
    "folder": "",
    "assistant": "",
    # Not inside a conversation that is in the trash, nor the answer to a question
    # that went there with it.
    "message": """
        and exists (select 1 from conversation c
            where c.id = r.conversation_id and c.deleted_at is null)
        and not exists (select 1 from message q
            where q.id = r.reply_to and q.deleted_at = r.deleted_at)""",
}
_PAGE: Final = """
    select '{table}', r.id, {title}, r.deleted_at, max(r.deleted_at, r.updated_at)
    from {table} r
    where r.deleted_at is not null and (r.deleted_at, r.id) < (:at, :id) {on_its_own}
    order by r.deleted_at desc, r.id desc limit :limit
"""
_EXPIRED: Final = """
    select id from {table} where deleted_at < :before and updated_at < :changed
    limit :limit
"""


@dataclass(frozen=True, slots=True)
class Discarded:
    """Something in the trash.

    Attributes:
        table: One of `TABLES`.
        title: Of a message, the beginning of its text.
        deleted_at: Milliseconds, UTC.
        since: When it was changed last; later where another computer had not heard.
    """

    table: str
    id: str
    title: str
    deleted_at: int
    since: int


class TrashStore:
    """What is in the trash."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def page(
        self, *, before: tuple[int, str] = (2**53, ""), limit: int = 50
    ) -> list[Discarded]:
        """Return what is there, latest first.

        Args:
            before: When the last one that is already known was deleted, and its id.
            limit: How many at most.
        """
        parameters = {"at": before[0], "id": before[1], "limit": limit}
        with self._database.read() as session:
            found = [
                Discarded(*row)
                for table in TABLES
                for row in session.connection().execute(_page_of(table), parameters)
            ]
        found.sort(key=lambda item: (item.deleted_at, item.id), reverse=True)
        return found[:limit]

    def check(self, table: str, id: str) -> None:
        """Look whether something is in the trash.

        Raises:
            NotFoundError: It is not.
        """
        with self._database.read() as session:
            _row_in(session, table, id)

    def restore(self, table: str, id: str) -> str:
        """Take something out of the trash; return the transaction id.

        A question takes along the answers that were deleted with it.

        Raises:
            NotFoundError: It is not there.
        """
        with self._database.write() as session:
            row = _row_in(session, table, id)
            together = replies_to(id).where(col(Message.deleted_at) == row.deleted_at)
            for answer in session.exec(
                select(Message).where(col(Message.id).in_(together))
            ):
                answer.deleted_at = None
            row.deleted_at = None
            return session.transaction_id

    def expired(
        self, before: int, limit: int = 50, *, changed: int = _EVER
    ) -> list[tuple[str, str]]:
        """Return table and id of things that were deleted before a moment, in ms.

        Args:
            before: The moment.
            limit: How many at most.
            changed: They were changed last before this moment.
        """
        parameters = {"before": before, "changed": changed, "limit": limit}
        with self._database.read() as session:
            return [
                (table, row_id)
                for table in TABLES
                for (row_id,) in session.connection().execute(
                    text(_EXPIRED.format(table=table)), parameters
                )
            ]


def _row_in(session: Session, table: str, row_id: str) -> Logged:
    row = session.get(LOGGED[table], row_id)
    if row is None or row.deleted_at is None:
        raise NotFoundError("This is no longer in the trash.")
    return row


def _page_of(table: str) -> TextClause:
    return text(
        _PAGE.format(table=table, title=_TITLES[table], on_its_own=_ON_ITS_OWN[table])
    )
