"""Answers are written by the sidecar, whoever watches, and kept as they grow."""

import asyncio
from collections.abc import Sequence

import pytest

from backend.errors import EngineError, EngineFault
from backend.services.chat.activity import AnswerActivity
from backend.services.chat.answers import BUG_SENTENCE, AnswerService
from backend.services.chat.growing import Growing
from backend.store.change_log import RowChange
from backend.store.states.message_state import MessageState
from tests.helpers.answering import PROMPT, KeptMessages, ScriptedEngine, Watching, play


def test_a_whole_answer_is_shown_and_kept() -> None:
    messages = KeptMessages()
    watching = play(ScriptedEngine(["Hel", "lo"]), messages)
    assert watching.heard == ["began", "Hel", "Hello", "ended"]
    assert (messages.text, messages.state) == ("Hello", MessageState.COMPLETE)


def test_the_first_words_wait_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.services.chat.answers.PUBLISH_EVERY_S", 3_600)
    engine = ScriptedEngine(["some ", "words"], stay=True)

    async def meanwhile(service: AnswerService, watching: Watching) -> None:
        async with asyncio.timeout(30):
            while len(watching.heard) < 2:
                await asyncio.sleep(0)
        await service.close()

    assert play(engine, KeptMessages(), meanwhile).heard[:2] == ["began", "some "]


@pytest.mark.parametrize(
    ("end", "state"),
    [("stop", MessageState.STOPPED), ("close", MessageState.INTERRUPTED)],
)
def test_an_answer_that_is_ended_keeps_what_arrived(
    end: str, state: MessageState
) -> None:
    messages, engine = KeptMessages(), ScriptedEngine(["some ", "words"], stay=True)

    async def meanwhile(service: AnswerService, watching: Watching) -> None:
        while "some words" not in watching.heard:
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


class Unwell(Watching):
    """Fails at one of the moments it is told of."""

    def committed(self, changes: Sequence[RowChange]) -> None:
        """Take it."""

    def read_by_user(self) -> None:
        """Take it."""

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

    def storage_failed(self, sentence: str) -> None:
        super().storage_failed(sentence)
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
    monkeypatch.setattr("backend.services.chat.answers.RETRY_SAVE_S", 0.01)
    messages, unwell = KeptMessages(refusals=2), Unwell(moment)
    activity = AnswerActivity(unwell)

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
    assert "ended" in unwell.heard
