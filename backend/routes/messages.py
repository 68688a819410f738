"""Messages: how they look, answering again, and telling pages how answers grow."""

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

from markupsafe import escape

from backend.events import EventHub
from backend.http import Request, Response, Router
from backend.markdown import Block, render, settled_length
from backend.rendered import Rendered
from backend.rendering import Renderer, Template
from backend.routes.pages import Pages, Toast, undo_path
from backend.services.answers import Growing
from backend.services.images import Image
from backend.services.registry import Opened
from backend.store.states import MessageState

if TYPE_CHECKING:
    from backend.store.models import Message

REASONING_SHOWN_CHARS: Final = 4_000

_NOTES: Final = {
    MessageState.STOPPED: "Stopped. What had arrived is kept.",
    MessageState.INTERRUPTED: "Interrupted. What had arrived is kept.",
}


@dataclass(frozen=True)
class Blocks(Template):
    """Blocks of an answer.

    Attributes:
        message_id: Of the whole answer, whose images may be asked for; "" for none.
    """

    template: ClassVar[str] = "messages/_blocks.html"
    blocks: Iterable[Block]
    message_id: str = ""


@dataclass(frozen=True)
class LoadedImage(Template):
    """An image the user asked for, shown from memory."""

    template: ClassVar[str] = "messages/_image.html"
    image: Image


@dataclass(frozen=True)
class Question(Template):
    """What the user asked."""

    template: ClassVar[str] = "messages/_question.html"
    message: "Message"


@dataclass(frozen=True)
class Answer(Template):
    """What came back, whole or growing.

    Attributes:
        seq: Of the latest event that is already part of it.
    """

    template: ClassVar[str] = "messages/_answer.html"
    message: "Message"
    seq: int
    blocks: Blocks
    tail: Blocks = field(default_factory=lambda: Blocks(()))
    reasoning: str = ""
    is_growing: bool = False
    note: str = ""
    tone: str = "info"
    can_continue: bool = False


@dataclass(frozen=True)
class RemovedView(Template):
    """Takes messages out of the log and offers Undo."""

    template: ClassVar[str] = "messages/_removed.html"
    message_ids: Sequence[str]
    toast: Toast


@dataclass(slots=True)
class _Shown:
    """How much of a growing answer the pages have.

    Attributes:
        settled: How many characters are finished blocks.
        html: Of those blocks.
    """

    answer: Growing
    settled: int = 0
    blocks: list[Block] = field(default_factory=list)


