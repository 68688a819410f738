"""The list of conversations: its days, what is new in them, renaming."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from backend.ids import made_at
from backend.live.notices import Toast
from backend.routes.chat.conversations import UNTITLED
from backend.routes.pages import Pages, page_size, undo_path
from backend.services.chat.activity import AnswerActivity
from backend.services.chat.conversations import MAX_TITLE_CHARS, PAGE_SIZE
from backend.web.http import Request, Response, Router
from backend.web.rendering import Renderer, Template

if TYPE_CHECKING:
    from backend.container import GetServices
    from backend.store.models import Conversation
    from backend.store.rows import ConversationRow


class Mark(StrEnum):
    """What is going on in a conversation; as it is said to the user."""

    NONE = ""
    ANSWERING = "An answer is being written"
    UNREAD = "New answer"


@dataclass(frozen=True)
class ConversationItem(Template):
    """One conversation in the list."""

    template: ClassVar[str] = "conversations/_item.html"
    conversation: "Conversation | ConversationRow"
    title: str
    mark: Mark = Mark.NONE


@dataclass(frozen=True)
class Day:
    """The conversations of one day.

    Attributes:
        goes_on: The page before has begun the day.
    """

    name: str
    items: Sequence[ConversationItem]
    goes_on: bool = False


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
    max_chars: int = MAX_TITLE_CHARS


def build_router(
    get_services: "GetServices", pages: Pages, renderer: Renderer
) -> Router:
    """Return the routes of the list."""
    router = Router()

    @router.get("/conversations")
    async def list_(request: Request) -> Response:
        services = await get_services()
        # What is open is being read.
        services.activity.read(_shown_id(request))
        before = request.query.get("before")
        size = page_size(request, PAGE_SIZE)
        found = await services.conversations.page(before, size)
        days = _days(found, services.activity, renderer, before)
        more = found[-1].latest if len(found) == size else ""
        return pages.fragment(ConversationList(days, more, is_first=before is None))

    @router.get("/conversations/:id/item")
    async def item(request: Request) -> Response:
        services = await get_services()
        conversation = await services.conversations.get(request.path_params["id"])
        return pages.fragment(_item(conversation, services.activity))

    @router.get("/conversations/:id/rename")
    async def rename_form(request: Request) -> Response:
        services = await get_services()
        conversation = await services.conversations.get(request.path_params["id"])
        return pages.fragment(Rename(conversation))

    @router.put("/conversations/:id/title")
    async def rename(request: Request) -> Response:
        services = await get_services()
        conversation_id = request.path_params["id"]
        renamed = await services.conversations.rename(
            conversation_id, request.form().get("title", "")
        )
        pages.announce(Toast("Renamed.", undo=undo_path(renamed)))
        conversation = await services.conversations.get(conversation_id)
        return pages.fragment(_item(conversation, services.activity))

    return router


def _days(
    found: "Sequence[ConversationRow]",
    activity: AnswerActivity,
    renderer: Renderer,
    before: str | None,
) -> list[Day]:
    """Group conversations by the day of their last activity, which sorts them."""

    def day(conversation: "ConversationRow") -> str:
        at = made_at(conversation.latest)
        return renderer.day(conversation.updated_at if at is None else at)

    days = [
        Day(name, [_item(one, activity) for one in conversations])
        for name, conversations in groupby(found, key=day)
    ]
    at = made_at(before or "")
    if days and at is not None and days[0].name == renderer.day(at):
        days[0] = replace(days[0], goes_on=True)
    return days


def _item(
    conversation: "Conversation | ConversationRow", activity: AnswerActivity
) -> ConversationItem:
    mark = Mark.NONE
    if activity.is_answering(conversation.id):
        mark = Mark.ANSWERING
    elif activity.is_unread(conversation.id):
        mark = Mark.UNREAD
    return ConversationItem(conversation, conversation.title or UNTITLED, mark)


def _shown_id(request: Request) -> str:
    path = urlsplit(request.headers.get("hx-current-url", "")).path
    return path.removeprefix("/conversations/")
