"""Conversations: one conversation, asking, choosing its model, deleting."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from backend.errors import InvalidInputError, NotFoundError
from backend.ids import NEW, is_temporary, new_id
from backend.live.notices import Toast
from backend.routes.app_context import AppContext, OpenContext
from backend.routes.pages import go_to, no_content, page_size, undo_path
from backend.services.chat.conversations import LOG_LIMIT
from backend.services.engines.engines import Choice
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.store.models import Conversation

UNTITLED = "New conversation"

router = AppRouter[OpenContext]()
always = AppRouter[AppContext]()


class Composer(Template, frozen=True):
    """Where the user writes.

    Attributes:
        draft: What was typed and not sent; None when the page is to ask for it.
        is_behind: The newest messages are not shown; sending shows them.
        folder_id: Where a new one begins; "" for no folder.
    """

    template: ClassVar[str] = "conversations/_composer.html"
    conversation_id: str
    action: str
    draft: str | None
    submission: str
    is_behind: bool = False
    folder_id: str = ""
    takes_files: bool = True


class Empty(Template, frozen=True):
    """What a conversation without messages says."""

    template: ClassVar[str] = "messages/_empty.html"


class Earlier(Template, frozen=True):
    """Messages from before those shown."""

    template: ClassVar[str] = "messages/_earlier.html"
    conversation_id: str
    messages: Sequence[Template]
    earlier: str


class Later(Template, frozen=True):
    """Messages from after those shown."""

    template: ClassVar[str] = "messages/_later.html"
    conversation_id: str
    messages: Sequence[Template]
    later: str


class Log(Template, frozen=True):
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


class Head(Template, frozen=True):
    """The title of a conversation.

    Attributes:
        conversation_id: "" for the one that does not exist yet.
        folder: The name of the folder it is in, if there is one.
    """

    template: ClassVar[str] = "conversations/_head.html"
    conversation_id: str
    title: str
    is_deleted: bool = False
    is_archived: bool = False
    folder: str = ""
    is_temporary: bool = False


class View(Template, frozen=True):
    """One conversation with its composer."""

    template: ClassVar[str] = "conversations/_view.html"
    head: Head
    log: Log
    composer: Composer


class Sent(Template, frozen=True):
    """What the composer calls the next question, and which one was asked."""

    template: ClassVar[str] = "conversations/_sent.html"
    submission: str
    question: str


@always.get("/")
async def new(request: Request, app: AppContext) -> Response:
    """Show the conversation that does not exist yet.

    It waits for nothing: the first page shows before the store is open, and its draft
    follows.
    """
    composer = Composer(NEW, "/conversations", None, new_id())
    view = View(Head("", UNTITLED), Log("", (), empty=Empty()), composer)
    return app.pages.show(request, UNTITLED, view)


@router.get("/conversations/:id")
async def show(request: Request, app: OpenContext) -> Response:
    """Show a conversation, at its end or around a message with certain words."""
    around = request.query.get("around", "")
    query = request.query.get("q", "")
    view = await _view(app, request.path_params["id"], around, query)
    app.services.activity.read(view.head.conversation_id)
    return app.pages.show(request, view.head.title, view)


@router.get("/conversations/:id/head")
def head(request: Request, app: OpenContext) -> Response:
    """Show the title of a conversation, also of one in the trash."""
    find, row_id = app.services.conversations.get, request.path_params["id"]
    return app.pages.fragment(_head(app, find(row_id, include_deleted=True)))


@router.get("/conversations/:id/log")
async def log(request: Request, app: OpenContext) -> Response:
    """Show messages before or after those shown, or all that are shown again."""
    conversation_id = request.path_params["id"]
    if before := request.query.get("before"):
        return app.pages.fragment(await _earlier(app, conversation_id, before))
    if after := request.query.get("after"):
        return app.pages.fragment(await _later(app, conversation_id, after))
    size = page_size(request, LOG_LIMIT)
    through = request.query.get("through", "")
    return app.pages.fragment(await _newest(app, conversation_id, size, through))


@router.delete("/conversations/:id")
async def delete(request: Request, app: OpenContext) -> Response:
    """Move a conversation to the trash."""
    conversations = app.services.conversations
    conversation_id = request.path_params["id"]
    conversation = await asyncio.to_thread(conversations.get, conversation_id)
    deleted = await conversations.delete(conversation_id)
    is_open = request.shown_path == f"/conversations/{conversation_id}"
    toast = Toast(
        f"Deleted “{conversation.title or UNTITLED}”.",
        undo=undo_path(deleted, request.shown_path if is_open else ""),
    )
    if is_open:
        app.pages.announce(toast)
        return no_content(go_to("/"))
    return app.pages.toast(toast)


@router.post("/conversations")
async def begin(request: Request, app: OpenContext) -> Response:
    """Begin a conversation with its first question."""
    form, folder_id = request.form(), request.form().get("folder", "")
    choice = Choice.parse(form.get("choice", ""))
    if choice is None and "assistant" not in form:  # sent before the page was complete
        for_new = app.services.assistants.model_for_new
        choice = await asyncio.to_thread(for_new, folder_id)
    exchange = await app.services.conversations.begin(
        form.get("text", ""),
        choice,
        form.get("submission", ""),
        draft=NEW,
        folder_id=folder_id,
        assistant_id=form.get("assistant"),
    )
    return await _whole(app, exchange.conversation.id)


@router.post("/conversations/:id/messages")
async def ask(request: Request, app: OpenContext) -> Response:
    """Ask the next question."""
    form, conversation_id = request.form(), request.path_params["id"]
    exchange = await app.services.conversations.ask(
        conversation_id, form.get("text", ""), form.get("submission", "")
    )
    if "behind" in form:
        return await _whole(app, conversation_id)
    return app.pages.fragment(Sent(new_id(), exchange.question.id))


@router.post("/conversations/:id/stop")
async def stop(request: Request, app: OpenContext) -> Response:
    """Stop the answer being written."""
    await app.services.answers.stop(request.path_params["id"])
    return no_content()


@router.put("/conversations/:id/model")
async def choose_model(request: Request, app: OpenContext) -> Response:
    """Let another model answer from here on."""
    choice = Choice.parse(request.form().get("choice", ""))
    if choice is None:
        raise InvalidInputError("Choose one of the models in the list.")
    conversation_id = request.path_params["id"]
    is_for_one = request.query.get("place") == "composer" and conversation_id == NEW
    keep = app.services.assistants.choose_model_for_new
    folder_id = request.query.get("folder", "")
    if not (is_for_one and await asyncio.to_thread(keep, choice, folder_id)):
        await app.services.conversations.choose_model(conversation_id, choice)
    await app.services.model_choices.remember(choice)
    return no_content()


async def _whole(app: OpenContext, conversation_id: str) -> Response:
    headers = {"HX-Push-Url": f"/conversations/{conversation_id}"}
    return app.pages.fragment(await _view(app, conversation_id), headers)


async def _view(
    app: OpenContext, conversation_id: str, around: str = "", query: str = ""
) -> View:
    head, draft = await asyncio.to_thread(_head_and_draft, app, conversation_id)
    log = around and await _around(app, conversation_id, around, query)
    log = log or await _newest(app, conversation_id, LOG_LIMIT)
    action = f"/conversations/{conversation_id}/messages"
    composer = Composer(
        conversation_id,
        action,
        draft,
        new_id(),
        is_behind=bool(log.later),
        takes_files=not head.is_temporary,
    )
    return View(head, log, composer)


def _head_and_draft(app: OpenContext, conversation_id: str) -> tuple[Head, str]:
    found = app.services.conversations.get(conversation_id)
    return _head(app, found), app.services.drafts.get(conversation_id)


def _head(app: OpenContext, found: "Conversation") -> Head:
    return Head(
        found.id,
        found.title or UNTITLED,
        is_deleted=found.deleted_at is not None,
        is_archived=found.archived_at != 0,
        folder=app.services.folders.name_of(found.folder_id),
        is_temporary=is_temporary(found.id),
    )


async def _newest(
    app: OpenContext, conversation_id: str, size: int, through: str = ""
) -> Log:
    """Return its newest messages, or as many up to one, as a page shows them."""
    reading = await asyncio.to_thread(app.services.context.reading, conversation_id)
    chosen = await asyncio.to_thread(app.services.assistants.of, conversation_id)
    seq = app.feed.seq
    read = partial(app.services.conversations.log, conversation_id, size)
    found = await app.feed.read(partial(read, through=through or None))
    name = chosen.name if chosen else ""
    views = app.feed.views(found, reading, None if through else name)
    earlier = found[0].id if len(found) == size else ""
    empty = None if found else Empty()
    return Log(conversation_id, views, seq, earlier, empty, later=through)


async def _around(
    app: OpenContext, conversation_id: str, message_id: str, query: str
) -> Log | None:
    """Return a message among others; None when it is not in the conversation."""
    reading = await asyncio.to_thread(app.services.context.reading, conversation_id)
    seq = app.feed.seq
    try:
        show_version = app.services.conversations.show_version
        await asyncio.to_thread(show_version, message_id)
        found = await app.feed.read(
            partial(app.services.conversations.log_around, message_id)
        )
    except NotFoundError:
        return None
    if found[0].conversation_id != conversation_id:
        return None
    at = next(i for i, message in enumerate(found) if message.id == message_id)
    words_in = app.services.search.words_in
    return Log(
        conversation_id,
        app.feed.views(found, reading),
        seq,
        earlier=found[0].id if at == LOG_LIMIT // 2 else "",
        around=message_id,
        words=await asyncio.to_thread(words_in, found[at].text, query),
        later=found[-1].id if len(found) - 1 - at == LOG_LIMIT // 2 else "",
    )


async def _later(app: OpenContext, conversation_id: str, after: str) -> Later:
    read = partial(app.services.conversations.later, conversation_id, after)
    reading = await asyncio.to_thread(app.services.context.reading, conversation_id)
    found = await app.feed.read(read)
    views = app.feed.views(found, reading)
    more = found[-1].id if len(found) == LOG_LIMIT else ""
    return Later(conversation_id, views, more)


async def _earlier(app: OpenContext, conversation_id: str, before: str) -> Earlier:
    read = partial(app.services.conversations.log, conversation_id, before=before)
    reading = await asyncio.to_thread(app.services.context.reading, conversation_id)
    found = await app.feed.read(read)
    views = app.feed.views(found, reading)
    more = found[0].id if len(found) == LOG_LIMIT else ""
    return Earlier(conversation_id, views, more)
