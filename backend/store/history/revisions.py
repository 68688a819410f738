"""Changes what was asked, asks it again, and shows one version or another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backend.errors import ConflictError
from backend.ids import edit_draft
from backend.store.attachments.rows import attach_same
from backend.store.branches.lookups import leaf_below, versions_of
from backend.store.branches.paths import parent_in, path_end
from backend.store.change_log import StoreSession
from backend.store.conversations import conversation_in, touch
from backend.store.database import Database
from backend.store.drafts import clear_draft
from backend.store.exchanges import add_answer, add_answers, add_exchange
from backend.store.messages import message_in
from backend.store.models import Message
from backend.store.rows import AnyMessage
from backend.store.states.message_state import MessageState, move
from backend.store.text import clean_text

_NOT_ASKED: Final = "Only what you asked can be edited."
_NO_ANSWER: Final = "Only an answer can be written again."


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """A question that was asked again, in a branch of its own.

    Attributes:
        answer: The one to come.
        transaction_id: Of all of it.
    """

    question: AnyMessage
    answer: AnyMessage
    transaction_id: str


class RevisionStore:
    """Changes questions, and keeps versions beside each other."""

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
            _asked_in(session, question_id).text = clean_text(text)
            clear_draft(session, edit_draft(question_id))
            return session.transaction_id

    def ask_again(
        self,
        question_id: str,
        text: str,
        *,
        engine_name: str,
        model: str,
        assistant: str = "",
    ) -> AskedAgain:
        """Ask with another text beside a question, which stays with what follows it.

        Raises:
            ConflictError: It is an answer.
            NotFoundError: There is no such message.
        """
        with self._database.write() as session:
            asked = _asked_in(session, question_id)
            clear_draft(session, edit_draft(question_id))
            parent = parent_in(session, asked)
            place = asked.conversation_id
            again = add_exchange(
                session,
                place,
                text,
                engine_name,
                model,
                parent=parent,
                assistant=assistant,
            )
            attach_same(session, question_id, again[0].id)
            touch(session, place, again[1].id)
            return AskedAgain(*again, session.transaction_id)

    def answer_again(
        self, answer_id: str, *, engine_name: str, model: str, assistant: str = ""
    ) -> tuple[AnyMessage, str]:
        """Begin another answer beside one; return it and the transaction id.

        Raises:
            ConflictError: It is being written, or is nothing an engine answers.
            NotFoundError: There is no such message.
        """
        with self._database.write() as session:
            earlier = message_in(session, answer_id)
            if earlier.role != "assistant":
                raise ConflictError(_NO_ANSWER)
            move(earlier.state, MessageState.STREAMING)
            answer = add_answer(session, earlier, engine_name, model, assistant)
            touch(session, earlier.conversation_id, answer.id)
            return answer, session.transaction_id

    def answer_side_by_side(
        self, question_id: str, models: Sequence[tuple[str, str]], assistant: str = ""
    ) -> Sequence[AnyMessage]:
        """Begin an answer of each engine, by its name, and model to a question.

        What is shown of the conversation stays so.

        Raises:
            ConflictError: It is an answer.
            NotFoundError: There is no such message.
        """
        with self._database.write() as session:
            asked = _asked_in(session, question_id)
            shown = path_end(session, asked.conversation_id)
            touch(session, asked.conversation_id, shown)
            return add_answers(session, asked, models, assistant)

    def show(self, message_id: str, step: int = 0) -> str:
        """Show a message, or one of its other versions, with all that goes with it.

        Args:
            message_id: The message.
            step: How many versions later; the last, or first, where there is none.

        Returns:
            The id of what is shown.

        Raises:
            NotFoundError: There is no such message.
        """
        with self._database.read() as reading:
            message = message_in(reading, message_id)
        if not step and not message.aside:
            return message_id
        with self._database.write() as session:
            place = message_in(session, message_id).conversation_id
            together = [one.id for one in versions_of(session, place, message_id)]
            at = together.index(message_id) + step
            chosen = together[min(max(at, 0), len(together) - 1)]
            conversation = conversation_in(session, place)
            conversation.shown_leaf = leaf_below(session, place, chosen)
            return chosen


def _asked_in(session: StoreSession, question_id: str) -> Message:
    asked = message_in(session, question_id)
    if asked.role != "user":
        raise ConflictError(_NOT_ASKED)
    return asked
