"""The activity counts what grows, tells what ended, and wakes who waits."""

import asyncio
from collections.abc import Sequence

import pytest

from backend.services.chat.activity import AnswerActivity
from backend.services.chat.growing import Growing
from backend.store.change_log import RowChange
from backend.store.models import Conversation, Note

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Run on the loop of the standard library."""
    return "asyncio"


class Silence:
    """An audience that takes everything, and counts what was read."""

    was_read = 0

    def committed(self, changes: Sequence[RowChange]) -> None:
        """Take it."""

    def read_by_user(self) -> None:
        """Count it."""
        self.was_read += 1

    def began(self, answer: Growing) -> None:
        """Take it."""

    def grew(self, answer: Growing) -> None:
        """Take it."""

    async def ended(self, answer: Growing) -> None:
        """Take it."""

    def storage_failed(self, sentence: str) -> None:
        """Take it."""


class Unwell(Silence):
    """An audience that fails at the end."""

    async def ended(self, answer: Growing) -> None:
        raise RuntimeError(answer.message_id)


async def test_an_answer_is_counted_while_it_grows_and_told_once_it_ended() -> None:
    activity = AnswerActivity(Silence())
    before = (await activity.news(0, 0)).seq
    answer = Growing("m1", "c1")
    activity.began(answer)
    growing = await activity.news(before, 0)
    assert (growing.growing, growing.ended) == (1, [])
    await activity.ended(answer)
    after = await activity.news(growing.seq, 0)
    assert after.growing == 0
    assert [(e.message_id, e.conversation_id) for e in after.ended] == [("m1", "c1")]
    assert (await activity.news(after.seq, 0)).ended == []


async def test_who_asks_first_is_not_told_of_the_past() -> None:
    activity = AnswerActivity(Silence())
    answer = Growing("m1", "c1")
    activity.began(answer)
    await activity.ended(answer)
    assert (await activity.news(0, 0)).ended == []


async def test_waiting_for_news_ends_with_a_change() -> None:
    activity = AnswerActivity(Silence())
    seq = (await activity.news(0, 0)).seq
    waiting = asyncio.create_task(activity.news(seq, 60))
    await asyncio.sleep(0)
    activity.began(Growing("m1", "c1"))
    assert (await asyncio.wait_for(waiting, 5)).growing == 1


async def test_an_audience_that_fails_leaves_no_answer_behind() -> None:
    activity = AnswerActivity(Unwell())
    answer = Growing("m1", "c1")
    activity.began(answer)
    results = await asyncio.gather(activity.ended(answer), return_exceptions=True)
    assert isinstance(results[0], RuntimeError)
    assert (await activity.news(0, 0)).growing == 0


async def test_a_conversation_answers_then_is_unread_until_it_is_read() -> None:
    silence = Silence()
    activity = AnswerActivity(silence)
    answer = Growing("m1", "c1")
    activity.began(answer)
    assert (activity.is_answering("c1"), activity.is_answering("c2")) == (True, False)
    assert not activity.is_unread("c1")
    await activity.ended(answer)
    assert (activity.is_answering("c1"), activity.is_unread("c1")) == (False, True)
    for _ in range(2):
        activity.read("c1")
        assert silence.was_read == 1
    assert not activity.is_unread("c1")


async def test_the_shell_hears_of_a_commit_that_it_shows() -> None:
    activity = AnswerActivity(Silence())
    before = (await activity.news(0, 0)).seq
    activity.committed([RowChange("note", Note(), None, {})])
    assert (await activity.news(0, 0)).seq == before
    waiting = asyncio.create_task(activity.news(before, 60))
    await asyncio.sleep(0)
    activity.committed([RowChange("conversation", Conversation(), {}, {"title": "x"})])
    assert (await asyncio.wait_for(waiting, 5)).seq > before
