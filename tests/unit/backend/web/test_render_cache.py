"""What was rendered is kept in memory, within bounds, and never holds the loop."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from backend.live.message_feed import MessageFeed
from backend.live.message_views import Answer
from backend.llm.engine import Delta, Wait
from backend.services.chat.growing import Growing
from backend.store.models import Message
from backend.store.states.message_state import MessageState
from backend.web.assets import icons_dir
from backend.web.events import EventHub
from backend.web.render_cache import Rendered
from backend.web.rendering import Renderer, Template

if TYPE_CHECKING:
    from backend.lifecycle.open_store import Services

TEMPLATES = Path(__file__).parents[4] / "templates"
LONG = "A *paragraph* with `code`.\n\n" * 500


def is_kept(rendered: Rendered, text: str) -> bool:
    return rendered.blocks(text) is rendered.blocks(text)


def test_a_text_is_rendered_once() -> None:
    rendered = Rendered()
    assert not is_kept(rendered, "*one*")
    asyncio.run(rendered.prepare(["*one*", ""]))
    assert is_kept(rendered, "*one*")
    assert is_kept(rendered, "")


def test_what_was_shown_longest_ago_is_let_go() -> None:
    async def show(*texts: str) -> None:
        await rendered.prepare(texts)

    rendered = Rendered(kept_chars=8)
    for text in ("one", "two", "one", "three"):
        asyncio.run(show(text))
    assert [is_kept(rendered, text) for text in ("one", "two", "three")] == [
        *(True, False, True)
    ]
    asyncio.run(show("more than eight", "and more"))
    assert is_kept(rendered, "more than eight")


def test_other_work_goes_on_while_a_long_text_is_rendered() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def race() -> None:
        counting = asyncio.create_task(count())
        await Rendered().prepare([LONG])
        counting.cancel()

    asyncio.run(race())
    assert turns > 1


def test_many_short_texts_are_rendered_in_few_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[object] = []
    hop = asyncio.to_thread

    async def counted(*args: object) -> object:
        threads.append(args)
        return await hop(*args)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(asyncio, "to_thread", counted)
    cache = Rendered()
    texts = [f"Answer *{number}*. " + "words " * 50 for number in range(100)]
    asyncio.run(cache.prepare(texts))
    assert all(is_kept(cache, text) for text in texts)
    assert 1 < len(threads) < 10


async def closed(_ids: object) -> "Services":
    return cast("Services", SimpleNamespace(notes=SimpleNamespace(marks=dict)))


def test_a_log_is_read_again_when_an_answer_ends_meanwhile(tmp_path: Path) -> None:
    growing = Message(
        id="1", role="assistant", conversation_id="2", state=MessageState.STREAMING
    )
    ended = Message(id="1", role="assistant", conversation_id="2", text="*All*")
    states = iter([[growing], [ended]])

    async def reading() -> list[Message]:
        return next(states)

    async def still_growing() -> list[Message]:
        return [growing]

    async def read() -> None:
        broadcast = MessageFeed(EventHub(), Renderer(tmp_path, tmp_path, str), closed)
        assert await broadcast.read(reading) == [ended]
        broadcast.began(Growing("1", "2"))
        assert await broadcast.read(still_growing) == [growing]

    asyncio.run(read())


def test_an_answer_whose_end_was_not_stored_is_shown_as_it_is(tmp_path: Path) -> None:
    left = Message(
        id="1", role="assistant", conversation_id="2", state=MessageState.STREAMING
    )

    async def reading() -> list[Message]:
        return [left]

    broadcast = MessageFeed(EventHub(), Renderer(tmp_path, tmp_path, str), closed)
    assert asyncio.run(broadcast.read(reading)) == [left]


def test_long_code_gets_its_marks_when_the_answer_has_ended(tmp_path: Path) -> None:
    text = "```python\n" + "x = 1\n" * 2_000
    message = Message(id="1", role="assistant", conversation_id="2", text=text)
    broadcast = MessageFeed(EventHub(), Renderer(tmp_path, tmp_path, str), closed)
    assert "<u>1</u>" in code_of(broadcast.view(message))
    broadcast.began(Growing("1", "2", text))
    assert code_of(broadcast.view(message)).startswith("x = 1\n")


def test_text_that_was_a_thought_leaves_the_page(tmp_path: Path) -> None:
    message = Message(
        id="1", role="assistant", conversation_id="2", state=MessageState.STREAMING
    )
    hub = EventHub(0)
    heard = hub.subscribe(0)
    growing = Growing("1", "2")

    async def grow(broadcast: MessageFeed, delta: Delta) -> None:
        growing.add(delta)
        broadcast.grew(growing)
        painted = broadcast.painter.get("1")
        assert painted is not None
        assert painted.task is not None
        await painted.task

    async def main() -> Answer:
        broadcast = MessageFeed(hub, Renderer(TEMPLATES, tmp_path, str), closed)
        broadcast.began(growing)
        await grow(broadcast, Delta("Hm.\n\nSo.\n\nWell"))
        await grow(broadcast, Delta("Four", "", len(growing.text)))
        view = broadcast.view(message)
        assert isinstance(view, Answer)
        return view

    view = asyncio.run(main())
    events = [event for event in heard.next(0) or [] if event.name == "messages"]
    parts = {part["part"]: part for part in (json.loads(e.html) for e in events)}
    assert list(parts)[-2:] == ["cleared", "reasoning"]
    assert "Four" in parts["tail"]["html"]
    assert "Well" in parts["reasoning"]["html"]
    shown = "".join(b.html for b in (*view.blocks.blocks, *view.tail.blocks))
    assert "Four" in shown
    assert "Hm." not in shown


def test_an_answer_says_that_it_waits_for_another_one_and_no_longer(
    tmp_path: Path,
) -> None:
    hub = EventHub(0)
    heard = hub.subscribe(0)
    growing = Growing("1", "2")
    written = "still writing another answer"

    async def main() -> None:
        broadcast = MessageFeed(hub, Renderer(TEMPLATES, icons_dir(), str), closed)
        message = Message(
            id="1", role="assistant", conversation_id="2", state=MessageState.STREAMING
        )
        broadcast.began(growing)
        for wait in (Wait.TURN, Wait.TURN, Wait.READING):
            growing.add(Delta(wait=wait))
            broadcast.grew(growing)
            view = broadcast.view(message)
            assert isinstance(view, Answer)
            assert bool(view.waiting.words) is (wait is Wait.TURN)

    asyncio.run(main())
    events = [event for event in heard.next(0) or [] if event.name == "messages"]
    parts = [json.loads(event.html) for event in events]
    lines = [part["html"] for part in parts if part["part"] == "wait"]
    assert [written in line for line in lines] == [True, False]


def code_of(view: Template) -> str:
    assert isinstance(view, Answer)
    return "".join(b.html for b in (*view.blocks.blocks, *view.tail.blocks))
