"""Answers in memory: an engine that says its words, a store and a listener."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

from backend.errors import StoreFullError
from backend.llm.engine import Delta, Measure, Turn
from backend.llm.listed_model import ListedModel
from backend.llm.options import AS_SET, Parameters
from backend.services.chat.answers import AnswerService
from backend.services.chat.growing import Growing
from backend.services.chat.prompts import PromptMessage, prompt_of
from backend.store.states.message_state import MessageState

PROMPT = prompt_of([PromptMessage("q1", is_question=True, text="Say something")])


class ScriptedEngine:
    """Says its words, then fails or waits for ever as told."""

    def __init__(
        self,
        words: Sequence[str],
        error: Exception | None = None,
        *,
        stay: bool = False,
    ) -> None:
        self._words = words
        self._error = error
        self._stay = stay
        self.is_closed = False

    async def models(self) -> list[ListedModel]:
        return [ListedModel(id="scripted")]

    async def stream(
        self, model: str, turns: Sequence[Turn], parameters: Parameters = AS_SET
    ) -> AsyncGenerator[Delta, None]:
        try:
            for word in self._words:
                yield Delta(word)
                await asyncio.sleep(0)
            if self._error:
                raise self._error
            if self._stay:
                await asyncio.Event().wait()
        finally:
            self.is_closed = True

    async def measure(self, model: str, turns: Sequence[Turn]) -> Measure:
        return Measure()

    async def close(self) -> None:
        pass


@dataclass
class KeptMessages:
    """A store in memory that can be full for a while."""

    chunks: list[str] = field(default_factory=list)
    text: str | None = None
    state: MessageState | None = None
    error: str = ""
    refusals: int = 0
    tokens: tuple[int, int] = (0, 0)
    reads_from: str = ""

    def append_chunk(
        self,
        message_id: str,
        number: int,
        text: str,
        reasoning: str = "",
        moved: int = 0,
    ) -> None:
        self._refuse()
        assert number == len(self.chunks)
        self.chunks.append(text)

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
    ) -> None:
        self._refuse()
        self.text, self.state, self.error = text, state, error
        self.tokens, self.reads_from = tokens, reads_from

    def _refuse(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise StoreFullError("The disk is full.")


class Watching:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.over = asyncio.Event()

    def began(self, answer: Growing) -> None:
        self.heard.append("began")

    def grew(self, answer: Growing) -> None:
        self.heard.append(answer.text)

    async def ended(self, answer: Growing) -> None:
        self.heard.append("ended")
        self.over.set()

    def storage_failed(self, sentence: str) -> None:
        self.heard.append(sentence)


def play(
    engine: ScriptedEngine,
    messages: KeptMessages,
    meanwhile: Callable[[AnswerService, Watching], object] | None = None,
) -> Watching:
    """Let an engine answer to the end; return who listened.

    Args:
        engine: What answers.
        messages: Where the answer is kept.
        meanwhile: What is done while it grows.
    """

    async def run() -> Watching:
        watching = Watching()
        service = AnswerService(messages, watching)
        service.start(Growing("m1", "c1"), engine, "scripted", PROMPT)
        assert service.is_growing("m1")
        if meanwhile is not None:
            result = meanwhile(service, watching)
            if asyncio.iscoroutine(result):
                await result
        await asyncio.wait_for(watching.over.wait(), 10)
        assert not service.is_growing("m1")
        return watching

    return asyncio.run(run())
