"""The list of conversations: its days, what is new in them, renaming."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from backend.ids import made_at
from backend.live.notices import Toast
from backend.routes.app_context import OpenContext
from backend.routes.chat.conversations import UNTITLED
from backend.routes.pages import page_size, undo_path
from backend.services.chat.activity import AnswerActivity
from backend.services.chat.conversations import MAX_TITLE_CHARS, PAGE_SIZE
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Renderer, Template

if TYPE_CHECKING:
    from backend.store.models import Conversation
    from backend.store.rows import ConversationRow

router = AppRouter[OpenContext]()


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


@router.get("/conversations")
async def list_(request: Request, app: OpenContext) -> Response:
    """Show a page of the list; what is open is being read."""
    app.services.activity.read(_shown_id(request))
    return await asyncio.to_thread(_list, request, app)


@router.get("/conversations/:id/item")
def item(request: Request, app: OpenContext) -> Response:
    """Show one conversation of the list."""
    conversation = app.services.conversations.get(request.path_params["id"])
    return app.pages.fragment(_item(conversation, app.services.activity))


@router.get("/conversations/:id/rename")
def rename_form(request: Request, app: OpenContext) -> Response:
    """Ask for another title."""
    conversation = app.services.conversations.get(request.path_params["id"])
    return app.pages.fragment(Rename(conversation))


@router.put("/conversations/:id/title")
def rename(request: Request, app: OpenContext) -> Response:
    """Give a conversation another title."""
    conversation_id = request.path_params["id"]
    title = request.form().get("title", "")
    renamed = app.services.conversations.rename(conversation_id, title)
    app.pages.announce(Toast("Renamed.", undo=undo_path(renamed)))
    return item(request, app)


def _list(request: Request, app: OpenContext) -> Response:
    before = request.query.get("before")
    size = page_size(request, PAGE_SIZE)
    found = app.services.conversations.page(before, size)
    days = _days(found, app.services.activity, app.renderer, before)
    more = found[-1].latest if len(found) == size else ""
    return app.pages.fragment(ConversationList(days, more, is_first=before is None))


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
