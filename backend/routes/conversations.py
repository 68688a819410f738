"""Conversations: the list, one conversation, asking, drafts, rename, delete."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from backend.errors import InvalidInputError
from backend.events import EventHub
from backend.http import Request, Response, Router
from backend.rendering import Renderer, Template
from backend.routes.messages import Broadcast
from backend.routes.pages import Pages, Toast, go_to, no_content
from backend.services.conversations import LOG_LIMIT, NEW, PAGE_SIZE
from backend.services.engines import Choice
from backend.services.registry import Opened
from backend.store.ids import new_id

if TYPE_CHECKING:
    from backend.store.models import Conversation

UNTITLED = "New chat"


@dataclass(frozen=True)
class Item(Template):
    """One conversation in the list."""

    template: ClassVar[str] = "conversations/_item.html"
    conversation: "Conversation"
    title: str


@dataclass(frozen=True)
class Day:
    """The conversations of one day."""

    name: str
    items: Sequence[Item]


@dataclass(frozen=True)
class ConversationList(Template):
    """A page of the list."""

    template: ClassVar[str] = "conversations/_list.html"
    groups: Sequence[Day]
    more: str
    is_first: bool


@dataclass(frozen=True)
class Rename(Template):
    """The form for another title, in the list."""

    template: ClassVar[str] = "conversations/_rename.html"
    conversation: "Conversation"


@dataclass(frozen=True)
class Composer(Template):
    """Where the user writes.

    Attributes:
        draft: What was typed and not sent; None when the page is to ask for it.
    """

    template: ClassVar[str] = "conversations/_composer.html"
    conversation_id: str
    action: str
    draft: str | None
    submission: str


@dataclass(frozen=True)
class Empty(Template):
    """What a conversation without messages says."""

    template: ClassVar[str] = "messages/_empty.html"


@dataclass(frozen=True)
class Earlier(Template):
    """Messages from before those shown."""

    template: ClassVar[str] = "messages/_earlier.html"
    conversation_id: str
    messages: Sequence[Template]
    earlier: str


@dataclass(frozen=True)
class Log(Template):
    """The messages of a conversation, as of an event's sequence number."""

    template: ClassVar[str] = "messages/_log.html"
    seq: int
    conversation_id: str
    messages: Sequence[Template]
    earlier: str = ""
    empty: Empty | None = None


@dataclass(frozen=True)
class View(Template):
    """One conversation with its composer."""

    template: ClassVar[str] = "conversations/_view.html"
    title: str
    log: Log
    composer: Composer


@dataclass(frozen=True)
class Sent(Template):
    """What asking adds to the log."""

    template: ClassVar[str] = "conversations/_sent.html"
    question: Template
    answer: Template
    submission: str


class ConversationPages:
    """Builds what the routes of conversations show."""

    def __init__(
        self, opened: Opened, hub: EventHub, broadcast: Broadcast, renderer: Renderer
    ) -> None:
        self._opened = opened
        self._hub = hub
        self._broadcast = broadcast
        self._renderer = renderer

    def new(self) -> View:
        """Return the conversation that does not exist yet.

        It waits for nothing: the first page shows before the store is open, and its
        draft follows.
        """
        composer = Composer(NEW, "/conversations", None, new_id())
        return View(UNTITLED, Log(self._hub.seq, "", (), empty=Empty()), composer)

    async def view(self, conversation_id: str) -> View:
        """Return one conversation."""
        services = await self._opened()
        conversation = await services.conversations.get(conversation_id)
        draft = await services.conversations.draft(conversation_id)
        log = await self.log(conversation_id)
        action = f"/conversations/{conversation_id}/messages"
        composer = Composer(conversation_id, action, draft, new_id())
        return View(conversation.title or UNTITLED, log, composer)

    async def log(self, conversation_id: str) -> Log:
        """Return its newest messages.

        The sequence number is read in the same breath as the growing answers, with
        no other task in between, so that each event is either in the log or after it.
        """
        services = await self._opened()
        found = await services.conversations.log(conversation_id)
        views = [self._broadcast.view(message) for message in found]
        earlier = found[0].id if len(found) == LOG_LIMIT else ""
        return Log(self._hub.seq, conversation_id, views, earlier)

    async def earlier(self, conversation_id: str, before: str) -> Earlier:
        """Return the messages before one."""
        services = await self._opened()
        found = await services.conversations.log(conversation_id, before=before)
        views = [self._broadcast.view(message) for message in found]
        more = found[0].id if len(found) == LOG_LIMIT else ""
        return Earlier(conversation_id, views, more)

    async def list(self, before: str | None) -> ConversationList:
        """Return a page of the list, grouped by the day of the last activity."""
        services = await self._opened()
        found = await services.conversations.page(before)
        day = self._renderer.day
        groups = [
            Day(name, [Item(c, c.title or UNTITLED) for c in conversations])
            for name, conversations in groupby(found, key=lambda c: day(c.updated_at))
        ]
        more = found[-1].latest if len(found) == PAGE_SIZE else ""
        return ConversationList(groups, more, is_first=before is None)


