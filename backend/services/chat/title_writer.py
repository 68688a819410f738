"""Lets a model write the titles of conversations, when nothing else wants a model."""

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from backend.errors import HearthError, NotFoundError
from backend.interface.stored_values import TitleSource
from backend.llm.engine import Engine, Role, Turn
from backend.services.chat.endings import is_whole
from backend.services.chat.titles import title_in
from backend.services.engines.choices import Choice
from backend.services.engines.purposes import Purpose, Purposes

if TYPE_CHECKING:
    from backend.services.chat.activity import AnswerActivity
    from backend.services.engines.engines import EngineService
    from backend.services.engines.model_choices import ModelChoices
    from backend.store.conversations import ConversationStore
    from backend.store.messages import MessageStore
    from backend.store.models import Conversation
    from backend.store.settings import SettingStore

log = logging.getLogger("hearth.titles")

PENDING: Final = "titles.pending"
MOST_PENDING: Final = 100
DEADLINE_S: Final = 180.0
"""How long a model may take for a title, its thoughts included."""
MAX_ANSWER_CHARS: Final = 400
_EXCHANGE: Final = 2
_SHOWN_CHARS: Final = 1_500
_ASKING: Final = (
    "Write a title of at most six words for the conversation below, in its language. "
    "Answer with the title alone, without quotation marks.\n\n"
    "Question:\n{question}\n\nAnswer:\n{answer}"
)


class TitleWriter:
    """Asks for a title after the first answer; a question comes before it.

    What is to be done is stored, so that it is done also after a kill. The title made
    of the first words stays until there is another one.
    """

    def __init__(
        self,
        *,
        conversations: "ConversationStore",
        messages: "MessageStore",
        engines: "EngineService",
        choices: "ModelChoices",
        settings: "SettingStore",
        activity: "AnswerActivity",
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._engines = engines
        self._choices = choices
        self._settings = settings
        self._purposes = Purposes(settings)
        self._activity = activity
        self._wanted = asyncio.Event()

    async def answer_ended(self, conversation_id: str) -> None:
        """Take note of a first answer, if models write titles."""
        if await asyncio.to_thread(self._add, conversation_id):
            self._wanted.set()

    async def keep_writing(self) -> None:
        """Write the titles that are asked for, one after the other, for ever."""
        while True:
            self._wanted.clear()
            for conversation_id in await asyncio.to_thread(self._pending):
                try:
                    await self._write(conversation_id)
                except HearthError as exc:
                    log.info("a title could not be written: %s", exc)
                except TimeoutError:
                    log.info("a title took too long")
                except Exception:
                    log.exception("a bug kept a title from being written")
                await asyncio.to_thread(self._drop, conversation_id)
            await self._wanted.wait()

    async def _write(self, conversation_id: str) -> None:
        question = await asyncio.to_thread(self._question, conversation_id)
        conversation = await asyncio.to_thread(self._conversations.get, conversation_id)
        choice = await self._choice_for(conversation)
        if not question or not choice:
            return
        _, engine = await self._engines.open(choice)
        answer = await self._ask_alone(engine, choice.model, question)
        if title := title_in(answer):
            rename = self._conversations.retitle_by_model
            await asyncio.to_thread(rename, conversation_id, title)

    async def _choice_for(self, conversation: "Conversation") -> Choice | None:
        """Return the chosen model, else the conversation's if it is here."""
        chosen = await asyncio.to_thread(self._purposes.choice, Purpose.TITLES)
        if chosen:
            return chosen
        own = Choice.of(conversation.engine_id, conversation.model)
        return own if own and await self._choices.is_on_this_computer(own) else None

    async def _ask_alone(self, engine: Engine, model: str, question: str) -> str:
        """Ask while no answer is being written; begin again after one."""
        while True:
            await self._activity.until_answering(answering=False)
            asking = asyncio.create_task(_ask(engine, model, question))
            disturbed = asyncio.create_task(
                self._activity.until_answering(answering=True)
            )
            both = (asking, disturbed)
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                if asking.done():
                    return asking.result()
            finally:
                for task in both:
                    task.cancel()
                await asyncio.gather(*both, return_exceptions=True)

    def _question(self, conversation_id: str) -> str:
        """Return what is asked; "" where there is no first answer or a title."""
        conversation = self._conversations.get(conversation_id)
        said = self._messages.after(conversation_id, "", limit=_EXCHANGE)
        is_untitled = conversation.title_source == TitleSource.TEXT
        if not is_untitled or len(said) < _EXCHANGE or not is_whole(said[1]):
            return ""
        question, answer = (message.text[:_SHOWN_CHARS] for message in said)
        return _ASKING.format(question=question, answer=answer)

    def _pending(self) -> list[str]:
        return self._settings.get(PENDING).split()

    def _add(self, conversation_id: str) -> bool:
        """Remember that a title is asked for; False when it is not, or already."""
        try:
            is_wanted = self._purposes.writes_titles() and self._is_first(
                conversation_id
            )
        except NotFoundError:
            return False
        pending = self._pending()
        if not is_wanted or conversation_id in pending:
            return False
        kept = [*pending, conversation_id][-MOST_PENDING:]
        self._settings.set(PENDING, " ".join(kept))
        return True

    def _is_first(self, conversation_id: str) -> bool:
        said = self._messages.of_conversation(conversation_id, limit=_EXCHANGE + 1)
        return len(said) == _EXCHANGE and bool(self._question(conversation_id))

    def _drop(self, conversation_id: str) -> None:
        kept = [one for one in self._pending() if one != conversation_id]
        self._settings.set(PENDING, " ".join(kept))


async def _ask(engine: Engine, model: str, question: str) -> str:
    text = ""
    turns = [Turn(Role.USER, question)]
    async with (
        asyncio.timeout(DEADLINE_S),
        aclosing(engine.stream(model, turns)) as deltas,
    ):
        async for delta in deltas:
            text = text[: len(text) - delta.moved] + delta.text
            if len(text) > MAX_ANSWER_CHARS:
                break
    return text
