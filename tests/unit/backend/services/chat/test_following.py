"""An answer is followed over its end, a new beginning and another sidecar."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from backend.interface.api_types import AnswerPiece, checksum
from backend.llm.engine import Delta
from backend.services.chat.activity import AnswerActivity
from backend.services.chat.endings import KeptAnswer
from backend.services.chat.following import KnownText, pieces
from backend.services.chat.growing import Growing
from backend.store.models import Message
from backend.store.states.message_state import MessageState
from tests.unit.backend.services.chat.test_activity import Silence

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Run on the loop of the standard library."""
    return "asyncio"


class Kept:
    """What is stored of an answer, and who follows it."""

    def __init__(self) -> None:
        self.activity = AnswerActivity(Silence())
        self.message = Message(id="m", role="assistant", state=MessageState.STREAMING)
        self.became = KeptAnswer()

    def begin(self, text: str = "") -> Growing:
        answer = Growing("m", "c", text)
        self.message.state = MessageState.STREAMING
        self.activity.began(answer)
        return answer

    def add(self, answer: Growing, delta: Delta) -> None:
        answer.add(delta)
        self.activity.grew(answer)

    async def end(self, answer: Growing, state: MessageState) -> None:
        self.message.text, self.message.state = answer.text, state
        await self.activity.ended(answer)

    def follow(
        self, known: KnownText | None = None
    ) -> AsyncIterator[AnswerPiece | None]:
        async def stored() -> Message:
            return self.message

        async def became() -> KeptAnswer:
            return self.became

        whose = self.activity, known or KnownText(), "m"
        return pieces(*whose, stored, became, 0.01)


async def all_of(following: AsyncIterator[AnswerPiece | None]) -> list[AnswerPiece]:
    return [piece async for piece in following if piece]


def growing(at: int, text: str) -> AnswerPiece:
    return AnswerPiece(at=at, text=text, state="streaming")


async def test_each_piece_is_what_is_new_until_the_last() -> None:
    kept = Kept()
    following = kept.follow()
    assert await anext(following) is None, "it is stored and does not grow yet"
    answer = kept.begin()
    kept.add(answer, Delta("Hel"))
    assert await anext(following) == growing(0, "Hel")
    assert await anext(following) is None
    kept.add(answer, Delta("lo"))
    assert await anext(following) == growing(3, "lo")
    kept.add(answer, Delta(moved=2))
    assert await anext(following) == growing(3, "")
    kept.add(answer, Delta("p"))
    kept.message.error = "It went away."
    await kept.end(answer, MessageState.FAILED)
    assert await all_of(following) == [
        growing(3, "p"),
        AnswerPiece(
            at=4, text="", state="failed", note="It went away.", error="It went away."
        ),
    ]


async def test_a_whole_answer_may_have_a_remark_that_is_no_error() -> None:
    kept = Kept()
    kept.message.error = "The oldest message was left out."
    await kept.end(kept.begin("Hi"), MessageState.COMPLETE)
    [last] = await all_of(kept.follow())
    assert (last.text, last.note, last.error) == ("Hi", kept.message.error, "")
    kept.became = KeptAnswer(error="It is not kept as a note.")
    [last] = await all_of(kept.follow())
    assert last.error == "It is not kept as a note."
    assert last.note.endswith(last.error)


async def test_an_answer_that_is_begun_again_takes_the_place_of_the_first() -> None:
    kept = Kept()
    first = kept.begin("One two")
    following = kept.follow()
    assert await anext(following) == growing(0, "One two")
    kept.message.text = "One two"
    await kept.end(first, MessageState.STOPPED)
    kept.begin("One")
    assert await anext(following) == growing(0, "One")


@pytest.mark.parametrize(
    ("text", "at"),
    [("Hello", 3), ("Hel", 3), ("He", 0), ("Other", 0), ("", 0)],
    ids=["goes on", "has all", "has too much", "has another", "has nothing"],
)
@pytest.mark.parametrize("ends", [True, False], ids=["ended", "growing"])
async def test_who_comes_back_gets_what_is_missing(
    text: str, at: int, *, ends: bool
) -> None:
    kept = Kept()
    answer = kept.begin(text)
    if ends:
        await kept.end(answer, MessageState.INTERRUPTED)
    following = kept.follow(KnownText(3, checksum("Hel")))
    piece = await asyncio.wait_for(anext(following), 5)
    if text == "Hel" and not ends:
        assert piece is None
    else:
        assert piece
        assert (piece.at, piece.text) == (at, text[at:])
