"""A growing answer is rendered beside the loop, for a share of the time, once."""

import asyncio
import json
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import pytest

from backend.installation import resource_path
from backend.live import painting
from backend.live.message_feed import MessageFeed
from backend.live.message_views import Answer
from backend.llm.engine import Delta
from backend.services.chat.growing import Growing
from backend.store.models import Message
from backend.store.states.message_state import MessageState
from backend.web.assets import icons_dir
from backend.web.events import EventHub, StreamEvent
from backend.web.markdown.growing_markdown import OPEN_CHARS, GrowingMarkdown, Step
from backend.web.markdown.markdown import render
from backend.web.rendering import Renderer

if TYPE_CHECKING:
    from backend.lifecycle.open_store import Services

LIST = "\n".join(f"- item {number}" for number in range(1_000))


async def closed(_ids: object) -> "Services":
    raise NotImplementedError


class Page:
    """A page that puts together what it hears, as messages.js does."""

    def __init__(self) -> None:
        self.hub = EventHub(1)
        templates = resource_path("backend", "templates")
        renderer = Renderer(templates, icons_dir(), str)
        self.broadcast = MessageFeed(self.hub, renderer, closed)
        self._subscription = self.hub.subscribe(1)

    def heard(self) -> list[dict[str, str]]:
        events: list[StreamEvent] = self._subscription.next(0) or []
        return [json.loads(event.html) for event in events if event.name == "messages"]

    def view(self, answer: Growing) -> Answer:
        message = Message(
            id=answer.message_id,
            role="assistant",
            conversation_id=answer.conversation_id,
            state=MessageState.STREAMING,
        )
        view = self.broadcast.view(message)
        assert isinstance(view, Answer)
        return view


async def grow(page: Page, answer: Growing, text: str) -> None:
    answer.add(Delta(text))
    page.broadcast.grew(answer)
    while (painted := page.broadcast.painter.get("m")) and painted.is_behind:
        assert painted.task
        await painted.task


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_a_finished_block_is_sent_once_and_an_equal_tail_never() -> None:
    async def work() -> None:
        page, answer = Page(), Growing("m", "c")
        page.broadcast.began(answer)
        await grow(page, answer, "# One\n\nTwo\nand")
        assert [event["part"] for event in page.heard()] == ["blocks", "tail"]
        await grow(page, answer, " words")
        assert [event["part"] for event in page.heard()] == ["tail"]
        await grow(page, answer, "\n")
        assert page.heard() == []

    run(work())


def test_a_page_opened_in_the_middle_has_all_of_it() -> None:
    async def work() -> None:
        page, answer = Page(), Growing("m", "c")
        page.broadcast.began(answer)
        for start in range(0, len(LIST), 500):
            await grow(page, answer, LIST[start : start + 500])
        view = page.view(answer)
        html = "".join(b.html for b in (*view.blocks.blocks, *view.tail.blocks))
        assert html.count("<li>") == 1_000
        parts = [event.get("into") for event in page.heard()]
        assert parts.count("ul") >= 2

    run(work())


def test_the_end_of_an_earlier_run_leaves_the_next_one_alone() -> None:
    async def work() -> None:
        page, first, again = Page(), Growing("m", "c"), Growing("m", "c")
        page.broadcast.began(first)
        page.broadcast.began(again)
        with pytest.raises(NotImplementedError):
            await page.broadcast.ended(first)
        assert page.view(again).is_growing
        await grow(page, again, "more")
        with pytest.raises(NotImplementedError):
            await page.broadcast.ended(again)
        assert not page.view(again).is_growing

    run(work())


def test_going_on_shows_what_was_there_and_what_follows() -> None:
    async def work() -> None:
        page, answer = Page(), Growing("m", "c", LIST)
        message = Message(id="m", role="assistant", conversation_id="c", text=LIST)
        await page.broadcast.prepare(message)
        page.broadcast.began(answer)
        assert len([*page.view(answer).blocks.blocks]) == 1
        await grow(page, answer, "\n- the last\n\n# End\n")
        view = page.view(answer)
        blocks = [*view.blocks.blocks, *view.tail.blocks]
        assert blocks == render(f"{LIST}\n- the last\n\n# End\n")

    run(work())


@pytest.mark.expects_errors
def test_a_text_that_cannot_be_rendered_is_left_to_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(self: GrowingMarkdown, text: str) -> Step:
        raise RecursionError(text)

    async def work() -> None:
        page, answer = Page(), Growing("m", "c")
        page.broadcast.began(answer)
        monkeypatch.setattr(GrowingMarkdown, "grow", broken)
        await grow(page, answer, "some")
        await grow(page, answer, " more")
        assert page.heard() == []

    run(work())


def test_rendering_rests_longer_than_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    sleep = asyncio.sleep

    async def watched(seconds: float) -> None:
        rests.append(seconds)
        await sleep(0)

    async def work() -> None:
        page, answer = Page(), Growing("m", "c")
        page.broadcast.began(answer)
        await grow(page, answer, LIST)
        painted = page.broadcast.painter.get("m")
        assert painted
        assert painted.task
        await painted.task

    monkeypatch.setattr(asyncio, "sleep", watched)
    monkeypatch.setattr(painting, "_timed", lambda _, md, text: (md.grow(text), 0.5))
    run(work())
    assert rests
    assert max(rests) == 0.5 * painting.REST
    # Rendering is all there is: what it rests is more than the pace asks for.
    assert rests[::2] == [0.5 * painting.REST] * (len(rests) // 2)
    assert len(LIST) > OPEN_CHARS


def test_a_tail_is_no_longer_than_what_is_open() -> None:
    async def work() -> None:
        page, answer = Page(), Growing("m", "c")
        page.broadcast.began(answer)
        for start in range(0, len(LIST), 500):
            await grow(page, answer, LIST[start : start + 500])
        tails = [len(e["html"]) for e in page.heard() if e["part"] == "tail"]
        assert max(tails) < 4 * OPEN_CHARS

    run(work())
