"""How full the context of a conversation's model is, and from where on it reads."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import Struct

from backend.errors import HearthError
from backend.ids import NEW
from backend.llm.tokens import estimate_tokens
from backend.services.assistants.assistants import AssistantService
from backend.services.chat.asking import Asking
from backend.services.chat.conversations import ConversationService
from backend.services.chat.prompts import Prompt
from backend.services.engines.engines import EngineService

if TYPE_CHECKING:
    from backend.store.chat.summaries import SummaryStore
    from backend.store.drafts import DraftStore
    from backend.store.rows import AnyMessage


class ContextUse(Struct, frozen=True, kw_only=True):
    """What the next question takes, in tokens.

    Attributes:
        context: How much the model reads at once; None when nobody says.
        is_counted: Whether the model's own tokeniser counted, instead of an estimate.
    """

    tokens: int
    context: int | None
    is_counted: bool


class ReadingStart(Struct, frozen=True):
    """From where on a model reads a conversation.

    Attributes:
        first: The id of the first message it is given; "" for all.
        has_summary: Whether it is given a summary of all before that.
        is_summarised: Whether the person wants summaries in this conversation.
    """

    first: str = ""
    has_summary: bool = False
    is_summarised: bool = False

    @property
    def leaves_out(self) -> bool:
        """Whether it does not even see what is before."""
        return bool(self.first) and not self.has_summary


def reading_of(
    answer: "AnyMessage | None", summary: "AnyMessage | None"
) -> ReadingStart:
    """Return from where on is read, after an answer, with a whole summary."""
    left = answer.reads_from if answer else ""
    if summary is None:
        return ReadingStart(left)
    first = max(left, summary.reads_from)
    return ReadingStart(first, first == summary.reads_from, is_summarised=True)


class ContextService:
    """Tells a person how much of a conversation its model reads."""

    def __init__(
        self,
        asking: Asking,
        summaries: "SummaryStore",
        conversations: ConversationService,
        drafts: "DraftStore",
        engines: EngineService,
        assistants: AssistantService,
    ) -> None:
        self._asking = asking
        self._summaries = summaries
        self._conversations = conversations
        self._drafts = drafts
        self._engines = engines
        self._assistants = assistants

    def reading(self, conversation_id: str) -> ReadingStart:
        """Return from where on the model reads a conversation."""
        answer = self._summaries.latest_answer(conversation_id)
        return reading_of(answer, self._summaries.latest(conversation_id))

    async def use(self, conversation_id: str, folder_id: str = "") -> ContextUse | None:
        """Return what the next question takes, with its draft; None without a model."""
        try:
            if conversation_id == NEW:
                for_new = self._assistants.model_for_new
                model = await asyncio.to_thread(for_new, folder_id)
                choice = await self._asking.chosen(model)
            else:
                get = self._conversations.get
                conversation = await asyncio.to_thread(get, conversation_id)
                choice = await self._asking.choice_of(conversation)
            _, engine = await self._engines.open(choice)
            asked = conversation_id, choice.model, folder_id
            prompt = await asyncio.to_thread(self._prompt, *asked)
        except HearthError:
            return None
        if not prompt.pairs:
            return None
        given = self._asking.documents.given
        prompt = await given(prompt, engine, choice.model, is_asked=False)
        turns = prompt.turns()
        measure = await engine.measure(choice.model, turns)
        guess = (
            prompt.counted.tokens_of(prompt.size)
            if prompt.counted
            else estimate_tokens(turn.text for turn in turns) + prompt.picture_tokens
        )
        counted = measure.tokens and measure.tokens + prompt.picture_tokens
        return ContextUse(
            tokens=counted or guess,
            context=measure.context,
            is_counted=measure.tokens is not None and not prompt.picture_tokens,
        )

    def _prompt(self, conversation_id: str, model: str, folder_id: str) -> Prompt:
        """Return what would be sent if the draft was asked now."""
        draft = self._drafts.get(conversation_id)
        if conversation_id == NEW:
            ask = self._asking.first_prompt
            return ask(draft, NEW, model, folder_id=folder_id)
        prompt = self._asking.next_prompt(conversation_id, draft, model)
        reading = self.reading(conversation_id)
        if not reading.leaves_out:
            return prompt
        kept = tuple(p for p in prompt.pairs if not p.id or p.id >= reading.first)
        return replace(prompt, pairs=kept)
