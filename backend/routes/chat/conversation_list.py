"""The list of conversations: pinned, folders, days, the archive; renaming, moving."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from backend.errors import InvalidInputError, NotFoundError
from backend.ids import ARCHIVE, DraftedForm, form_draft, made_at
from backend.live.notices import Toast
from backend.routes.app_context import OpenContext
from backend.routes.chat.conversations import UNTITLED
from backend.routes.pages import go_to, no_content, page_size, undo_path
from backend.services.chat.activity import AnswerActivity
from backend.services.chat.arranging import PAGE_SIZE, Arrange, Arranged
from backend.services.chat.conversations import MAX_TITLE_CHARS
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Renderer, Template

if TYPE_CHECKING:
    from backend.store.chat.folders import CountedFolder
    from backend.store.models import Conversation, Folder
    from backend.store.rows import ConversationRow

router = AppRouter[OpenContext]()


class Mark(StrEnum):
    """What is going on in a conversation; as it is said to the user."""

    NONE = ""
    ANSWERING = "An answer is being written"
    UNREAD = "New answer"


class ConversationItem(Template, frozen=True):
    """One conversation in the list."""

    template: ClassVar[str] = "conversations/_item.html"
    conversation: "Conversation | ConversationRow"
    title: str
    mark: Mark = Mark.NONE


class Day(Struct, frozen=True):
    """The conversations of one day.

    Attributes:
        goes_on: The page before has begun the day.
    """

    name: str
    items: Sequence[ConversationItem]
    goes_on: bool = False


class FolderItem(Template, frozen=True):
    """One folder in the list."""

    template: ClassVar[str] = "folders/_item.html"
    folder: "Folder"
    count: int


class FolderChoice(Template, frozen=True):
    """Where conversations can be moved, as the options of a field.

    Attributes:
        here: The folder they are in; "" for none, None where that is not one.
    """

    template: ClassVar[str] = "folders/_options.html"
    folders: "Sequence[CountedFolder]"
    here: str | None


class ConversationList(Template, frozen=True):
    """A page of the list, or of a folder or the archive in its place.

    Attributes:
        place: The folder, or the archive; "" for the list itself.
        name: What that is called.
        pinned: On the first page alone, as are the folders.
    """

    template: ClassVar[str] = "conversations/_list.html"
    place: str
    name: str
    groups: Sequence[Day]
    more: str
    is_first: bool
    pinned: Sequence[ConversationItem] = ()
    folders: Sequence[FolderItem] = ()
    choice: FolderChoice | None = None
    has_archive: bool = False
    temporary: "Sequence[Conversation]" = ()


class Rename(Template, frozen=True):
    """The form for another title, in the list.

    Attributes:
        typed: The title as it was typed last.
        draft_id: Under which it is kept while it is typed.
    """

    template: ClassVar[str] = "conversations/_rename.html"
    conversation: "Conversation"
    typed: str
    draft_id: str
    max_chars: int = MAX_TITLE_CHARS


class Move(Template, frozen=True):
    """The form for another folder, in the list."""

    template: ClassVar[str] = "conversations/_move.html"
    conversation: "Conversation"
    title: str
    choice: FolderChoice


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
    typed = app.services.drafts.form(DraftedForm.TITLE, conversation.id)
    draft_id = form_draft(DraftedForm.TITLE, conversation.id)
    form = Rename(conversation, typed.get("title", conversation.title), draft_id)
    return app.pages.fragment(form)


@router.delete("/conversations/:id/rename")
def keep_title(request: Request, app: OpenContext) -> Response:
    """Forget the other title that was typed, and show the conversation of the list."""
    app.services.drafts.drop_form(DraftedForm.TITLE, request.path_params["id"])
    return item(request, app)


@router.put("/conversations/:id/title")
def rename(request: Request, app: OpenContext) -> Response:
    """Give a conversation another title."""
    conversation_id = request.path_params["id"]
    title = request.form().get("title", "")
    renamed = app.services.conversations.rename(conversation_id, title)
    app.services.drafts.drop_form(DraftedForm.TITLE, conversation_id)
    app.pages.announce(Toast("Renamed.", undo=undo_path(renamed)))
    return item(request, app)


@router.get("/conversations/:id/move")
def move_form(request: Request, app: OpenContext) -> Response:
    """Ask for another folder."""
    conversation = app.services.conversations.get(request.path_params["id"])
    choice = FolderChoice(app.services.folders.all(), conversation.folder_id)
    form = Move(conversation, conversation.title or UNTITLED, choice)
    return app.pages.fragment(form)


@router.post("/conversations/arrange")
async def arrange(request: Request, app: OpenContext) -> Response:
    """Pin, archive, move or delete conversations, all in one act."""
    form = request.form()
    what = {each.value: each for each in Arrange}.get(form.get("act", ""))
    if what is None:
        raise InvalidInputError("Hearth does not know this. Reload the page.")
    ids = request.chosen("id")
    done = await app.services.arranging.arrange(what, ids, form.get("folder", ""))
    is_open = any(request.shown_path == f"/conversations/{row_id}" for row_id in ids)
    leaves = what is Arrange.DELETE and is_open
    place = request.shown_path if leaves else ""
    toast = Toast(_said(what, done), undo=undo_path(done.transaction_id, place))
    if leaves:
        app.pages.announce(toast)
        return no_content(go_to("/"))
    return app.pages.toast(toast)


_WORDS: Final = {
    Arrange.PIN: "Pinned {}.",
    Arrange.UNPIN: "No longer pinned: {}.",
    Arrange.ARCHIVE: "Archived {}.",
    Arrange.UNARCHIVE: "Back in the list: {}.",
    Arrange.DELETE: "Deleted {}.",
}


def _said(what: Arrange, done: Arranged) -> str:
    rows = done.conversations
    title = f"“{rows[0].title or UNTITLED}”"
    which = title if len(rows) == 1 else f"{len(rows)} conversations"
    if what is not Arrange.MOVE:
        return _WORDS[what].format(which)
    if done.folder is None:
        return f"Taken out of the folder: {which}."
    return f"Moved {which} to “{done.folder.name}”."


def _list(request: Request, app: OpenContext) -> Response:
    before = request.query.get("before")
    size = page_size(request, PAGE_SIZE)
    place, name = _place(request, app)
    found = app.services.arranging.page(place, before, size)
    days = _days(found, app.services.activity, app.renderer, before)
    more = found[-1].latest if len(found) == size else ""
    page = ConversationList(place, name, days, more, is_first=before is None)
    return app.pages.fragment(_whole(page, app) if page.is_first else page)


def _place(request: Request, app: OpenContext) -> tuple[str, str]:
    """Return what the list shows, and its name; a folder that is gone shows all."""
    place = request.query.get("place", "")
    if place == ARCHIVE:
        return place, "Archive"
    try:
        return place, app.services.folders.get(place).name if place else ""
    except NotFoundError:
        return "", ""


def _whole(page: ConversationList, app: OpenContext) -> ConversationList:
    """Return the first page with what stands above its days."""
    arranging, activity = app.services.arranging, app.services.activity
    folders = app.services.folders.all()
    choice = FolderChoice(folders, None if page.place == ARCHIVE else page.place)
    if page.place == ARCHIVE:
        return replace(page, choice=choice)
    pinned = [_item(one, activity) for one in arranging.pinned(page.place)]
    if page.place:
        return replace(page, choice=choice, pinned=pinned)
    return replace(
        page,
        choice=choice,
        pinned=pinned,
        folders=[FolderItem(each.folder, each.count) for each in folders],
        has_archive=arranging.is_any_archived(),
        temporary=app.services.temporary.all(),
    )


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
