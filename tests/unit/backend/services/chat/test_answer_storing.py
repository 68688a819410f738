"""An answer is stored as it grows, through whatever befalls the store."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from backend.errors import ConflictError, NotFoundError
from backend.llm.engine import Delta, Turn
from backend.llm.options import AS_SET, Parameters
from backend.services.chat.answers import AnswerService
from backend.services.chat.growing import Growing
from backend.store.states.message_state import MessageState
from tests.helpers.answering import KeptMessages, ScriptedEngine, Watching, play


def test_a_full_disk_is_told_and_the_answer_is_kept_when_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backend.services.chat.answers.RETRY_SAVE_S", 0.01)
    messages = KeptMessages(refusals=2)
    watching = play(ScriptedEngine(["all of it"]), messages)
    assert watching.heard.count("The disk is full.") == 2
    assert messages.text == "all of it"


def test_a_growing_answer_is_stored_in_pieces_meanwhile() -> None:
    messages, engine = KeptMessages(), ScriptedEngine(["one ", "two"], stay=True)

    async def meanwhile(service: AnswerService, _watching: Watching) -> None:
        while "".join(messages.chunks) != "one two":
            await asyncio.sleep(0.01)
        await service.stop("c1")

    play(engine, messages, meanwhile)
    assert messages.text == "one two"


def test_the_first_words_are_stored_as_soon_as_they_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backend.services.chat.answers.SAVE_EVERY_S", 3600)
    messages, engine = KeptMessages(), ScriptedEngine(["one ", "two"], stay=True)

    async def meanwhile(service: AnswerService, _watching: Watching) -> None:
        async with asyncio.timeout(5):
            while not messages.chunks:
                await asyncio.sleep(0.01)
        await service.stop("c1")

    play(engine, messages, meanwhile)


def test_while_nothing_arrives_nothing_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backend.services.chat.answers.SAVE_EVERY_S", 0)
    monkeypatch.setattr("backend.services.chat.answers.PUBLISH_EVERY_S", 0.001)
    messages, engine = KeptMessages(), ScriptedEngine(["one"], stay=True)
    rounds: list[None] = []
    monkeypatch.setattr(Growing, "tick", lambda _answer: rounds.append(None))

    async def meanwhile(service: AnswerService, _watching: Watching) -> None:
        while not messages.chunks:
            await asyncio.sleep(0.001)
        rounds.clear()
        while len(rounds) < 10:
            await asyncio.sleep(0.001)
        await service.stop("c1")

    play(engine, messages, meanwhile)
    assert messages.chunks == ["one"]


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

    def finish(self, message_id: str, **ended: Any) -> None:  # noqa: ANN401 passed on
        self._fail("finish")
        super().finish(message_id, **ended)

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
        while "a word" not in watching.heard:
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
            self, model: str, turns: Sequence[Turn], parameters: Parameters = AS_SET
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
        def finish(self, message_id: str, **ended: Any) -> None:  # noqa: ANN401 passed on
            storing.set()
            assert go_on.wait(5)
            super().finish(message_id, **ended)

    messages = Slow()

    async def meanwhile(service: AnswerService, _watching: Watching) -> None:
        await asyncio.to_thread(storing.wait, 5)
        stopping = asyncio.create_task(service.stop("c1"))
        await asyncio.sleep(0)
        go_on.set()
        await stopping

    watching = play(ScriptedEngine(["whole"]), messages, meanwhile)
    assert (messages.text, messages.state) == ("whole", MessageState.COMPLETE)
    assert watching.heard[-1] == "ended"
