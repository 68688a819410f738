"""Messages: how they look, answering again, and telling pages how answers grow."""

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Final

from markupsafe import escape

from backend.ids import edit_draft
from backend.routes.chat.painting import Painted, Painter
from backend.routes.chat.waiting import Waiting
from backend.routes.pages import Pages, Toast, undo_path
from backend.services.chat.endings import can_continue, is_whole, note_of
from backend.services.chat.growing import Growing
from backend.services.images import Image
from backend.store.message_state import MessageState
from backend.web.events import EventHub
from backend.web.growing_markdown import Step
from backend.web.http import Request, Response, Router
from backend.web.markdown import Block
from backend.web.render_cache import Rendered
from backend.web.rendering import Renderer, Template

if TYPE_CHECKING:
    from backend.container import GetServices
    from backend.store.models import Message

REASONING_SHOWN_CHARS: Final = 4_000
_READINGS: Final = 3


@dataclass(frozen=True)
class Blocks(Template):
    """Blocks of an answer.

    Attributes:
        message_id: Of the whole answer, whose images may be asked for; "" for none.
        scope: Names the text among others on the page, if no message does.
    """

    template: ClassVar[str] = "messages/_blocks.html"
    blocks: Iterable[Block]
    message_id: str = ""
    scope: str = ""


@dataclass(frozen=True)
class LoadedImage(Template):
    """An image the user asked for, shown from memory."""

    template: ClassVar[str] = "messages/_image.html"
    image: Image


@dataclass(frozen=True)
class Question(Template):
    """What the user asked.

    Attributes:
        seq: As of an answer.
        is_focused: The user comes back to it from editing.
    """

    template: ClassVar[str] = "messages/_question.html"
    message: "Message"
    seq: int
    is_focused: bool = False


@dataclass(frozen=True)
class Edit(Template):
    """The form for another text of a question.

    Attributes:
        draft_id: Under which it is kept while it is typed.
        is_draft: It goes on with what was typed before and not saved.
    """

    template: ClassVar[str] = "messages/_edit.html"
    message: "Message"
    text: str
    draft_id: str
    is_draft: bool


@dataclass(frozen=True)
class Answer(Template):
    """What came back, whole or growing.

    Attributes:
        seq: Of the latest event that is already part of it.
        note: What is to be said of it.
        is_whole: There is nothing to be done about it.
    """

    template: ClassVar[str] = "messages/_answer.html"
    message: "Message"
    seq: int
    blocks: Blocks
    tail: Blocks = field(default_factory=lambda: Blocks(()))
    reasoning: str = ""
    is_growing: bool = False
    is_waiting: bool = False
    note: str = ""
    tone: str = "info"
    is_whole: bool = True
    can_continue: bool = False


@dataclass(frozen=True)
class Messages(Template):
    """Messages that follow each other."""

    template: ClassVar[str] = "messages/_messages.html"
    messages: Sequence[Template]


@dataclass(frozen=True)
class Changed(Template):
    """A message as it is now, and what was done to it."""

    template: ClassVar[str] = "messages/_changed.html"
    message: Template
    toast: Toast


