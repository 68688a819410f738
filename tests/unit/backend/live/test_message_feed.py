"""What the end of an answer changes makes of what grew what a new page shows."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.installation import resource_path
from backend.live import painting
from backend.live.message_feed import MessageFeed
from backend.live.message_views import Answer, AssistantLine
from backend.llm.engine import Delta
from backend.services.chat.context import ReadingStart
from backend.services.chat.growing import Growing
from backend.store.models import Message
from backend.store.states.message_state import MessageState
from backend.web.assets import icons_dir
from backend.web.events import EventHub
from backend.web.markdown.growing_markdown import STEP_CHARS, GrowingMarkdown, Step
from backend.web.rendering import Renderer
from tests.helpers.answer_blocks import ShownAnswer
from tests.helpers.model_texts import MODEL_TEXTS

if TYPE_CHECKING:
    from backend.lifecycle.open_store import Services

# fmt: off
PARTS = (
    "# Title", "### Small *title*", "#### Smaller", "## Next", "Some *words*, `code`.",
    "Goes on\nin [docs] and [x](https://example.com).", "[docs]: https://docs.example",
    "- one\n- two\n  - inner\n- three", "1. one\n\n   more\n2. two\n\n   more",
    "1. Do:\n   ```sh\n   ls\n   ```\n2. Then:\n   ```sh\n   cd\n   ```",
    "```python\nx = '''\ny\n'''\n```", "```\nplain\n\n\non\n```", "- [x] done",
    "| a | b |\n|---|--:|\n| 1 | *x* |\n| 2 | `y` |", "> quoted\n>\n> - more", "---",
    "$$\nx = 1\n$$", "where $x$ and \\(y\\) are", "See[^1] and[^1].", "[^1]: a note",
    "![x](https://example.com/i.png)", "<details>\n\ntext\n\n</details>", "    code",
    "\n".join(f"- item {i} has *some* `words`" for i in range(130)),
    "\n\n".join(f"{i}. item {i}\n\n   and more words" for i in range(1, 90)),
    "| a | b |\n|---|---|\n" + "\n".join(f"| {i} | *x* |" for i in range(250)),
    "```python\n" + "\n".join(f"x{i} = {i}  # line" for i in range(200)) + "\n```",
    " ".join(f"word {i} *slanted* and `code`" for i in range(140)), "مرحبا **بالعالم**",
)
# fmt: on
LIST = "\n".join(f"- item {number}" for number in range(STEP_CHARS // 8))

RENDERER = Renderer(resource_path("backend", "templates"), icons_dir(), str)


@pytest.fixture(autouse=True, scope="module")
def _at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(painting, "PACE_S", 0)
        yield


async def _nothing(*_: str) -> None:
    """Let nothing follow the end of an answer."""


@dataclass
class Page:
    """A page that was open when an answer began, beside what is stored."""

    parts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stored = Message(id="m", role="assistant", conversation_id="c")
        hub = EventHub(1)
        self.feed = MessageFeed(hub, RENDERER, self._services)
        self._heard = hub.subscribe(1)
        self.shown = ShownAnswer(self._render())

    async def _services(self, _ids: object) -> "Services":
        conversations = SimpleNamespace(retitle=lambda _: None)
        messages = SimpleNamespace(get=lambda _: self._stored)
        titles = SimpleNamespace(answer_ended=_nothing)
        summaries = SimpleNamespace(go_on=_nothing)
        services = SimpleNamespace(
            notes=SimpleNamespace(marks=dict),
            conversations=conversations,
            messages=messages,
            titles=titles,
            summaries=summaries,
        )
        return cast("Services", services)

    def _render(self) -> str:
        return RENDERER.render(self.feed.view(self._stored))

    async def begin(self, text: str = "") -> Growing:
        """Begin an answer, or go on with one."""
        self._store(text, MessageState.STREAMING)
        await self.feed.prepare(self._stored)
        answer = Growing("m", "c", text)
        self.feed.began(answer)
        self.shown = ShownAnswer(self._render())
        return answer

    async def grow(self, answer: Growing, delta: Delta, *, waits: bool = True) -> None:
        """Let more of it arrive, and perhaps be shown."""
        answer.add(delta)
        self.feed.grew(answer)
        await asyncio.sleep(0)
        painted = self.feed.painter.get("m")
        if waits and painted and painted.task:
            await painted.task

    async def end(self, answer: Growing) -> None:
        """End it, and hear all of it."""
        self._store(answer.text, MessageState.COMPLETE)
        await self.feed.ended(answer)
        for event in self._heard.next(0) or []:
            if event.name == "messages":
                data = json.loads(event.html)
                self.parts.append(data["part"])
                self.shown.hear(data)

    def _store(self, text: str, state: MessageState) -> None:
        self._stored.text, self._stored.state = text, state

    def is_as_when_opened(self) -> bool:
        """Whether it shows what a page does that is opened now."""
        return self.shown.blocks == ShownAnswer(self._render()).blocks


async def write(page: Page, answer: Growing, text: str, cuts: Sequence[int]) -> None:
    """Let a text arrive in pieces; the last one is not waited for.

    Unless it is so long that the end would come whole, which is a test of its own.
    """
    start = 0
    for cut in [*cuts, len(text)]:
        waits = cut < len(text) or cut - start > STEP_CHARS
        await page.grow(answer, Delta(text[start:cut]), waits=waits)
        start = cut


def cuts(data: st.DataObject, text: str) -> list[int]:
    return sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))


TEXTS = st.lists(st.sampled_from(PARTS), max_size=7).map("\n\n".join)


@settings(max_examples=40)
@given(TEXTS, st.sampled_from(["", "\n", "\n\n", " "]), st.data())
def test_an_answer_ends_as_a_new_page_shows_it(
    text: str, end: str, data: st.DataObject
) -> None:
    async def work() -> None:
        page = Page()
        answer = await page.begin()
        await write(page, answer, text + end, cuts(data, text))
        await page.end(answer)
        assert page.is_as_when_opened()
        assert page.parts[-1] == "ended"

    asyncio.run(work())


@pytest.mark.parametrize("text", MODEL_TEXTS)
def test_what_models_write_ends_so_wherever_it_was_cut(text: str) -> None:
    async def work() -> None:
        for cut in range(len(text) + 1):
            page = Page()
            answer = await page.begin()
            await write(page, answer, text, [cut])
            await page.end(answer)
            assert page.is_as_when_opened(), cut

    assert len({*MODEL_TEXTS}) == 60
    asyncio.run(work())


@settings(max_examples=15)
@given(TEXTS, TEXTS, st.booleans(), st.data())
def test_one_that_is_continued_or_retried_ends_so_too(
    before: str,
    after: str,
    is_continued: bool,
    data: st.DataObject,
) -> None:
    async def work() -> None:
        page = Page()
        answer = await page.begin()
        await write(page, answer, before, cuts(data, before))
        await page.end(answer)
        answer = await page.begin(before if is_continued else "")
        await write(page, answer, after, cuts(data, after))
        await page.end(answer)
        assert page.is_as_when_opened()
        assert page.parts[-1] == "ended"

    asyncio.run(work())


@settings(max_examples=15)
@given(TEXTS, TEXTS, st.integers(0, 40), st.data())
def test_one_whose_words_were_thoughts_ends_so_too(
    thoughts: str, text: str, moved: int, data: st.DataObject
) -> None:
    async def work() -> None:
        page = Page()
        answer = await page.begin()
        await write(page, answer, thoughts, cuts(data, thoughts))
        await page.grow(answer, Delta(moved=len(thoughts)))
        await write(page, answer, text, cuts(data, text))
        await page.grow(answer, Delta(moved=moved), waits=False)
        await page.end(answer)
        assert page.is_as_when_opened()

    asyncio.run(work())


def test_the_end_names_only_what_is_different() -> None:
    text = (
        "# Title\n\nSee[^1].\n\n![x](https://example.com/i.png)\n\n[^1]: note\n\nEnd."
    )

    async def work() -> None:
        page = Page()
        answer = await page.begin()
        await write(page, answer, text, range(len(text)))
        await page.end(answer)
        assert page.shown.kept == [True, False, False, False, False, True]

    asyncio.run(work())


def test_far_behind_the_end_comes_whole() -> None:
    async def work() -> None:
        page = Page()
        answer = await page.begin()
        answer.add(Delta(LIST))
        await page.end(answer)
        assert page.parts == ["whole"]
        assert page.is_as_when_opened()

    asyncio.run(work())


@pytest.mark.expects_errors
def test_what_cannot_be_rendered_while_it_grows_comes_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(self: GrowingMarkdown, text: str) -> Step:
        raise RecursionError(text)

    async def work() -> None:
        page = Page()
        answer = await page.begin()
        await page.grow(answer, Delta("# One\n\ntwo"))
        monkeypatch.setattr(GrowingMarkdown, "finish", broken)
        await page.grow(answer, Delta(" and *more*"))
        await page.end(answer)
        assert page.parts[-1] == "whole"
        assert page.is_as_when_opened()

    asyncio.run(work())


@pytest.mark.parametrize(
    ("had", "has_now", "lines"),
    [
        (["", ""], "", []),
        (["", ""], None, []),
        (["A", "B"], None, [(1, "B")]),
        (["A", "A", ""], "", [(2, "")]),
        (["", "A"], "B", [(1, "A"), (3, "B")]),
        (["A"], "", [(1, "")]),
        ([], "A", []),
    ],
)
def test_a_line_stands_where_another_assistant_answers(
    had: list[str], has_now: str | None, lines: list[tuple[int, str]]
) -> None:
    said = [
        Message(id=f"{number}", role="user", text="Q", assistant=name)
        for number, name in enumerate(had)
    ]
    said.insert(1, Message(id="s", role="summary", text=""))
    feed = Page().feed
    views = feed.views(said if had else said[1:], ReadingStart(), has_now)
    views = [view for view in views if not isinstance(view, Answer)]
    found = [
        (at, view.name)
        for at, view in enumerate(views)
        if isinstance(view, AssistantLine)
    ]
    assert found == lines