class Broadcast:
    """Tells every page how answers grow: a finished block once, the open one anew."""

    def __init__(self, hub: EventHub, renderer: Renderer, opened: Opened) -> None:
        self._hub = hub
        self._renderer = renderer
        self._opened = opened
        self._shown: dict[str, _Shown] = {}
        self._rendered = Rendered()

    def began(self, answer: Growing) -> None:
        """Settle what a continued answer already has."""
        shown = self._shown[answer.message_id] = _Shown(answer)
        self._settle(shown)

    def grew(self, answer: Growing) -> None:
        """Send finished blocks once, and the block being written as it is now."""
        shown = self._shown[answer.message_id]
        if fresh := self._settle(shown):
            self._tell(answer, "blocks", self._renderer.render(Blocks(fresh)))
        self._tell(answer, "tail", self._renderer.render(_tail(shown)))
        if answer.reasoning and not answer.text:
            thought = answer.reasoning[-REASONING_SHOWN_CHARS:]
            self._tell(answer, "reasoning", str(escape(thought)))

    async def ended(self, answer: Growing) -> None:
        """Send the whole answer as it is stored, and better the title."""
        services = await self._opened()
        message = await services.conversations.message(answer.message_id)
        await self._rendered.prepare([message.text])
        shown = self._shown.get(answer.message_id)
        if shown and shown.answer is answer:  # else it is being written again
            del self._shown[answer.message_id]
            self._tell(answer, "whole", self._renderer.render(self.view(message)))
        await services.conversations.entitle(answer.conversation_id)
        self._hub.publish("conversations")

    def troubled(self, sentence: str) -> None:
        """Say that something cannot be stored at present."""
        self._hub.publish("toast", self._renderer.render(Toast(sentence, "danger")))

    async def read(
        self, reading: "Callable[[], Awaitable[Sequence[Message]]]"
    ) -> "Sequence[Message]":
        """Read messages until what ended is rendered, and what grows still grows."""
        while True:
            found = await reading()
            ended = {m.text for m in found if m.role != "user"}
            await self._rendered.prepare(ended)
            growing = (m.id for m in found if m.state == MessageState.STREAMING)
            if all(message_id in self._shown for message_id in growing):
                return found

    def view(self, message: "Message") -> Template:
        """Return how a message looks now, growing or ended; render it at once.

        Its sequence number is read in the same breath as the growing text, with no
        other task in between, so that each event is either part of it or comes after.
        """
        if message.role == "user":
            return Question(message)
        shown = self._shown.get(message.id)
        if shown is not None:
            return Answer(
                message,
                self._hub.seq,
                Blocks(shown.blocks),
                _tail(shown),
                reasoning=shown.answer.reasoning[-REASONING_SHOWN_CHARS:],
                is_growing=True,
            )
        state = MessageState(message.state)
        note = message.error or _NOTES.get(state, "")
        if state is MessageState.COMPLETE and not message.text.strip():
            note = "The model gave an empty answer."
        return Answer(
            message,
            self._hub.seq,
            Blocks(self._rendered.blocks(message.text), message.id),
            reasoning=message.reasoning,
            note=note,
            tone="danger" if state is MessageState.FAILED else "info",
            can_continue=bool(note and message.text),
        )

    def _tell(self, answer: Growing, part: str, html: str) -> None:
        told = {"message": answer.message_id, "part": part, "html": html}
        self._hub.publish("answer", json.dumps(told))

    @staticmethod
    def _settle(shown: _Shown) -> list[Block]:
        """Move what is finished from the tail to the blocks; return it."""
        rest = shown.answer.text[shown.settled :]
        length = settled_length(rest)
        fresh = render(rest[:length]) if length else []
        shown.settled += length
        shown.blocks += fresh
        return fresh


def build_router(opened: Opened, pages: Pages, broadcast: Broadcast) -> Router:
    """Return the routes of messages."""
    router = Router()

    @router.post("/messages/:id/retry")
    async def retry(request: Request) -> Response:
        return await _again(request, keep_text=False)

    @router.post("/messages/:id/continue")
    async def go_on(request: Request) -> Response:
        return await _again(request, keep_text=True)

    async def _again(request: Request, *, keep_text: bool) -> Response:
        services = await opened()
        message_id = request.path_params["id"]
        message = await services.conversations.answer_again(
            message_id, keep_text=keep_text
        )
        return pages.fragment(broadcast.view(message))

    @router.post("/messages/:id/images")
    async def load_image(request: Request) -> Response:
        services = await opened()
        message = await services.conversations.message(request.path_params["id"])
        url = request.form().get("url", "")
        image = await services.images.load(message.text, url)
        return pages.fragment(LoadedImage(image))

    @router.delete("/messages/:id")
    async def delete(request: Request) -> Response:
        services = await opened()
        removed = await services.conversations.delete_message(request.path_params["id"])
        toast = Toast(
            f"Deleted “{removed.title or 'an empty message'}”.",
            undo=undo_path(removed.transaction_id),
        )
        return pages.fragment(RemovedView(removed.message_ids, toast))

    @router.get("/messages/:id/text")
    async def text(request: Request) -> Response:
        services = await opened()
        message = await services.conversations.message(request.path_params["id"])
        return Response(body=message.text, content_type="text/plain; charset=utf-8")

    return router


def _tail(shown: _Shown) -> Blocks:
    return Blocks(render(shown.answer.text[shown.settled :]))