class Broadcast:
    """Tells every page how conversations go on.

    Of a growing answer it sends a finished block once, and the open one anew.
    """

    def __init__(
        self, hub: EventHub, renderer: Renderer, get_services: "GetServices"
    ) -> None:
        self._hub = hub
        self._renderer = renderer
        self._get_services = get_services
        self._rendered = Rendered()
        self._waiting: set[str] = set()
        self.painter = Painter(self._paint)

    @property
    def seq(self) -> int:
        """The number of the latest event."""
        return self._hub.seq

    async def prepare(self, message: "Message") -> None:
        """Render a text that will be gone on with."""
        await self.painter.prepare(message.id, message.text)

    def began(self, answer: Growing) -> None:
        """Show what a continued answer already has."""
        self.painter.begin(answer)

    def grew(self, answer: Growing) -> None:
        """Let the pages have what is new, when it is rendered."""
        if painted := self.painter.get(answer.message_id):
            self._say_waiting(answer)
            was_taken_back = painted.is_outdated
            if was_taken_back:
                painted.clear()
                self._tell(answer.message_id, "cleared")
            self.painter.catch_up(painted)
            thought = answer.reasoning[-REASONING_SHOWN_CHARS:]
            is_thinking = was_taken_back or not answer.text
            if thought != painted.thought and is_thinking:
                painted.thought = thought
                self._tell(answer.message_id, "reasoning", str(escape(thought)))

    def _say_waiting(self, answer: Growing) -> None:
        """Say that it waits, or no longer; at its end the message comes whole."""
        if answer.is_waiting != (answer.message_id in self._waiting):
            self._waiting ^= {answer.message_id}
            html = self._renderer.render(Waiting(answer.is_waiting))
            self._tell(answer.message_id, "tail", html)

    def _paint(self, painted: Painted, step: Step, had: Sequence[Block]) -> None:
        """Send finished blocks once, and the block being written when it changed."""
        message_id = painted.answer.message_id
        for fresh in step.fresh:
            html = self._renderer.render(Blocks(fresh.blocks))
            self._tell(message_id, "blocks", html, into=fresh.into or "")
        # The page takes its tail for what is finished, and so needs another one.
        if step.fresh or step.tail != had:
            self._tell(message_id, "tail", self._renderer.render(Blocks(step.tail)))

    async def ended(self, answer: Growing) -> None:
        """Send the whole answer as it is stored, and better the title."""
        self._waiting.discard(answer.message_id)
        self.painter.settle(answer)
        try:
            services = await self._get_services()
            message = await services.conversations.message(answer.message_id)
            await self._rendered.prepare([message.text])
        finally:
            is_shown = self.painter.end(answer)
        if is_shown:
            self.changed(message)
        await services.conversations.entitle(answer.conversation_id)
        self._hub.publish("conversations")

    def changed(self, message: "Message") -> None:
        """Show a message as it is now, growing or ended."""
        self._tell(message.id, "whole", self._renderer.render(self.view(message)))

    def added(self, *messages: "Message") -> Messages:
        """Add messages to the end of a conversation; return how they look."""
        shown = Messages([self.view(message) for message in messages])
        html, first = self._renderer.render(shown), messages[0]
        self._tell(first.id, "added", html, within=first.conversation_id)
        return shown

    def removed(self, message_ids: Iterable[str]) -> None:
        """Take messages out of their conversation."""
        for message_id in message_ids:
            self._tell(message_id, "removed")

    def troubled(self, sentence: str) -> None:
        """Say that something cannot be stored at present."""
        self._hub.publish("toast", self._renderer.render(Toast(sentence, "danger")))

    async def read(
        self, reading: "Callable[[], Awaitable[Sequence[Message]]]"
    ) -> "Sequence[Message]":
        """Read messages until what ended is rendered, and what grows still grows.

        One whose end could not be stored grows in the database alone: it is shown as
        it is there.
        """
        found: Sequence[Message] = ()
        for _ in range(_READINGS):
            found = await reading()
            ended = {m.text for m in found if m.role != "user"}
            await self._rendered.prepare(ended)
            growing = (m.id for m in found if m.state == MessageState.STREAMING)
            if all(self.painter.get(message_id) for message_id in growing):
                break
        return found

    def view(self, message: "Message") -> Template:
        """Return how a message looks now, growing or ended; render it at once.

        Its sequence number is read in the same breath as the growing text, with no
        other task in between, so that each event is either part of it or comes after.
        """
        if message.role == "user":
            return Question(message, self.seq)
        shown = self.painter.get(message.id)
        if shown is not None:
            return Answer(
                message,
                self._hub.seq,
                Blocks(shown.blocks),
                Blocks(shown.tail),
                reasoning=shown.answer.reasoning[-REASONING_SHOWN_CHARS:],
                is_growing=True,
                is_waiting=shown.answer.is_waiting,
            )
        return Answer(
            message,
            self._hub.seq,
            Blocks(self._rendered.blocks(message.text), message.id),
            reasoning=message.reasoning,
            note=note_of(message),
            tone="danger" if message.state is MessageState.FAILED else "info",
            is_whole=is_whole(message),
            can_continue=can_continue(message),
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
        told = {"message": message_id, "part": part, "html": html}
        told |= {"conversation": within} if within else {}
        told |= {"into": into} if into else {}
        self._hub.publish("messages", json.dumps(told))


def build_router(
    get_services: "GetServices", pages: Pages, broadcast: Broadcast, hub: EventHub
) -> Router:
    """Return the routes of messages."""
    router = Router()

    @router.get("/messages/:id")
    async def show(request: Request) -> Response:
        services = await get_services()
        message = await services.conversations.message(request.path_params["id"])
        return pages.fragment(_focused(message))

    @router.get("/messages/:id/edit")
    async def edit_form(request: Request) -> Response:
        services = await get_services()
        message = await services.conversations.message(request.path_params["id"])
        draft_id = edit_draft(message.id)
        if "anew" in request.query:
            await services.conversations.save_draft(draft_id, "")
        draft = await services.conversations.draft(draft_id)
        is_draft = draft not in {"", message.text}
        return pages.fragment(Edit(message, draft or message.text, draft_id, is_draft))

    @router.put("/messages/:id")
    async def edit(request: Request) -> Response:
        services = await get_services()
        message, edited = await services.conversations.edit(
            request.path_params["id"], request.form().get("text", "")
        )
        broadcast.changed(message)
        toast = Toast("Saved. Its answer stays as it is.", undo=undo_path(edited))
        return pages.fragment(Changed(_focused(message), toast))

    @router.post("/messages/:id/ask")
    async def ask_again(request: Request) -> Response:
        services = await get_services()
        again = await services.conversations.ask_again(
            request.path_params["id"], request.form().get("text", "")
        )
        broadcast.changed(again.question)
        broadcast.removed(again.removed)
        if again.is_new:
            broadcast.added(again.answer)
        else:
            broadcast.changed(again.answer)
        for noun in ("conversations", "trash"):
            hub.publish(noun)
        undo = undo_path(again.transaction_id)
        toast = Toast(_asked_again(len(again.removed)), undo=undo)
        return pages.fragment(Changed(_focused(again.question), toast))

    @router.post("/messages/:id/retry")
    async def retry(request: Request) -> Response:
        services = await get_services()
        earlier = await services.conversations.message(request.path_params["id"])
        message, begun = await _again(request, keep_text=False)
        if not earlier.text:
            return pages.fragment(broadcast.view(message))
        words = "Writing it again. The earlier answer is kept in its history."
        toast = Toast(words, undo=undo_path(begun))
        return pages.fragment(Changed(broadcast.view(message), toast))

    @router.post("/messages/:id/continue")
    async def go_on(request: Request) -> Response:
        services = await get_services()
        earlier = await services.conversations.message(request.path_params["id"])
        await broadcast.prepare(earlier)
        message, _ = await _again(request, keep_text=True)
        return pages.fragment(broadcast.view(message))

    async def _again(request: Request, *, keep_text: bool) -> tuple["Message", str]:
        services = await get_services()
        message, begun = await services.conversations.answer_again(
            request.path_params["id"], keep_text=keep_text
        )
        broadcast.changed(message)
        hub.publish("conversations")
        return message, begun

    def _focused(message: "Message") -> Template:
        view = broadcast.view(message)
        return replace(view, is_focused=True) if isinstance(view, Question) else view

    @router.post("/messages/:id/images")
    async def load_image(request: Request) -> Response:
        services = await get_services()
        message = await services.conversations.message(request.path_params["id"])
        url = request.form().get("url", "")
        image = await services.images.load(message.text, url)
        return pages.fragment(LoadedImage(image))

    @router.delete("/messages/:id")
    async def delete(request: Request) -> Response:
        services = await get_services()
        removed = await services.conversations.delete_message(request.path_params["id"])
        broadcast.removed(removed.message_ids)
        hub.publish("trash")
        sentence = f"Deleted “{removed.title or 'an empty message'}”."
        return pages.toast(Toast(sentence, undo=undo_path(removed.transaction_id)))

    @router.get("/messages/:id/text")
    async def text(request: Request) -> Response:
        services = await get_services()
        message = await services.conversations.message(request.path_params["id"])
        return Response(body=message.text, content_type="text/plain; charset=utf-8")

    return router


def _asked_again(removed: int) -> str:
    if not removed:
        return "Asked again. The earlier answer is kept in its history."
    what = "The message" if removed == 1 else f"The {removed} messages"
    is_ = "is" if removed == 1 else "are"
    return f"Asked again. {what} that followed {is_} in the trash."
