"""Reads everything in use, page by page in the order it was made, for exports."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlmodel import Session, col, func, select

from backend.errors import NotFoundError
from backend.interface.stored_values import parameters_of
from backend.store.attachments.attachments import AttachmentStore
from backend.store.conversations import conversation_in
from backend.store.database import Database
from backend.store.messages import MessageStore
from backend.store.models import (
    Action,
    Assistant,
    Attachment,
    Conversation,
    Folder,
    Logged,
    Message,
    Note,
)
from backend.store.settings import SettingStore
from backend.store.states.message_state import MessageState

PAGE: Final = 50
_R = TypeVar("_R", bound=Logged)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    conversations: int
    notes: int


class ExportStore:
    """Reads rows that are not in the trash; no statement takes long."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database
        self._messages = MessageStore(database)
        self._files = AttachmentStore(database)
        self._settings = SettingStore(database)

    def counts(self) -> Counts:
        """Return how much there is to export."""
        with self._database.read() as session:
            return Counts(_count(session, Conversation), _count(session, Note))

    def conversation(self, id: str) -> Conversation:
        """Return one conversation.

        Raises:
            NotFoundError: There is none, or it is in the trash.
        """
        with self._database.read() as session:
            row = conversation_in(session, id)
        return self._on_its_own(row)

    def conversations(self) -> Iterator[Conversation]:
        """Yield all conversations, oldest first."""
        here = {one.id for one in self.assistants()}
        for row in self._all(Conversation):
            yield row if row.assistant_id in here else self._on_its_own(row)

    def _on_its_own(self, row: Conversation) -> Conversation:
        """Return a conversation that says itself what its assistant says."""
        if row.assistant_id:
            with self._database.read() as session:
                assistant = session.get(Assistant, row.assistant_id)
            said = assistant.instructions if assistant else ""
            row.instructions = "\n\n".join(filter(None, (said, row.instructions)))
            row.assistant_id = ""
        return row

    def assistants(self) -> Iterator[Assistant]:
        """Yield all assistants, oldest first."""
        return self._all(Assistant)

    def parameters(self, conversation_id: str) -> str:
        """Return how a conversation is answered, as JSON; "" for the usual way."""
        return self._settings.get(parameters_of(conversation_id))

    def notes(self) -> Iterator[Note]:
        """Yield all notes, oldest first."""
        return self._all(Note)

    def actions(self) -> Iterator[Action]:
        """Yield all quick actions, oldest first."""
        return self._all(Action)

    def folders(self) -> Iterator[Folder]:
        """Yield all folders, oldest first; none with an assistant in the trash."""
        here = {one.id for one in self.assistants()}
        for row in self._all(Folder):
            row.assistant_id = row.assistant_id if row.assistant_id in here else ""
            yield row

    def messages(self, conversation_id: str) -> Iterator[Message]:
        """Yield the messages of a conversation, also of other branches, oldest first.

        An answer that is being written is given as far as it is stored.
        """
        after = ""
        while True:
            query = (
                select(Message)
                .where(
                    Message.conversation_id == conversation_id,
                    col(Message.id) > after,
                    col(Message.deleted_at).is_(None),
                )
                .order_by(col(Message.id))
                .limit(PAGE)
            )
            with self._database.read() as session:
                page = session.exec(query).all()
            yield from map(self._as_stored, page)
            if len(page) < PAGE:
                return
            after = page[-1].id

    def attachments(
        self, conversation_id: str = ""
    ) -> Iterator[tuple[Attachment, bytes, str]]:
        """Yield the files of questions in use, with what is in and was read of them.

        Args:
            conversation_id: Only those of one conversation; "" for all.
        """
        after = ""
        while page := self._attached(conversation_id, after):
            for file in page:
                with suppress(NotFoundError):  # said where it would be shown
                    kept = self._files
                    yield file, kept.content(file), kept.text(file)
            after = page[-1].id

    def _attached(self, conversation_id: str, after: str) -> Sequence[Attachment]:
        query = (
            select(Attachment)
            .join(Message, col(Message.id) == col(Attachment.message_id))
            .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
            .where(
                col(Attachment.id) > after,
                col(Message.deleted_at).is_(None),
                col(Conversation.deleted_at).is_(None),
            )
            .order_by(col(Attachment.id))
            .limit(PAGE)
        )
        if conversation_id:
            query = query.where(Message.conversation_id == conversation_id)
        with self._database.read() as session:
            return session.exec(query).all()

    def _as_stored(self, message: Message) -> Message:
        if message.state is MessageState.STREAMING:
            message.text, message.reasoning = self._messages.partial(message.id)
            message.state = MessageState.INTERRUPTED
        return message

    def _all(self, model: type[_R]) -> Iterator[_R]:
        after = ""
        while True:
            page = self._page(model, after)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].id

    def _page(self, model: type[_R], after: str) -> Sequence[_R]:
        query = (
            select(model)
            .where(col(model.id) > after, col(model.deleted_at).is_(None))
            .order_by(col(model.id))
            .limit(PAGE)
        )
        with self._database.read() as session:
            return session.exec(query).all()


def _count(session: Session, model: type[Logged]) -> int:
    query = select(func.count()).select_from(model)
    return session.exec(query.where(col(model.deleted_at).is_(None))).one()
