"""Tells pages how conversations go on, and renders messages as they are now."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence, Set
from contextlib import suppress
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final, cast

from markupsafe import escape
from msgspec.structs import replace

from backend.errors import NotFoundError
from backend.live.message_views import (
    Answer,
    AssistantLine,
    AttachedFiles,
    Blocks,
    QuestionView,
    ReadsFrom,
)
from backend.live.notices import Toast
from backend.live.page_events import events_of
from backend.live.painting import Painted, Painter
from backend.live.refreshes import Refreshes
from backend.live.waiting import WaitingLine
from backend.services.chat.endings import can_continue, is_whole, note_of
from backend.services.chat.growing import Growing
from backend.services.chat.prompts import SUMMARY
from backend.services.notices import Tone
from backend.store.states.message_state import MessageState
from backend.web.events import EventHub
from backend.web.markdown.growing_markdown import Step
from backend.web.markdown.markdown import Block
from backend.web.markdown.markdown_page import headings_after, placed, unchanged
from backend.web.render_cache import Rendered
from backend.web.rendering import Renderer, Template

if TYPE_CHECKING:
    from backend.lifecycle.open_store import GetServices
    from backend.services.chat.context import ReadingStart
    from backend.store.change_log import RowChange
    from backend.store.models import Attachment, Note
    from backend.store.rows import AnyMessage

log = logging.getLogger("hearth.answers")

REASONING_SHOWN_CHARS: Final = 4_000
_READINGS: Final = 3
ATTACHMENT: Final = "attachment"
NOTE: Final = "note"


class MessageFeed:
    """Tells every page what was committed, and how answers grow.

    Of a growing answer it sends a finished block once, and the open one again. Use on
    the event loop.
    """

    def __init__(
        self, hub: EventHub, renderer: Renderer, get_services: "GetServices"
    ) -> None:
        self._hub = hub
        self._refreshes = Refreshes(hub)
        self._renderer = renderer
        self._get_services = get_services
        self._rendered = Rendered()
        self._waiting: dict[str, WaitingLine] = {}
        self._beginning: dict[str, tuple[AnyMessage, bool]] = {}
        self._ended: dict[str, AnyMessage] = {}
        self._attached: dict[str, AttachedFiles] = {}
        self._marked: Set[str] = frozenset()
        self._showing: asyncio.Task[None] | None = None
        self._marking: asyncio.Task[None] | None = None
        self.painter = Painter(self._paint)

    @property
    def seq(self) -> int:
        """The number of the latest event."""
        return self._hub.seq

    async def prepare(self, message: "AnyMessage") -> None:
        """Render a text that will be gone on with."""
        await self.painter.prepare(message.id, message.text)

    def committed(self, changes: "Sequence[RowChange]") -> None:
        """Tell pages of one transaction."""
        events = events_of(changes)
        new = (c.row for c in changes if c.table == ATTACHMENT and c.before is None)
        self._keep_attached([cast("Attachment", row) for row in new])
        notes = [c for c in changes if c.table == NOTE and "deleted_at" in c.after]
        marked = {cast("Note", c.row).message_id for c in notes if c.row} - {""}
        if marked:
            self._marking = asyncio.create_task(self._show_marked(marked))
        for message_id in events.removed:
            self._tell(message_id, "removed")
        for message in events.added:
            self._show(message, is_new=True)
        for message in events.changed:
            self._show(message, is_new=False)
        # The model is asked and the first words are shown before lists are fetched.
        is_busy = bool(self._beginning) and not events.logs
        self._refreshes.add(events.nouns, events.logs, is_busy=is_busy)

    def read_by_user(self) -> None:
        """Show that a conversation has no unread answer any more."""
        self._refreshes.add({"conversations"})

    def began(self, answer: Growing) -> None:
        """Show an answer with what it already has."""
        self.painter.begin(answer)
        if begun := self._beginning.pop(answer.message_id, None):
            self._show_now(*begun)

    def grew(self, answer: Growing) -> None:
        """Let the pages have what is new, when it is rendered."""
        if painted := self.painter.get(answer.message_id):
            self._say_waiting(answer)
            if painted.is_outdated:
                painted.clear()
                self._tell(answer.message_id, "cleared")
            self.painter.catch_up(painted)

    def _say_waiting(self, answer: Growing) -> None:
        """Say what it waits for, when that is news."""
        line = _line_of(answer)
        if line != self._waiting.get(answer.message_id, WaitingLine()):
            self._waiting[answer.message_id] = line
            self._tell(answer.message_id, "wait", self._renderer.render(line))

    def _paint(self, painted: Painted, step: Step, had: Sequence[Block]) -> None:
        """Send finished blocks once, and the block being written when it changed."""
        message_id = painted.answer.message_id
        if painted.has_thought:
            reasoning = painted.answer.reasoning
            painted.thoughts = len(reasoning)
            thought = str(escape(reasoning[-REASONING_SHOWN_CHARS:]))
            self._tell(message_id, "reasoning", thought)
        for fresh in step.fresh:
            blocks = Blocks(fresh.blocks, headings=painted.headings)
            painted.headings = headings_after(fresh.blocks, painted.headings)
            html = self._renderer.render(blocks)
            self._tell(message_id, "blocks", html, into=fresh.into or "")
        # The page takes its tail for what is finished, and so needs another one.
        if step.fresh or step.tail != had:
            tail = Blocks(step.tail, headings=painted.headings)
            self._tell(message_id, "tail", self._renderer.render(tail))

    async def ended(self, answer: Growing) -> None:
        """Send what the end of an answer changed, and better the title."""
        self._waiting.pop(answer.message_id, None)
        try:
            shown = await self.painter.finish(answer)
            services = await self._get_services([answer.conversation_id])
            message = await asyncio.to_thread(services.messages.get, answer.message_id)
            await self._rendered.prepare([message.text])
        finally:
            is_shown = self.painter.end(answer)
        if is_shown and shown is not None:
            self._show_end(message, shown)
        elif is_shown:
            self._show_now(message, is_new=False)
        retitle = services.conversations.retitle
        await asyncio.to_thread(retitle, answer.conversation_id)
        await services.titles.answer_ended(answer.conversation_id)
        await services.summaries.go_on(answer.conversation_id, message.role)
        self._refreshes.add({"conversations"})

    def _show(self, message: "AnyMessage", *, is_new: bool) -> None:
        """Show a message: an answer only when it begins, or when it is rendered."""
        if message.state is MessageState.STREAMING:
            self._beginning[message.id] = message, is_new
        elif message.role == "user":
            self._show_now(message, is_new=is_new)
        elif not self.painter.get(message.id):  # else its end shows it
            self._ended[message.id] = message
            if self._showing is None or self._showing.done():
                self._showing = asyncio.create_task(self._show_ended())

    async def _show_ended(self) -> None:
        while self._ended:
            message = self._ended.pop(next(iter(self._ended)))
            try:
                await self._rendered.prepare([message.text])
            except Exception:
                log.exception("an answer could not be rendered")
                continue
            if message.id not in self._ended and not self.painter.get(message.id):
                self._show_now(message, is_new=False)

    async def _show_marked(self, message_ids: Iterable[str]) -> None:
        """Show messages that are marked, or no longer are."""
        await self._look_at_marks()
        for message_id in message_ids:
            with suppress(NotFoundError):
                services = await self._get_services([message_id])
                read = services.messages.get
                self._show(await asyncio.to_thread(read, message_id), is_new=False)

    async def _look_at_marks(self) -> None:
        services = await self._get_services([])
        self._marked = (await asyncio.to_thread(services.notes.marks)).keys()

    def _show_now(self, message: "AnyMessage", is_new: bool) -> None:  # noqa: FBT001 private
        html = self._renderer.render(self.view(message))
        if is_new:
            self._tell(message.id, "added", html, within=message.conversation_id)
        else:
            self._tell(message.id, "whole", html)

    def _show_end(self, message: "AnyMessage", shown: Sequence[Block]) -> None:
        """Send an answer without the blocks a page has already."""
        view = self._ended_view(message)
        now = placed(view.blocks.blocks, message.id)
        blocks = replace(view.blocks, kept=unchanged(placed(shown), now))
        view = replace(view, blocks=blocks, shown=len(shown))
        self._tell(message.id, "ended", self._renderer.render(view))

    def storage_failed(self, sentence: str) -> None:
        """Say that something cannot be stored at present."""
        self._hub.publish("toast", self._renderer.render(Toast(sentence, Tone.DANGER)))

    async def read(
        self, reading: "Callable[[], Awaitable[Sequence[AnyMessage]]]"
    ) -> "Sequence[AnyMessage]":
        """Read messages until what ended is rendered, and what grows still grows.

        One whose end could not be stored grows in the database alone: it is shown as
        it is there.
        """
        found: Sequence[AnyMessage] = ()
        await self._look_at_marks()
        for _ in range(_READINGS):
            found = await reading()
            await self.look_at_files(found)
            ended = {m.text for m in found if m.role != "user"}
            await self._rendered.prepare(ended)
            growing = (m.id for m in found if m.state == MessageState.STREAMING)
            if all(self.painter.get(message_id) for message_id in growing):
                break
        return found

    async def look_at_files(self, messages: "Sequence[AnyMessage]") -> None:
        """Read which files questions are about, where that is not known already."""
        asked = [m.id for m in messages if m.role == "user"]
        if not asked:
            return
        services = await self._get_services(asked[:1])
        attached = await asyncio.to_thread(services.attachments.of_messages, asked)
        self._keep_attached(attached)

    def _keep_attached(self, files: "Sequence[Attachment]") -> None:
        files = sorted(files, key=attrgetter("message_id", "position"))
        for message_id, together in groupby(files, key=attrgetter("message_id")):
            self._attached[message_id] = AttachedFiles(tuple(together))

    def views(
        self,
        messages: "Sequence[AnyMessage]",
        reading: "ReadingStart",
        assistant: str | None = None,
    ) -> list[Template]:
        """Return how messages look, with lines between them.

        They say from where on the model reads, and where another assistant answers.

        Args:
            messages: In their order.
            reading: From where on the model reads.
            assistant: The one that has the next question, where they are the newest.
        """
        views, first, before = list[Template](), reading.first, ""
        latest: str | None = None
        has_files = False
        for message in messages:
            if message.role != SUMMARY:
                if latest not in (None, message.assistant):
                    views.append(AssistantLine(message.assistant))
                latest = message.assistant
            # What it was may be in the trash.
            is_next = before and before < first < message.id
            if first and (message.id == first or is_next):
                views.append(ReadsFrom(reading.has_summary, has_files))
            has_files |= message.id in self._attached
            views.append(self.view(message))
            before = message.id
        if latest is not None and assistant not in (None, latest):
            views.append(AssistantLine(assistant or ""))
        return views

    def view(self, message: "AnyMessage") -> Template:
        """Return how a message looks now, growing or ended; render it at once.

        Its sequence number is read in the same breath as the growing text, with no
        other task in between, so that each event is either part of it or comes after.
        """
        if message.role == "user":
            files = self._attached.get(message.id)
            is_marked = message.id in self._marked
            return QuestionView(message, self.seq, files, is_marked=is_marked)
        shown = self.painter.get(message.id)
        if shown is not None:
            return Answer(
                message,
                self._hub.seq,
                Blocks(shown.blocks),
                Blocks(shown.tail, headings=shown.headings),
                reasoning=shown.answer.reasoning[-REASONING_SHOWN_CHARS:],
                is_growing=True,
                is_summary=message.role == SUMMARY,
                waiting=_line_of(shown.answer),
            )
        return self._ended_view(message)

    def _ended_view(self, message: "AnyMessage") -> Answer:
        return Answer(
            message,
            self._hub.seq,
            Blocks(self._rendered.blocks(message.text), message.id),
            reasoning=message.reasoning,
            note=note_of(message),
            tone=Tone.DANGER if message.state is MessageState.FAILED else Tone.INFO,
            is_whole=is_whole(message),
            can_continue=can_continue(message) and message.role != SUMMARY,
            is_summary=message.role == SUMMARY,
            is_marked=message.id in self._marked,
        )

    def _tell(
        self,
        message_id: str,
        part: str,
        html: str = "",
        *,
        within: str = "",
        into: str = "",
    ) -> None:
        data = {"message": message_id, "part": part, "html": html}
        data |= {"conversation": within} if within else {}
        data |= {"into": into} if into else {}
        self._hub.publish("messages", json.dumps(data))


def _line_of(answer: Growing) -> WaitingLine:
    return WaitingLine.of(answer.waiting, answer.engine, time.monotonic())