def build_router(
    opened: Opened,
    pages: Pages,
    shown: ConversationPages,
    broadcast: Broadcast,
    hub: EventHub,
) -> Router:
    """Return the routes of conversations."""
    router = Router()

    @router.get("/")
    async def new(request: Request) -> Response:
        return pages.show(request, UNTITLED, shown.new())

    @router.get("/conversations")
    async def list_(request: Request) -> Response:
        return pages.fragment(await shown.list(request.query.get("before")))

    @router.get("/conversations/:id")
    async def show(request: Request) -> Response:
        view = await shown.view(request.path_params["id"])
        return pages.show(request, view.title, view)

    @router.get("/conversations/:id/log")
    async def log(request: Request) -> Response:
        conversation_id = request.path_params["id"]
        if before := request.query.get("before"):
            return pages.fragment(await shown.earlier(conversation_id, before))
        return pages.fragment(await shown.log(conversation_id))

    @router.get("/conversations/:id/item")
    async def item(request: Request) -> Response:
        services = await opened()
        conversation = await services.conversations.get(request.path_params["id"])
        return pages.fragment(Item(conversation, conversation.title or UNTITLED))

    @router.get("/conversations/:id/rename")
    async def rename_form(request: Request) -> Response:
        services = await opened()
        conversation = await services.conversations.get(request.path_params["id"])
        return pages.fragment(Rename(conversation))

    @router.put("/conversations/:id/title")
    async def rename(request: Request) -> Response:
        services = await opened()
        conversation = await services.conversations.rename(
            request.path_params["id"], request.form().get("title", "")
        )
        hub.publish("conversations")
        return pages.fragment(Item(conversation, conversation.title))

    @router.delete("/conversations/:id")
    async def delete(request: Request) -> Response:
        services = await opened()
        conversation_id = request.path_params["id"]
        conversation = await services.conversations.get(conversation_id)
        await services.conversations.delete(conversation_id)
        hub.publish("conversations")
        shown_path = urlsplit(request.headers.get("hx-current-url", "")).path
        is_open = shown_path == f"/conversations/{conversation_id}"
        toast = Toast(
            f"Deleted “{conversation.title or UNTITLED}”.",
            undo=f"/conversations/{conversation_id}/restore",
        )
        if is_open:
            hub.publish("toast", pages.render(toast))
            return no_content(go_to("/"))
        return pages.toast(toast)

    @router.post("/conversations/:id/restore")
    async def restore(request: Request) -> Response:
        services = await opened()
        await services.conversations.restore(request.path_params["id"])
        hub.publish("conversations")
        return Response()

    @router.post("/conversations")
    async def begin(request: Request) -> Response:
        services = await opened()
        form = request.form()
        exchange = await services.conversations.begin(
            form.get("text", ""),
            Choice.parse(form.get("choice", "")),
            form.get("submission", ""),
            draft=NEW,
        )
        hub.publish("conversations")
        conversation_id = exchange.conversation.id
        view = await shown.view(conversation_id)
        headers = {"HX-Push-Url": f"/conversations/{conversation_id}"}
        return pages.fragment(view, headers)

    @router.post("/conversations/:id/messages")
    async def ask(request: Request) -> Response:
        services = await opened()
        form = request.form()
        exchange = await services.conversations.ask(
            request.path_params["id"],
            form.get("text", ""),
            form.get("submission", ""),
        )
        hub.publish("conversations")
        question, answer = exchange.question, exchange.answer
        return pages.fragment(
            Sent(broadcast.view(question), broadcast.view(answer), new_id())
        )

    @router.post("/conversations/:id/stop")
    async def stop(request: Request) -> Response:
        services = await opened()
        await services.conversations.stop(request.path_params["id"])
        return no_content()

    @router.put("/conversations/:id/model")
    async def choose_model(request: Request) -> Response:
        choice = Choice.parse(request.form().get("choice", ""))
        if choice is None:
            raise InvalidInputError("Choose one of the models in the list.")
        services = await opened()
        await services.conversations.choose_model(request.path_params["id"], choice)
        return no_content()

    @router.get("/drafts/:id")
    async def draft(request: Request) -> Response:
        services = await opened()
        text = await services.conversations.draft(request.path_params["id"])
        return Response(body=text, content_type="text/plain; charset=utf-8")

    @router.put("/drafts/:id")
    async def save_draft(request: Request) -> Response:
        services = await opened()
        text = request.form().get("text", "")
        await services.conversations.save_draft(request.path_params["id"], text)
        return no_content()

    return router
