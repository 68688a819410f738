"""Keeps messages, and the pieces of answers that are still being written."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, literal_column
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from backend.errors import ConflictError, NotFoundError
from backend.ids import NEW, now_ms
from backend.interface.stored_values import TitleSource
from backend.store.attachments.rows import attach_draft
from backend.store.change_log import StoreSession
from backend.store.conversations import touch
from backend.store.database import Database
from backend.store.drafts import clear_draft
from backend.store.exchanges import (
    KEEP_PIECE,
    add_exchange,
    drop_pieces,
    keep_submission,
    whole,
)
from backend.store.models import Conversation, Message, StreamChunk, Submission
from backend.store.rows import MESSAGE, MessageRow
from backend.store.states.message_state import MessageState, move
from backend.store.text import clean_text

_OF_CONVERSATION: Final = select_columns(*MESSAGE).where(
    col(Message.conversation_id) == bindparam("conversation_id"),
    col(Message.aside) == literal_column("0"),  # as the index says it
    col(Message.deleted_at).is_(None),
)
_NEWEST: Final = _OF_CONVERSATION.order_by(col(Message.id).desc()).limit(
    bindparam("limit")
)
_AFTER: Final = (
    _OF_CONVERSATION.where(col(Message.id) > bindparam("after"))
    .order_by(col(Message.id))
    .limit(bindparam("limit"))
)
_ALL: Final = -1  # as SQLite says it
_GONE: Final = "This message is no longer there. It may be in the trash."
_ENDED: Final = "This answer has already ended."


class MessageStore:
    """Reads and changes messages."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def of_conversation(
        self,
        id: str,
        *,
        before: str | None = None,
        through: str | None = None,
        limit: int | None = 100,
    ) -> Sequence[MessageRow]:
        """Return the newest messages shown of a conversation, oldest first.

        Args:
            id: The conversation.
            before: Only messages older than the one with this id.
            through: Only messages up to the one with this id.
            limit: How many at most; None for all.
        """
        query = _NEWEST
        if before is not None:
            query = query.where(col(Message.id) < before)
        if through is not None:
            query = query.where(col(Message.id) <= through)
        limit = _ALL if limit is None else limit
        return self._database.rows(
            query, MessageRow._make, conversation_id=id, limit=limit
        )[::-1]

    def after(
        self,
        id: str,
        message_id: str,
        *,
        limit: int = 100,
    ) -> Sequence[MessageRow]:
        """Return the messages of a conversation that follow one, oldest first."""
        return self._database.rows(
            _AFTER, MessageRow._make, conversation_id=id, after=message_id, limit=limit
        )

    def around(self, message_id: str, *, limit: int = 100) -> Sequence[MessageRow]:
        """Return a message among those of its conversation, oldest first.

        Raises:
            NotFoundError: There is no such message, or it is in the trash.
        """
        id, half = self.get(message_id).conversation_id, limit // 2
        return [
            *self.of_conversation(id, through=message_id, limit=half + 1),
            *self.after(id, message_id, limit=half),
        ]

    def answers_to(self, id: str) -> Sequence[str]:
        """Return the ids of the answers to a question that are not in the trash."""
        live = replies_to(id).where(col(Message.deleted_at).is_(None))
        with self._database.read() as session:
            return session.exec(live).all()

    def get(self, id: str, *, include_deleted: bool = False) -> Message:
        """Return one message.

        Raises:
            NotFoundError: There is none, or it is in the trash.
        """
        with self._database.read() as session:
            return message_in(session, id, include_deleted=include_deleted)

    def add_exchange(
        self,
        conversation_id: str,
        text: str,
        *,
        engine_name: str,
        model: str,
        assistant: str = "",
        submission: str = "",
        draft: str = "",
    ) -> tuple[MessageRow, MessageRow]:
        """Store what the user sent and the answer to come; the draft is used up.

        Args:
            conversation_id: Where it was said.
            text: What the user sent.
            engine_name: Stands at the answer.
            model: The model of that engine.
            assistant: What the assistant is called; "" for none.
            submission: What the page calls this message; see `submitted()`.
            draft: The draft it was; "" for that of the conversation.

        Raises:
            NotFoundError: There is no such conversation.
        """
        draft = draft or conversation_id
        with self._database.write() as session:
            clear_draft(session, draft)
            by = {"engine_name": engine_name, "model": model, "assistant": assistant}
            exchange = add_exchange(session, conversation_id, text, **by)
            attach_draft(session, draft, exchange[0].id)
            touch(session, conversation_id, exchange[1].id)
            keep_submission(session, submission, exchange[0])
            return exchange

    def submitted(self, submission: str) -> tuple[Message, Message] | None:
        """Return what a submission became; None when it never arrived.

        A page that lost the answer to its request sends the request again.
        """
        with self._database.read() as session:
            kept = session.get(Submission, submission)
            if kept is None:
                return None
            asked = message_in(session, kept.message_id)
            (answer, *_later) = session.exec(replies_to(asked.id)).all()
            return asked, message_in(session, answer)

    def begin_conversation(
        self,
        text: str,
        *,
        engine_id: str,
        engine_name: str,
        model: str,
        title: str = "",
        title_source: TitleSource = TitleSource.TEXT,
        submission: str = "",
        draft: str = NEW,
        folder_id: str = "",
        assistant: tuple[str, str] = ("", ""),
    ) -> tuple[Conversation, MessageRow, MessageRow]:
        """Store a new conversation with its first exchange, in one transaction.

        Args:
            text: What the user sent.
            engine_id: Answers in this conversation.
            engine_name: Stands at the answer.
            model: The model of that engine.
            title: A first title.
            title_source: Where it is from.
            submission: What the page calls this message; see `submitted()`.
            draft: The draft it was, which is used up; "" for none.
            folder_id: Where it is listed; "" for no folder.
            assistant: The id and the name of the one it has; "" for none.
        """
        conversation = Conversation(
            title=clean_text(title),
            title_source=title_source if title else TitleSource.NONE,
            engine_id=engine_id,
            model=clean_text(model),
            folder_id=folder_id,
            assistant_id=assistant[0],
        )
        with self._database.write() as session:
            session.add(conversation)
            clear_draft(session, draft)
            asked, answer = add_exchange(
                session,
                conversation.id,
                text,
                engine_name,
                model,
                assistant=assistant[1],
            )
            attach_draft(session, draft, asked.id)
            keep_submission(session, submission, asked)
            return conversation, asked, answer

    def append_chunk(
        self,
        message_id: str,
        number: int,
        text: str,
        reasoning: str = "",
        moved: int = 0,
    ) -> None:
        """Keep a piece of an answer; keeping the same number again is fine.

        Before it, that many of the latest characters of the text become thoughts.

        Raises:
            ConflictError: The answer has ended.
        """
        pieces = [
            {"message_id": message_id, "number": number, "kind": kind, "text": piece}
            for kind, piece in (
                ("text", clean_text(text)),
                ("reasoning", clean_text(reasoning)),
                ("moved", str(moved) if moved else ""),
            )
            if piece
        ]
        with self._database.write() as session:
            for piece in pieces:
                kept = session.connection().execute(KEEP_PIECE, piece)
                if not kept.rowcount:
                    raise ConflictError(_ENDED)

    def partial(self, message_id: str) -> tuple[str, str]:
        """Return text and reasoning as far as they are stored.

        Raises:
            NotFoundError: There is no such message.
        """
        with self._database.read() as session:
            return whole(session, message_in(session, message_id))

    def finish(
        self,
        message_id: str,
        *,
        text: str,
        reasoning: str,
        state: MessageState,
        error: str = "",
        tokens: tuple[int, int] = (0, 0),
        reads_from: str = "",
        passages: str = "",
    ) -> Message:
        """Store how an answer ended, with its whole text, and drop its pieces.

        Raises:
            ConflictError: It has already ended.
            NotFoundError: There is no such message.
        """
        with self._database.write() as session:
            message = message_in(session, message_id, include_deleted=True)
            message.state = move(message.state, state)
            message.text = clean_text(text)
            message.reasoning = clean_text(reasoning)
            message.error = clean_text(error)
            message.prompt_tokens, message.answer_tokens = tokens
            if message.role == "assistant":
                message.reads_from = reads_from
                message.passages = passages
            drop_pieces(session, message_id)
            return message

    def reopen(
        self,
        message_id: str,
        *,
        keep_text: bool,
        engine_name: str | None = None,
        model: str | None = None,
        assistant: str | None = None,
    ) -> tuple[Message, str]:
        """Let an answer be written again: from its start, or on from its end.

        Kept text stays in the row and the pieces follow it; text that is not kept
        stays in the history of the message. Returns it and the transaction id.

        Raises:
            ConflictError: It is being written, or is nothing an engine answers.
            NotFoundError: There is no such message.
        """
        with self._database.write() as session:
            message = message_in(session, message_id)
            if message.role != "assistant":
                raise ConflictError("Only an answer can be written again.")
            begin_again(session, message, keep_text=keep_text)
            message.engine = message.engine if engine_name is None else engine_name
            message.model = message.model if model is None else clean_text(model)
            if assistant is not None:
                message.assistant = assistant
            touch(session, message.conversation_id)
            return message, session.transaction_id

    def interrupt_open(self) -> list[Message]:
        """End the answers an earlier run left open, with all that was stored of them.

        To be called at the start, before any answer begins.
        """
        with self._database.write() as session:
            ended = _interrupt(session, select(Message))
            session.connection().execute(delete(StreamChunk))
            return ended

    def interrupt(self, ids: Sequence[str]) -> list[Message]:
        """End answers that nobody writes any more, with all that was stored of them."""
        with self._database.write() as session:
            return _interrupt(session, select(Message).where(col(Message.id).in_(ids)))

    def delete(self, id: str) -> str:
        """Put a message into the trash, a question with its answers.

        Returns:
            The transaction id.

        Raises:
            NotFoundError: There is no such message, or it is there already.
        """
        with self._database.write() as session:
            message = message_in(session, id)
            answers = replies_to(id).where(col(Message.deleted_at).is_(None))
            deleted_at = now_ms()
            for row_id in (message.id, *session.exec(answers).all()):
                message_in(session, row_id).deleted_at = deleted_at
            return session.transaction_id


