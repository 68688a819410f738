"""Answers are written by the sidecar, whoever watches, and kept as they grow."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from backend.errors import (
    ConflictError,
    EngineError,
    EngineFault,
    NotFoundError,
    StoreFullError,
)
from backend.llm.engine import Delta, Role, Turn
from backend.services.activity import Activity
from backend.services.answers import BUG_SENTENCE, AnswerService
from backend.services.growing import Growing
from backend.services.prompts import Prompt, Said, prompt_of
from backend.store.states import MessageState

PROMPT = prompt_of([Said("q1", is_question=True, text="Say something")])


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


class Unwell(Watching):
    """Fails at one of the moments it is told of."""

    def __init__(self, moment: str) -> None:
        super().__init__()
        self._moment = moment

    def began(self, answer: Growing) -> None:
        super().began(answer)
        self._fail("began")

    def grew(self, answer: Growing) -> None:
        super().grew(answer)
        self._fail("grew")

    async def ended(self, answer: Growing) -> None:
        await super().ended(answer)
        self._fail("ended")

    def troubled(self, sentence: str) -> None:
        super().troubled(sentence)
        self._fail("troubled")

    def _fail(self, moment: str) -> None:
        if moment == self._moment:
            raise UnicodeEncodeError("utf-8", "x", 0, 1, "not allowed")


@pytest.mark.expects_errors
@pytest.mark.parametrize("moment", ["began", "grew", "ended", "troubled"])
@pytest.mark.parametrize("in_front", [False, True], ids=["alone", "behind activity"])
def test_who_listens_and_fails_does_not_stop_an_answer(
    moment: str, in_front: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.services.answers.RETRY_SAVE_S", 0.01)
    messages, unwell = KeptMessages(refusals=2), Unwell(moment)
    activity = Activity(unwell)

    async def run() -> None:
        service = AnswerService(messages, activity if in_front else unwell)
        engine = ScriptedEngine(["one ", "two"])
        service.start(Growing("m1", "c1"), engine, "scripted", PROMPT)
        await asyncio.wait_for(service.wait("m1"), 10)
        assert not service.is_growing("m1")
        assert not service.is_answering("c1")
        assert (await activity.news(0, 0)).growing == 0

    asyncio.run(run())
    assert (messages.text, messages.state) == ("one two", MessageState.COMPLETE)
    assert "ended" in unwell.told


class BrokenMessages(KeptMessages):
    """A store in which an act fails, the first times."""

    def __init__(self, act: str, error: Exception, times: int) -> None:
        super().__init__()
        self._act, self._error, self._times = act, error, times

    def append_chunk(
        self,
        message_id: str,
        number: int,
        text: str,
        reasoning: str = "",
        moved: int = 0,
    ) -> None:
        self._fail("append_chunk")
        super().append_chunk(message_id, number, text, reasoning, moved)

    def finish(
        self,
        message_id: str,
        *,
        text: str,
        reasoning: str,
        state: MessageState,
        error: str = "",
    ) -> None:
        self._fail("finish")
        super().finish(
            message_id, text=text, reasoning=reasoning, state=state, error=error
        )

    def _fail(self, act: str) -> None:
        if act == self._act and self._times:
            self._times -= 1
            raise self._error


@pytest.mark.expects_errors
@pytest.mark.parametrize(
    ("act", "error", "times", "state"),
    [
        ("append_chunk", ZeroDivisionError(), 99, MessageState.STOPPED),
        ("append_chunk", ConflictError("Ended."), 99, MessageState.STOPPED),
        ("finish", ZeroDivisionError(), 1, MessageState.FAILED),
        ("finish", ZeroDivisionError(), 99, None),
        ("finish", NotFoundError("Gone."), 99, None),
        ("finish", ConflictError("Ended."), 99, None),
    ],
)
def test_a_store_that_fails_does_not_keep_an_answer_open(
    act: str, error: Exception, times: int, state: MessageState | None
) -> None:
    messages = BrokenMessages(act, error, times)

    async def meanwhile(service: AnswerService, watching: Watching) -> None:
        while "a word" not in watching.told:
            await asyncio.sleep(0.01)
        await asyncio.wait_for(service.stop("c1"), 5)

    play(ScriptedEngine(["a word"], stay=True), messages, meanwhile)
    assert messages.state is state
    assert messages.text == (None if state is None else "a word")


def test_pieces_that_could_not_be_stored_are_stored_with_the_next() -> None:
    messages = KeptMessages(refusals=1)

    async def meanwhile(service: AnswerService, watching: Watching) -> None:
        while not messages.chunks:
            await asyncio.sleep(0.01)
        assert messages.chunks == ["one two"]
        await service.stop("c1")

    class Slow(ScriptedEngine):
        async def stream(
            self, model: str, turns: Sequence[Turn]
        ) -> AsyncGenerator[Delta, None]:
            yield Delta("one ")
            while messages.refusals:
                await asyncio.sleep(0.01)
            yield Delta("two")
            await asyncio.Event().wait()

    play(Slow([]), messages, meanwhile)


def test_stopping_while_the_end_is_stored_does_not_lose_it() -> None:
    storing, go_on = threading.Event(), threading.Event()

    class Slow(KeptMessages):
        def finish(
            self,
            message_id: str,
            *,
            text: str,
            reasoning: str,
            state: MessageState,
            error: str = "",
        ) -> None:
            storing.set()
            assert go_on.wait(5)
            super().finish(
                message_id, text=text, reasoning=reasoning, state=state, error=error
            )

    messages = Slow()

    async def meanwhile(service: AnswerService, _watching: Watching) -> None:
        await asyncio.to_thread(storing.wait, 5)
        stopping = asyncio.create_task(service.stop("c1"))
        await asyncio.sleep(0)
        go_on.set()
        await stopping

    watching = play(ScriptedEngine(["whole"]), messages, meanwhile)
    assert (messages.text, messages.state) == ("whole", MessageState.COMPLETE)
    assert watching.told[-1] == "ended"


class SmallEngine(ScriptedEngine):
    """Reads only so many characters, and says how many messages it was given."""

    def __init__(self, chars: int) -> None:
        super().__init__([])
        self._chars = chars
        self.asked: list[Sequence[Turn]] = []

    async def stream(
        self, model: str, turns: Sequence[Turn]
    ) -> AsyncGenerator[Delta, None]:
        self.asked.append(turns)
        if sum(len(turn.text) for turn in turns) > self._chars:
            raise EngineError(EngineFault.CONTEXT_TOO_LONG, "Too long.")
        yield Delta(f"of {len(turns)}")


def long_talk(pairs: int) -> Prompt:
    told = [
        Said(f"{kind}{i}", is_question=kind == "q", text=f"{kind}{i:03}" * 25)
        for i in range(pairs)
        for kind in "qa"
    ]
    return prompt_of([*told, Said("", is_question=True, text="Last?")])


def answer_with(engine: SmallEngine, *prompts: Prompt) -> KeptMessages:
    messages = KeptMessages()

    async def run() -> None:
        service = AnswerService(messages, Watching())
        for number, prompt in enumerate(prompts):
            answer = Growing(f"m{number}", "c1")
            service.start(answer, engine, "small", prompt)
            await asyncio.wait_for(service.wait(f"m{number}"), 10)

    asyncio.run(run())
    return messages


def test_what_does_not_fit_is_left_out_from_the_oldest_on_and_said() -> None:
    engine = SmallEngine(chars=1_000)
    messages = answer_with(engine, long_talk(20))
    assert messages.state is MessageState.COMPLETE
    sent = engine.asked[-1]
    assert sent[0].role is Role.USER
    assert sent[-1].text == "Last?"
    left_out = 41 - len(sent)
    assert messages.text == f"of {len(sent)}"
    assert f"The {left_out} oldest messages were left out" in messages.error


def test_the_next_question_does_not_ask_for_too_much_again() -> None:
    engine = SmallEngine(chars=1_000)
    answer_with(engine, long_talk(20))
    tries = len(engine.asked)
    engine = SmallEngine(chars=1_000)
    answer_with(engine, long_talk(20), long_talk(21))
    assert len(engine.asked) == tries + 1
    first, second = engine.asked[-2:]
    assert second[0] == first[0]


def test_a_question_that_alone_is_too_long_fails_with_its_sentence() -> None:
    messages = answer_with(SmallEngine(chars=2), long_talk(3))
    assert messages.state is MessageState.FAILED
    assert messages.error.startswith("Too long.")


def test_an_answer_cut_at_once_by_a_full_context_goes_on_with_less() -> None:
    class Full(ScriptedEngine):
        asked: ClassVar[list[Sequence[Turn]]] = []

        async def stream(
            self, model: str, turns: Sequence[Turn]
        ) -> AsyncGenerator[Delta, None]:
            self.asked.append(turns)
            if len(self.asked) == 1:
                yield Delta("Two ")
                raise EngineError(EngineFault.LIMIT, "Cut.")
            yield Delta("words")

    messages, engine = KeptMessages(), Full([])

    async def run() -> None:
        service = AnswerService(messages, Watching())
        service.start(Growing("m1", "c1"), engine, "full", long_talk(40))
        await asyncio.wait_for(service.wait("m1"), 10)

    asyncio.run(run())
    assert (messages.text, messages.state) == ("Two words", MessageState.COMPLETE)
    assert engine.asked[1][-1] == Turn(Role.ASSISTANT, "Two ")
    assert "left out" in messages.error
