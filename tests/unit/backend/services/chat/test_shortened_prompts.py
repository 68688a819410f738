"""What is too long for a model is asked again with less of what was said before."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import ClassVar

from backend.errors import EngineError, EngineFault
from backend.llm.engine import Delta, Role, Turn
from backend.llm.options import AS_SET, Parameters
from backend.services.chat.answers import AnswerService
from backend.services.chat.growing import Growing
from backend.services.chat.prompts import Prompt, PromptMessage, prompt_of
from backend.store.states.message_state import MessageState
from tests.helpers.answering import KeptMessages, ScriptedEngine, Watching


class SmallEngine(ScriptedEngine):
    """Reads only so many characters, and says how many messages it was given."""

    def __init__(self, chars: int) -> None:
        super().__init__([])
        self._chars = chars
        self.asked: list[Sequence[Turn]] = []

    async def stream(
        self, model: str, turns: Sequence[Turn], parameters: Parameters = AS_SET
    ) -> AsyncGenerator[Delta, None]:
        self.asked.append(turns)
        if sum(len(turn.text) for turn in turns) > self._chars:
            raise EngineError(EngineFault.CONTEXT_TOO_LONG, "Too long.")
        yield Delta(f"of {len(turns)}")


def long_talk(pairs: int) -> Prompt:
    items = [
        PromptMessage(f"{kind}{i}", is_question=kind == "q", text=f"{kind}{i:03}" * 25)
        for i in range(pairs)
        for kind in "qa"
    ]
    return prompt_of([*items, PromptMessage("", is_question=True, text="Last?")])


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
            self, model: str, turns: Sequence[Turn], parameters: Parameters = AS_SET
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
