"""Answers are written by the sidecar, whoever watches, and kept as they grow."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from backend.errors import EngineError, EngineFault, StoreFullError
from backend.llm.engine import Delta, Role, Turn
from backend.services.answers import BUG_SENTENCE, AnswerService, Growing
from backend.store.states import MessageState

TURNS = (Turn(Role.USER, "Say something"),)


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

    async def models(self) -> list[str]:
        return ["scripted"]

    async def stream(
        self, model: str, turns: Sequence[Turn]
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

    def append_chunk(
        self, message_id: str, number: int, text: str, reasoning: str = ""
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
    ) -> None:
        self._refuse()
        self.text, self.state, self.error = text, state, error

    def _refuse(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise StoreFullError("The disk is full.")


class Watching:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.over = asyncio.Event()

    def began(self, answer: Growing) -> None:
        self.told.append("began")

    def grew(self, answer: Growing) -> None:
        self.told.append(answer.text)

    async def ended(self, answer: Growing) -> None:
        self.told.append("ended")
        self.over.set()

    def troubled(self, sentence: str) -> None:
        self.told.append(sentence)


def play(
    engine: ScriptedEngine,
    messages: KeptMessages,
    meanwhile: Callable[[AnswerService, Watching], object] | None = None,
) -> Watching:
    async def run() -> Watching:
        watching = Watching()
        service = AnswerService(messages, watching)
        service.start(Growing("m1", "c1"), engine, "scripted", TURNS)
        assert service.is_growing("m1")
        if meanwhile is not None:
            result = meanwhile(service, watching)
            if asyncio.iscoroutine(result):
                await result
        await asyncio.wait_for(watching.over.wait(), 10)
        assert not service.is_growing("m1")
        return watching

    return asyncio.run(run())


def test_a_whole_answer_is_shown_and_kept() -> None:
    messages = KeptMessages()
    watching = play(ScriptedEngine(["Hel", "lo"]), messages)
    assert watching.told == ["began", "Hello", "ended"]
    assert (messages.text, messages.state) == ("Hello", MessageState.COMPLETE)


@pytest.mark.parametrize(
    ("end", "state"),
    [("stop", MessageState.STOPPED), ("close", MessageState.INTERRUPTED)],
)
def test_an_answer_that_is_ended_keeps_what_arrived(
    end: str, state: MessageState
) -> None:
    messages, engine = KeptMessages(), ScriptedEngine(["some ", "words"], stay=True)

    async def meanwhile(service: AnswerService, watching: Watching) -> None:
        while "some words" not in watching.told:
            await asyncio.sleep(0.01)
        await (service.stop("c1") if end == "stop" else service.close())

    play(engine, messages, meanwhile)
    assert (messages.text, messages.state) == ("some words", state)
    assert engine.is_closed


def test_stopping_another_conversation_changes_nothing() -> None:
    messages, engine = KeptMessages(), ScriptedEngine(["words"])
    play(engine, messages, lambda service, _: service.stop("another"))
    assert messages.state is MessageState.COMPLETE


def test_an_engine_that_fails_says_why_and_the_part_is_kept() -> None:
    messages = KeptMessages()
    error = EngineError(EngineFault.CUT_OFF, "It broke off. Try again.")
    play(ScriptedEngine(["half"], error), messages)
    assert (messages.text, messages.state) == ("half", MessageState.FAILED)
    assert messages.error == "It broke off. Try again."


@pytest.mark.expects_errors
def test_a_bug_does_not_leave_an_answer_open() -> None:
    messages = KeptMessages()
    play(ScriptedEngine(["half"], ZeroDivisionError("secret")), messages)
    assert (messages.state, messages.error) == (MessageState.FAILED, BUG_SENTENCE)


def test_a_full_disk_is_told_and_the_answer_is_kept_when_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backend.services.answers.RETRY_SAVE_S", 0.01)
    messages = KeptMessages(refusals=2)
    watching = play(ScriptedEngine(["all of it"]), messages)
    assert watching.told.count("The disk is full.") == 2
    assert messages.text == "all of it"


def test_a_growing_answer_is_stored_in_pieces_meanwhile() -> None:
    messages, engine = KeptMessages(), ScriptedEngine(["one ", "two"], stay=True)

    async def meanwhile(service: AnswerService, _watching: Watching) -> None:
        while "".join(messages.chunks) != "one two":
            await asyncio.sleep(0.01)
        await service.stop("c1")

    play(engine, messages, meanwhile)
    assert messages.text == "one two"
