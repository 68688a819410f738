"""Conversations: one conversation, asking, choosing its model, deleting."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from backend.errors import InvalidInputError, NotFoundError
from backend.ids import NEW, new_id
from backend.live.message_feed import MessageFeed
from backend.live.notices import Toast
from backend.routes.pages import Pages, go_to, no_content, page_size, undo_path
from backend.services.chat.conversations import LOG_LIMIT
from backend.services.engines.engines import Choice
from backend.web.http import Request, Response, Router
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.container import GetServices

UNTITLED = "New conversation"


@dataclass(frozen=True)
class Composer(Template):
    """Where the user writes.

    Attributes:
        draft: What was typed and not sent; None when the page is to ask for it.
        is_behind: The newest messages are not shown; sending shows them.
    """

    template: ClassVar[str] = "conversations/_composer.html"
    conversation_id: str
    action: str
    draft: str | None
    submission: str
    is_behind: bool = False


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
class Later(Template):
    """Messages from after those shown."""

    template: ClassVar[str] = "messages/_later.html"
    conversation_id: str
    messages: Sequence[Template]
    later: str


@dataclass(frozen=True)
class Log(Template):
    """The messages of a conversation.

    Attributes:
        around: The message the user came for; "" when it is the newest ones.
        earlier: The first one shown, when there are earlier ones.
        words: What of that message was looked for.
        later: The last one shown, when there are later ones.
        seq: Of the latest event when it was read.
    """

    template: ClassVar[str] = "messages/_log.html"
    conversation_id: str
    messages: Sequence[Template]
    seq: int = 0
    earlier: str = ""
    empty: Empty | None = None
    around: str = ""
    words: Sequence[str] = ()
    later: str = ""


@dataclass(frozen=True)
class Head(Template):
    """The title of a conversation.

    Attributes:
        conversation_id: "" for the one that does not exist yet.
    """

    template: ClassVar[str] = "conversations/_head.html"
    conversation_id: str
    title: str
    is_deleted: bool = False


@dataclass(frozen=True)
class View(Template):
    """One conversation with its composer."""

    template: ClassVar[str] = "conversations/_view.html"
    head: Head
    log: Log
    composer: Composer


@dataclass(frozen=True)
class Sent(Template):
    """What the composer calls the next question, and which one was asked."""

    template: ClassVar[str] = "conversations/_sent.html"
    submission: str
    question: str


class ConversationPages:
    """Builds what the routes of conversations show."""

    def __init__(self, get_services: "GetServices", broadcast: MessageFeed) -> None:
        self._get_services = get_services
        self._broadcast = broadcast

    def new(self) -> View:
        """Return the conversation that does not exist yet.

        It waits for nothing: the first page shows before the store is open, and its
        draft follows.
        """
        composer = Composer(NEW, "/conversations", None, new_id())
        return View(Head("", UNTITLED), Log("", (), empty=Empty()), composer)

    async def view(
        self, conversation_id: str, around: str = "", query: str = ""
    ) -> View:
        """Return one conversation, at its end or around a message with these words."""
        services = await self._get_services()
        conversation = await services.conversations.get(conversation_id)
        draft = await services.conversations.draft(conversation_id)
        log = await self.log(conversation_id, around, query)
        action = f"/conversations/{conversation_id}/messages"
        composer = Composer(
            conversation_id, action, draft, new_id(), is_behind=bool(log.later)
        )
        head = Head(conversation_id, conversation.title or UNTITLED)
        return View(head, log, composer)

    async def log(self, conversation_id: str, around: str = "", query: str = "") -> Log:
        """Return its newest messages, or those around one."""
        if around and (log := await self._log_around(conversation_id, around, query)):
            return log
        return await self.log_again(conversation_id, LOG_LIMIT)

    async def log_again(
        self, conversation_id: str, size: int, through: str = ""
    ) -> Log:
        """Return its newest messages, or as many up to one, as a page shows them."""
        services = await self._get_services()
        seq = self._broadcast.seq
        read = partial(services.conversations.log, conversation_id, size)
        found = await self._broadcast.read(partial(read, through=through or None))
        views = [self._broadcast.view(message) for message in found]
        earlier = found[0].id if len(found) == size else ""
        empty = None if found else Empty()
        return Log(conversation_id, views, seq, earlier, empty, later=through)

    async def _log_around(
        self, conversation_id: str, message_id: str, query: str
    ) -> Log | None:
        services = await self._get_services()
        seq = self._broadcast.seq
        try:
            found = await self._broadcast.read(
                lambda: services.conversations.log_around(message_id)
            )
        except NotFoundError:
            return None
        if found[0].conversation_id != conversation_id:
            return None
        at = next(i for i, message in enumerate(found) if message.id == message_id)
        return Log(
            conversation_id,
            [self._broadcast.view(message) for message in found],
            seq,
            earlier=found[0].id if at == LOG_LIMIT // 2 else "",
            around=message_id,
            words=await asyncio.to_thread(
                services.search.words_in, found[at].text, query
            ),
            later=found[-1].id if len(found) - 1 - at == LOG_LIMIT // 2 else "",
        )

    async def later(self, conversation_id: str, after: str) -> Later:
        """Return the messages after one."""
        services = await self._get_services()
        found = await self._broadcast.read(
            lambda: services.conversations.later(conversation_id, after)
        )
        views = [self._broadcast.view(message) for message in found]
        more = found[-1].id if len(found) == LOG_LIMIT else ""
        return Later(conversation_id, views, more)

    async def earlier(self, conversation_id: str, before: str) -> Earlier:
        """Return the messages before one."""
        services = await self._get_services()
        found = await self._broadcast.read(
            lambda: services.conversations.log(conversation_id, before=before)
        )
        views = [self._broadcast.view(message) for message in found]
        more = found[0].id if len(found) == LOG_LIMIT else ""
        return Earlier(conversation_id, views, more)


def build_router(
    get_services: "GetServices", pages: Pages, shown: ConversationPages
) -> Router:
    """Return the routes of conversations."""
    router = Router()

    @router.get("/")
    async def new(request: Request) -> Response:
        return pages.show(request, UNTITLED, shown.new())

    @router.get("/conversations/:id")
    async def show(request: Request) -> Response:
        around = request.query.get("around", "")
        query = request.query.get("q", "")
        view = await shown.view(request.path_params["id"], around, query)
        (await get_services()).activity.read(view.head.conversation_id)
        return pages.show(request, view.head.title, view)

    @router.get("/conversations/:id/head")
    async def head(request: Request) -> Response:
        services = await get_services()
        found = await services.conversations.get(
            request.path_params["id"], include_deleted=True
        )
        title, is_deleted = found.title or UNTITLED, found.deleted_at is not None
        return pages.fragment(Head(found.id, title, is_deleted))

    @router.get("/conversations/:id/log")
    async def log(request: Request) -> Response:
        conversation_id = request.path_params["id"]
        if before := request.query.get("before"):
            return pages.fragment(await shown.earlier(conversation_id, before))
        if after := request.query.get("after"):
            return pages.fragment(await shown.later(conversation_id, after))
        size = page_size(request, LOG_LIMIT)
        through = request.query.get("through", "")
        return pages.fragment(await shown.log_again(conversation_id, size, through))

    @router.delete("/conversations/:id")
    async def delete(request: Request) -> Response:
        services = await get_services()
        conversation_id = request.path_params["id"]
        conversation = await services.conversations.get(conversation_id)
        deleted = await services.conversations.delete(conversation_id)
        is_open = request.shown_path == f"/conversations/{conversation_id}"
        toast = Toast(
            f"Deleted “{conversation.title or UNTITLED}”.",
            undo=undo_path(deleted, request.shown_path if is_open else ""),
        )
        if is_open:
            pages.announce(toast)
            return no_content(go_to("/"))
        return pages.toast(toast)

    @router.post("/conversations")
    async def begin(request: Request) -> Response:
        services = await get_services()
        form = request.form()
        exchange = await services.conversations.begin(
            form.get("text", ""),
            Choice.parse(form.get("choice", "")),
            form.get("submission", ""),
            draft=NEW,
        )
        return await _whole(exchange.conversation.id)

    async def _whole(conversation_id: str) -> Response:
        view = await shown.view(conversation_id)
        headers = {"HX-Push-Url": f"/conversations/{conversation_id}"}
        return pages.fragment(view, headers)

    @router.post("/conversations/:id/messages")
    async def ask(request: Request) -> Response:
        services = await get_services()
        form = request.form()
        exchange = await services.conversations.ask(
            request.path_params["id"],
            form.get("text", ""),
            form.get("submission", ""),
        )
        if "behind" in form:
            return await _whole(request.path_params["id"])
        return pages.fragment(Sent(new_id(), exchange.question.id))

    @router.post("/conversations/:id/stop")
    async def stop(request: Request) -> Response:
        services = await get_services()
        await services.conversations.stop(request.path_params["id"])
        return no_content()

    @router.put("/conversations/:id/model")
    async def choose_model(request: Request) -> Response:
        choice = Choice.parse(request.form().get("choice", ""))
        if choice is None:
            raise InvalidInputError("Choose one of the models in the list.")
        services = await get_services()
        await services.conversations.choose_model(request.path_params["id"], choice)
        return no_content()

    return router
