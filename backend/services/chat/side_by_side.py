"""Asks several models the same; each answer is a version beside the others."""

import asyncio
from typing import TYPE_CHECKING, Final

from backend.errors import ConflictError, InvalidInputError
from backend.ids import NEW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.llm.engine import Engine
    from backend.services.chat.asking import Asking
    from backend.services.chat.conversations import ConversationService, Exchange
    from backend.services.chat.prompts import Prompt
    from backend.services.engines.choices import Choice
    from backend.services.engines.engines import EngineService
    from backend.store.history.revisions import RevisionStore
    from backend.store.messages import MessageStore
    from backend.store.rows import AnyMessage

MOST: Final = 4
_NOT_ASKED: Final = "Only a question can be answered by several models."


class SideBySide:
    """Lets several models answer one question; each answer ends and stops alone."""

    def __init__(
        self,
        asking: "Asking",
        messages: "MessageStore",
        revisions: "RevisionStore",
        conversations: "ConversationService",
        engines: "EngineService",
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._revisions = revisions
        self._engines = engines
        self._asking = asking

    async def ask(
        self,
        conversation_id: str,
        text: str,
        choices: "Sequence[Choice]",
        submission: str,
        folder_id: str = "",
    ) -> "Exchange":
        """Ask a new question of several models, also the first one in a folder.

        Raises:
            InvalidInputError: The text is no question, or the models are too many.
            ConflictError: One of them cannot answer, or an answer is in the way.
        """
        first, *others = _checked(choices, least=2)
        await self._open(others)
        ask = self._conversations
        if conversation_id == NEW:
            place = {"draft": NEW, "folder_id": folder_id}
            exchange = await ask.begin(text, first, submission, **place)
        else:
            exchange = await ask.ask(conversation_id, text, submission, first)
        # What was sent twice is asked once.
        if len(await asyncio.to_thread(self._ids, exchange.question.id)) == 1:
            await self._answer(exchange.question, others)
        return exchange

    async def answer(self, question_id: str, choices: "Sequence[Choice]") -> None:
        """Let models answer a question that was asked.

        Raises:
            InvalidInputError: The models are too many, or none.
            ConflictError: It is an answer, or one of the models cannot answer.
            NotFoundError: There is no such question.
        """
        choices = _checked(choices, least=1)
        await asyncio.to_thread(self._revisions.show, question_id)
        question = await asyncio.to_thread(self._messages.get, question_id)
        if question.role != "user":
            raise ConflictError(_NOT_ASKED)
        await self._answer(question, choices)

    async def answers(self, question_id: str) -> "Sequence[AnyMessage]":
        """Return all answers to a question, the oldest first.

        Raises:
            NotFoundError: There is no such question.
        """
        await asyncio.to_thread(self._messages.get, question_id)

        def read() -> "Sequence[AnyMessage]":
            return [self._messages.get(one) for one in self._ids(question_id)]

        return await self._conversations.beginnings.read(read)

    async def _answer(
        self, question: "AnyMessage", choices: "Sequence[Choice]"
    ) -> None:
        opened = await self._open(choices)
        conversation_id = question.conversation_id
        with self._conversations.beginnings.one(conversation_id):
            prompts = [
                await self._prompt(question, choice, engine)
                for choice, (_, engine) in zip(choices, opened, strict=True)
            ]
            models = [
                (name, choice.model)
                for (name, _), choice in zip(opened, choices, strict=True)
            ]
            assistant = prompts[0].assistant[1]
            begun = await asyncio.to_thread(
                self._revisions.answer_side_by_side, question.id, models, assistant
            )
            for answer, choice, (_, engine), prompt in zip(
                begun, choices, opened, prompts, strict=True
            ):
                self._conversations.start(answer, engine, choice, prompt)

    async def _prompt(
        self, question: "AnyMessage", choice: "Choice", engine: "Engine"
    ) -> "Prompt":
        make = self._asking.prompt_to
        prompt = await asyncio.to_thread(make, question, choice.model)
        return await self._asking.ready(prompt, choice, engine)

    async def _open(
        self, choices: "Sequence[Choice]"
    ) -> "Sequence[tuple[str, Engine]]":
        """Return the names of engines, and the engines, before anything is stored."""
        opened = [await self._engines.open(choice) for choice in choices]
        return [(record.name, engine) for record, engine in opened]

    def _ids(self, question_id: str) -> "Sequence[str]":
        return sorted(self._messages.answers_to(question_id))


def _checked(choices: "Sequence[Choice]", *, least: int) -> "Sequence[Choice]":
    """Return each model once."""
    choices = list(dict.fromkeys(choices))
    if not least <= len(choices) <= MOST:
        raise InvalidInputError(f"Choose {least} to {MOST} different models.")
    return choices
