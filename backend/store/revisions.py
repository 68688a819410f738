"""Changes what was asked, and asks it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from backend.errors import ConflictError
from backend.ids import edit_draft, now_ms
from backend.store.change_log import StoreSession
from backend.store.conversations import touch
from backend.store.database import Database
from backend.store.drafts import clear_draft
from backend.store.message_state import MessageState
from backend.store.messages import begin_again, message_in
from backend.store.models import Message
from backend.store.text import clean_text

_NOT_ASKED: Final = "Only what you asked can be edited."


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """A question that was asked again.

    Attributes:
        answer: The one to come.
        is_new: It takes the place of none.
        removed: The messages that followed and went to the trash.
        transaction_id: Of all of it.
    """

    question: Message
    answer: Message
    is_new: bool
    removed: Sequence[str]
    transaction_id: str


class RevisionStore:
    """Changes questions."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def edit(self, question_id: str, text: str) -> str:
        """Give a question another text; return the transaction id.

        Raises:
            ConflictError: It is an answer.
            NotFoundError: There is no such message.
        """
        with self._database.write() as session:
            _edit(session, question_id, text)
            return session.transaction_id

    def ask_again(
        self, question_id: str, text: str, *, engine_name: str, model: str
    ) -> AskedAgain:
        """Give a question another text, and begin its answer again.

        The answer stays the same row, so that its earlier text is in its history and
        all has its old place after an undo. What followed goes to the trash.

        Raises:
            ConflictError: It is an answer, or one is still being written.
            NotFoundError: There is no such message.
        """
        with self._database.write() as session:
            asked = _edit(session, question_id, text)
            touch(session, asked.conversation_id)
            later = _later_than(session, asked)
            answers = [message for message in later if message.reply_to == asked.id]
            if answers:
                answer = answers[-1]
                begin_again(session, answer, keep_text=False)
            else:
                answer = _new_answer(session, asked)
            answer.engine, answer.model = engine_name, clean_text(model)
            followed = [message for message in later if message is not answer]
            deleted_at = now_ms()
            for message in followed:
                message.deleted_at = deleted_at
            removed = [message.id for message in followed]
            return AskedAgain(
                asked, answer, not answers, removed, session.transaction_id
            )


def _edit(session: StoreSession, question_id: str, text: str) -> Message:
    asked = message_in(session, question_id)
    if asked.role != "user":
        raise ConflictError(_NOT_ASKED)
    asked.text = clean_text(text)
    clear_draft(session, edit_draft(question_id))
    return asked


def _later_than(session: Session, asked: Message) -> list[Message]:
    query = (
        select(Message)
        .where(
            Message.conversation_id == asked.conversation_id,
            col(Message.id) > asked.id,
            col(Message.deleted_at).is_(None),
        )
        .order_by(col(Message.id))
    )
    return list(session.exec(query))


def _new_answer(session: Session, asked: Message) -> Message:
    answer = Message(
        conversation_id=asked.conversation_id,
        role="assistant",
        state=MessageState.STREAMING,
        reply_to=asked.id,
    )
    session.add(answer)
    return answer