def _interrupt(session: StoreSession, chosen: SelectOfScalar[Message]) -> list[Message]:
    is_open = col(Message.state) == MessageState.STREAMING
    messages = list(session.exec(chosen.where(is_open)))
    for message in messages:
        message.text, message.reasoning = whole(session, message)
        message.state = move(message.state, MessageState.INTERRUPTED)
        drop_pieces(session, message.id)
    return messages


def replies_to(message_id: str) -> SelectOfScalar[str]:
    """Select the ids of the answers to a question, by way of its conversation."""
    conversation = select(Message.conversation_id).where(Message.id == message_id)
    return select(Message.id).where(
        Message.conversation_id == conversation.scalar_subquery(),
        Message.reply_to == message_id,
    )


def begin_again(session: StoreSession, message: Message, *, keep_text: bool) -> None:
    """Let an answer be written again within a session.

    Raises:
        ConflictError: It is being written.
    """
    message.state = move(message.state, MessageState.STREAMING)
    message.error = ""
    if not keep_text:
        message.text = message.reasoning = ""
    drop_pieces(session, message.id)


def message_in(
    session: Session,
    row_id: str,
    *,
    include_deleted: bool = False,
) -> Message:
    """Return a message within a session.

    Raises:
        NotFoundError: There is none, or it is in the trash.
    """
    row = session.get(Message, row_id)
    if row is None or (row.deleted_at is not None and not include_deleted):
        raise NotFoundError(_GONE)
    return row
