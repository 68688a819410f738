"""Has a model sum up what it cannot read any more."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from backend.errors import ConflictError, HearthError
from backend.services.chat.answers import AnswerService
from backend.services.chat.asking import Asking, with_summary
from backend.services.chat.context import reading_of
from backend.services.chat.conversations import ConversationService
from backend.services.chat.growing import Growing
from backend.services.chat.prompts import SUMMARY, Prompt, PromptMessage, prompt_of
from backend.services.engines.engines import EngineService

if TYPE_CHECKING:
    from backend.store.chat.summaries import SummaryStore

_REQUEST: Final = (
    "Sum up our conversation so far for somebody who goes on with it: what was asked "
    "and decided, facts, names, numbers and open questions. Write at most 300 words in "
    "the language of the conversation, without an introduction."
)
_NOTHING_LEFT_OUT: Final = (
    "The model still reads this whole conversation, so there is nothing to sum up."
)


class SummaryService:
    """Writes summaries as answers are written: they grow, and can be stopped."""

    def __init__(
        self,
        asking: Asking,
        summaries: "SummaryStore",
        conversations: ConversationService,
        answers: AnswerService,
        engines: EngineService,
    ) -> None:
        self._asking = asking
        self._summaries = summaries
        self._conversations = conversations
        self._answers = answers
        self._engines = engines

    async def begin(self, conversation_id: str) -> None:
        """Begin to sum up what the model is not given any more.

        Raises:
            ConflictError: An answer is being written, or nothing is left out.
        """
        with self._conversations.beginnings.one(conversation_id, alone=True):
            get = self._conversations.get
            conversation = await asyncio.to_thread(get, conversation_id)
            choice = await self._asking.choice_of(conversation)
            record, engine = await self._engines.open(choice)
            first, prompt = await asyncio.to_thread(self._request, conversation_id)
            prompt = await self._asking.ready(prompt, choice, engine)
            store = partial(
                self._summaries.begin, engine_name=record.name, model=choice.model
            )
            summary = await asyncio.to_thread(store, conversation_id, first)
            self._answers.start(Growing.of(summary), engine, choice.model, prompt)

    def _request(self, conversation_id: str) -> tuple[str, Prompt]:
        """Return what is asked for a summary, with files; and what it is up to."""
        earlier = self._summaries.latest(conversation_id)
        reading = reading_of(self._summaries.latest_answer(conversation_id), earlier)
        if not reading.leaves_out:
            raise ConflictError(_NOTHING_LEFT_OUT)
        begins = earlier.reads_from if earlier else ""
        said = [
            PromptMessage(message.id, message.role == "user", message.text)
            for message in self._asking.said(conversation_id)
            if begins <= message.id < reading.first and message.role != SUMMARY
        ]
        request = PromptMessage("", is_question=True, text=_REQUEST)
        known = with_summary("", earlier.text if earlier else "")
        said = self._asking.with_files(said)
        return reading.first, prompt_of([*said, request], known)

    async def go_on(self, conversation_id: str, role: str) -> None:
        """After an answer, sum up more where the person has chosen that before."""
        if role == SUMMARY or self._answers.is_answering(conversation_id):
            return

        def read() -> bool:
            summary = self._summaries.latest(conversation_id)
            answer = self._summaries.latest_answer(conversation_id)
            return summary is not None and reading_of(answer, summary).leaves_out

        try:
            if await asyncio.to_thread(read):
                await self.begin(conversation_id)
        except HearthError:
            return  # what is left out is said, and can be summed up by hand
