"""Temporary conversations: they live in a database of their own, in memory alone."""

import threading
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col, or_, select

from backend.errors import ConflictError, GoneError
from backend.ids import is_temporary, kept_id, temporary_id
from backend.interface.stored_values import DERIVED, TitleSource, parameters_of
from backend.store.conversations import ConversationStore, conversation_in
from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.models import Change, Conversation, Message
from backend.store.settings import SettingStore
from backend.store.states.message_state import MessageState

if TYPE_CHECKING:
    from backend.store.change_log import RowChange

TITLE: Final = "Temporary chat"
_MOST: Final = 100
_TITLE_CHARS: Final = 60
_GONE: Final = (
    "This temporary chat is gone, and nothing of it was kept: it ended with Hearth's "
    "background process. What you still see here goes when you leave this page, so "
    "copy what you need."
)
_GROWING: Final = (
    "An answer is still being written. Wait for it, or stop it; then keep the "
    "conversation."
)
_GONE_ON: Final = (
    "You went on with this conversation, so it stays. You can delete it like any other."
)


class TemporaryStore:
    """The temporary conversations of one run, and the database they are in.

    Attributes:
        on_commit: As of a `Database`.
        loop_thread: As of a `Database`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened: Database | None = None
        self.on_commit: Callable[[Sequence[RowChange]], object] = lambda _: None
        self.loop_thread: int | None = None

    @property
    def is_used(self) -> bool:
        """Whether there was one in this run."""
        return self._opened is not None

    @property
    def database(self) -> Database:
        """The database, which is made when it is first asked for."""
        with self._lock:
            if self._opened is None:
                self._opened = Database.in_memory()
                self._opened.on_commit = self._announce
                self._opened.loop_thread = self.loop_thread
            return self._opened

    def _announce(self, changes: "Sequence[RowChange]") -> None:
        self.on_commit(changes)  # that of the store which is open now

    def begin(self) -> str:
        """Return the id of a temporary conversation without messages."""
        with self.database.write() as session:
            has_any = select(Message.id).where(
                Message.conversation_id == Conversation.id
            )
            empty = select(Conversation.id).where(
                col(Conversation.deleted_at).is_(None), ~has_any.exists()
            )
            if found := session.exec(empty).first():
                return found
            conversation = Conversation(
                id=temporary_id(), title=TITLE, title_source=TitleSource.USER
            )
            session.add(conversation)
            return conversation.id

    def all(self) -> Sequence[Conversation]:
        """Return those of this run, the newest first."""
        if not self.is_used:
            return ()
        query = (
            select(Conversation)
            .where(col(Conversation.deleted_at).is_(None))
            .order_by(col(Conversation.latest).desc())
            .limit(_MOST)
        )
        with self.database.read() as session:
            return session.exec(query).all()

    def holds(self, ids: Collection[str]) -> bool:
        """Whether something with one of these ids, or a transaction, is temporary.

        Raises:
            GoneError: It was, in an earlier run.
        """
        if self.is_used:
            either = or_(
                col(Change.row_id).in_(ids), col(Change.transaction_id).in_(ids)
            )
            with self.database.read() as session:
                if session.exec(select(Change.seq).where(either).limit(1)).first():
                    return True
        if any(map(is_temporary, ids)):
            raise GoneError(_GONE)
        return False

    def keep(self, conversation_id: str, target: Database) -> str:
        """Make an ordinary conversation of one, in one act; return its id.

        Args:
            conversation_id: The temporary one, which is then in the trash.
            target: Where it is kept.

        Raises:
            NotFoundError: There is none.
            ConflictError: An answer is being written in it.
        """
        found = ConversationStore(self.database).get(conversation_id)
        draft = DraftStore(self.database).get(found.id)
        parameters = SettingStore(self.database).get(parameters_of(found.id))
        messages = self._messages(found.id)
        if any(message.state is MessageState.STREAMING for message in messages):
            raise ConflictError(_GROWING)
        kept = kept_id(found.id)
        named = {"id": kept, "title": _title(messages), "title_source": "text"}
        with target.act():
            with target.write() as session:
                session.add(Conversation(**{**_fields(found), **named}))
                for message in messages:
                    moved = {**_fields(message), "conversation_id": kept}
                    session.add(Message(**moved))
            if draft:
                DraftStore(target).save(kept, draft)
            if parameters:
                SettingStore(target).set(parameters_of(kept), parameters)
        ConversationStore(self.database).delete(found.id)
        return kept

    def take_back(self, conversation_id: str, target: Database) -> None:
        """Have one that was kept here again; the kept one can then be forgotten.

        Raises:
            NotFoundError: There is none.
            ConflictError: Something was said in the kept one since.
        """
        here = {message.id for message in self._messages(conversation_id)}
        query = select(Message.id).where(
            Message.conversation_id == kept_id(conversation_id)
        )
        with target.read() as session:
            if not set(session.exec(query)) <= here:
                raise ConflictError(_GONE_ON)
        with self.database.write() as session:
            found = conversation_in(session, conversation_id, include_deleted=True)
            found.deleted_at = None

    def _messages(self, conversation_id: str) -> Sequence[Message]:
        query = select(Message).where(Message.conversation_id == conversation_id)
        with self.database.read() as session:
            return session.exec(query.order_by(col(Message.id))).all()


def _title(messages: Sequence[Message]) -> str:
    """Return the first words that were asked."""
    asked = next((m.text for m in messages if m.role == "user"), "")
    return asked.strip().partition("\n")[0][:_TITLE_CHARS] or TITLE


def _fields(row: Conversation | Message) -> dict[str, Any]:
    return row.model_dump(exclude=set(DERIVED))
