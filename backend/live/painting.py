"""Renders growing answers beside the event loop, one at a time, in a share of the time.

Rendering holds Python's lock as any other work does: in a thread of its own and with a
rest after each piece, requests and the heartbeat are answered meanwhile, however fast a
model writes and however hard its text is to render.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from backend.services.chat.growing import Growing
from backend.web.markdown.growing_markdown import STEP_CHARS, GrowingMarkdown, Step
from backend.web.markdown.markdown import Block
from backend.web.markdown.markdown_page import headings_after

log = logging.getLogger("hearth.answers")

MARKED_CHARS: Final = 8_000
"""Longer code gets its marks with the end."""
REST: Final = 4
"""For each second of rendering, seconds without."""
PACE_S: Final = 0.1
"""From one piece to the next of the same answer: a page is drawn again for each."""


class Painted:
    """A growing answer, and how much of it is rendered.

    Attributes:
        blocks: What is finished, as it was shown last.
        tail: What is open, as it was shown last.
        chars: How much of the answer's text these show.
        thoughts: How much of the answer's thinking was shown.
        corrections: How often text was taken back, as thoughts, before these.
        headings: Under which stands what is open.
        is_over: No further piece of it is rendered.
    """

    def __init__(
        self, answer: Growing, markdown: GrowingMarkdown | None = None
    ) -> None:
        self.answer = answer
        self.markdown = markdown or GrowingMarkdown(marked_chars=MARKED_CHARS)
        self.blocks: Sequence[Block] = ()
        self.tail: Sequence[Block] = ()
        self.chars = 0
        self.thoughts = len(answer.reasoning)
        self.corrections = len(answer.corrections)
        self.headings: Sequence[int] = ()
        self.is_over = False
        self.task: asyncio.Task[None] | None = None

    @property
    def is_behind(self) -> bool:
        """Whether there is more to show."""
        if self.is_over or self.is_outdated:
            return False
        return self.has_thought or self.markdown.is_behind(self.answer.text)

    @property
    def has_thought(self) -> bool:
        """Whether there is more of the thinking than was shown."""
        return self.thoughts != len(self.answer.reasoning)

    @property
    def is_outdated(self) -> bool:
        """Whether what is shown was taken back."""
        return self.corrections != len(self.answer.corrections)

    def clear(self) -> None:
        """Show nothing of what was taken back."""
        self.markdown = GrowingMarkdown(marked_chars=MARKED_CHARS)
        self.blocks = self.tail = self.headings = ()
        self.chars = 0
        self.corrections = len(self.answer.corrections)

    def take(self, step: Step) -> Sequence[Block]:
        """Remember what is shown from now on; return what was open before."""
        had, self.blocks, self.tail = self.tail, step.blocks, step.tail
        self.chars = self.markdown.taken
        return had


Advance = Callable[[GrowingMarkdown, str], Step]
Show = Callable[[Painted, Step, Sequence[Block]], None]
"""Called with an answer, how it has grown, and what was open before."""


class Painter:
    """The growing answers, as they are shown. Use on the event loop."""

    def __init__(self, show: Show) -> None:
        """Show each step by `show`, which is called on the event loop."""
        self._show = show
        self._painted: dict[str, Painted] = {}
        self._ready: dict[str, tuple[str, tuple[GrowingMarkdown, Step]]] = {}
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="painter")

    def get(self, message_id: str) -> Painted | None:
        """Return how a growing answer is shown; None when it does not grow."""
        return self._painted.get(message_id)

    async def prepare(self, message_id: str, text: str) -> None:
        """Render a text that will be gone on with."""
        run = asyncio.get_running_loop().run_in_executor
        self._ready[message_id] = text, await run(self._thread, _whole, text)

    def begin(self, answer: Growing) -> None:
        """Show what a continued answer already has."""
        text, ready = self._ready.pop(answer.message_id, ("", None))
        if ready is None or text != answer.text:
            ready = _whole(answer.text)
        painted = self._painted[answer.message_id] = Painted(answer, ready[0])
        painted.take(ready[1])
        painted.headings = headings_after(painted.blocks)

    async def finish(self, answer: Growing) -> Sequence[Block] | None:
        """Show the rest of an answer that has ended; return all blocks of it.

        None when they are not shown: its end is to be shown whole.
        """
        painted = self._painted.get(answer.message_id)
        if painted is None or painted.answer is not answer or painted.is_over:
            return None
        painted.is_over = True
        is_far_behind = len(answer.text) - painted.markdown.taken > STEP_CHARS
        if is_far_behind or painted.is_outdated:
            return None
        try:
            # The thread is one: a piece that is being rendered is shown before.
            await self._step(painted, GrowingMarkdown.finish)
        except Exception:
            log.exception("the end of an answer could not be rendered")
            return None
        return painted.blocks

    def end(self, answer: Growing) -> bool:
        """Let go of an answer; return False when it is being written again already."""
        painted = self._painted.get(answer.message_id)
        is_shown = painted is not None and painted.answer is answer
        if is_shown:
            del self._painted[answer.message_id]
        return is_shown

    def catch_up(self, painted: Painted) -> None:
        """Begin to render what is new, unless that is under way."""
        if painted.task is None or painted.task.done():
            name = f"paint {painted.answer.message_id}"
            painted.task = asyncio.create_task(self._paint(painted), name=name)

    async def _paint(self, painted: Painted) -> None:
        loop = asyncio.get_running_loop()
        try:
            while painted.is_behind:
                next_at = loop.time() + PACE_S
                async with self._turn:
                    spent = await self._step(painted, GrowingMarkdown.grow)
                    await asyncio.sleep(spent * REST)
                await asyncio.sleep(max(next_at - loop.time(), 0))
        except Exception:
            # The end of the answer is rendered whole, and shown.
            painted.is_over = True
            log.exception("a growing answer could not be rendered")

    async def _step(self, painted: Painted, advance: Advance) -> float:
        """Render and show a piece; return for how many seconds it was rendered."""
        run = asyncio.get_running_loop().run_in_executor
        markdown, text = painted.markdown, painted.answer.text
        step, spent = await run(self._thread, _timed, advance, markdown, text)
        is_shown = self._painted.get(painted.answer.message_id) is painted
        if is_shown and markdown is painted.markdown and not painted.is_outdated:
            self._show(painted, step, painted.take(step))
        return spent


def _whole(text: str) -> tuple[GrowingMarkdown, Step]:
    markdown = GrowingMarkdown(marked_chars=MARKED_CHARS)
    step = markdown.grow("")
    while markdown.is_behind(text):
        step = markdown.grow(text)
    return markdown, step


def _timed(
    advance: Advance, markdown: GrowingMarkdown, text: str
) -> tuple[Step, float]:
    begun = time.thread_time()
    return advance(markdown, text), time.thread_time() - begun
