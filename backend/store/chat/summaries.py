"""Keeps what a model is given instead of older messages."""

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, literal_column
from sqlalchemy import select as select_columns
from sqlmodel import col

from backend.store.branches.paths import path_end
from backend.store.conversations import conversation_in
from backend.store.database import Database
from backend.store.models import Message
from backend.store.rows import MESSAGE, MessageRow
from backend.store.states.message_state import MessageState
from backend.store.text import clean_text

if TYPE_CHECKING:
    from sqlalchemy import Select

_LATEST: Final = (
    select_columns(*MESSAGE)
    .where(
        col(Message.conversation_id) == bindparam("conversation_id"),
        col(Message.aside) == literal_column("0"),
        col(Message.role) == bindparam("role"),
        col(Message.deleted_at).is_(None),
        col(Message.state) != MessageState.STREAMING,
    )
    .order_by(col(Message.id).desc())
)


class SummaryStore:
    """Reads and begins summaries, which are messages of their own role."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def latest(self, conversation_id: str) -> MessageRow | None:
        """Return the latest whole summary of a conversation; None without one."""
        whole = _LATEST.where(
            col(Message.state) == MessageState.COMPLETE, col(Message.text) != ""
        )
        return self._first(whole, conversation_id, "summary")

    def latest_answer(self, conversation_id: str) -> MessageRow | None:
        """Return the latest answer of a conversation that has ended."""
        return self._first(_LATEST, conversation_id, "assistant")

    def begin(
        self, conversation_id: str, reads_from: str, *, engine_name: str, model: str
    ) -> Message:
        """Add a summary, still to be written, of what is before a message.

        Raises:
            NotFoundError: The conversation is not there any more.
        """
        with self._database.write() as session:
            conversation_in(session, conversation_id)
            summary = Message(
                conversation_id=conversation_id,
                role="summary",
                state=MessageState.STREAMING,
                engine=engine_name,
                model=clean_text(model),
                reads_from=reads_from,
                parent=path_end(session, conversation_id),
            )
            session.add(summary)
            return summary

    def _first(
        self, query: "Select[Any]", conversation_id: str, role: str
    ) -> MessageRow | None:
        found = self._database.rows(
            query.limit(1), MessageRow._make, conversation_id=conversation_id, role=role
        )
        return found[0] if found else None
