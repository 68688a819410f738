"""Messages: editing, asking and answering again, images, deleting."""

import asyncio
import json
from typing import TYPE_CHECKING, ClassVar, Final

from msgspec.structs import replace

from backend.errors import ConflictError, NotFoundError
from backend.ids import edit_draft, is_temporary
from backend.live.message_views import QuestionView
from backend.live.notices import Toast
from backend.routes.app_context import OpenContext
from backend.routes.pages import go_to, no_content, undo_path
from backend.services.images import Image
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.store.rows import AnyMessage

router = AppRouter[OpenContext]()
_NOT_KEPT: Final = (
    "A note would keep a part of this temporary chat. Choose Keep this conversation "
    "first, and mark it then."
)


class LoadedImage(Template, frozen=True):
    """An image the user asked for, shown from memory."""

    template: ClassVar[str] = "messages/_image.html"
    image: Image


class Edit(Template, frozen=True):
    """The form for another text of a question.

    Attributes:
        draft_id: Under which it is kept while it is typed.
        is_draft: It goes on with what was typed before and not saved.
    """

    template: ClassVar[str] = "messages/_edit.html"
    message: "AnyMessage"
    text: str
    draft_id: str
    is_draft: bool


class Changed(Template, frozen=True):
    """A message as it is now, and what was done to it."""

    template: ClassVar[str] = "messages/_changed.html"
    message: Template
    toast: Toast


@router.get("/messages/:id")
async def show(request: Request, app: OpenContext) -> Response:
    """Show a message as it is."""
    return app.pages.fragment(_focused(app, await _message(request, app)))


@router.get("/messages/:id/edit")
def edit_form(request: Request, app: OpenContext) -> Response:
    """Ask for another text, as far as it was typed."""
    message = app.services.messages.get(request.path_params["id"])
    drafts, draft_id = app.services.drafts, edit_draft(message.id)
    if "anew" in request.query:
        drafts.save(draft_id, "")
    draft = drafts.get(draft_id)
    is_draft = draft not in {"", message.text}
    form = Edit(message, draft or message.text, draft_id, is_draft)
    return app.pages.fragment(form)


@router.put("/messages/:id")
async def edit(request: Request, app: OpenContext) -> Response:
    """Give a question another text."""
    message_id, text = request.path_params["id"], request.form().get("text", "")
    change = app.services.conversations.edit
    message, edited = await asyncio.to_thread(change, message_id, text)
    await app.feed.look_at_files([message])
    toast = Toast("Saved. The answer was not changed.", undo=undo_path(edited))
    return app.pages.fragment(Changed(_focused(app, message), toast))


@router.post("/messages/:id/ask")
async def ask_again(request: Request, app: OpenContext) -> Response:
    """Ask a question with another text."""
    again = await app.services.conversations.ask_again(
        request.path_params["id"], request.form().get("text", "")
    )
    toast = Toast(
        "Older answer kept.",
        undo=undo_path(again.transaction_id),
        show=f"/messages/{request.path_params['id']}/show",
    )
    return app.pages.fragment(Changed(_focused(app, again.question), toast))


@router.post("/messages/:id/show")
def show_branch(request: Request, app: OpenContext) -> Response:
    """Show a message, where another version of it is shown."""
    return _shown(app, request.path_params["id"], 0)


@router.post("/messages/:id/earlier")
def show_earlier(request: Request, app: OpenContext) -> Response:
    """Show the version before a message, with what followed that."""
    return _shown(app, request.path_params["id"], -1)


@router.post("/messages/:id/later")
def show_later(request: Request, app: OpenContext) -> Response:
    """Show the version after a message, with what followed that."""
    return _shown(app, request.path_params["id"], 1)


@router.post("/messages/:id/retry")
async def retry(request: Request, app: OpenContext) -> Response:
    """Write another answer beside one."""
    earlier = await _message(request, app)
    conversations = app.services.conversations
    begun = await conversations.answer_again(earlier.id, keep_text=False)
    if not earlier.text:
        return Response()
    show = f"/messages/{earlier.id}/show"
    toast = Toast("Older answer kept.", undo=undo_path(begun), show=show)
    return app.pages.toast(toast)


@router.post("/messages/:id/continue")
async def go_on(request: Request, app: OpenContext) -> Response:
    """Go on with an answer from where it stopped."""
    earlier = await _message(request, app)
    await app.feed.prepare(earlier)
    await app.services.conversations.answer_again(earlier.id, keep_text=True)
    return Response()


@router.post("/messages/:id/images")
async def load_image(request: Request, app: OpenContext) -> Response:
    """Load an image of a message."""
    message = await _message(request, app)
    url = request.form().get("url", "")
    image = await app.services.images.load(message.text, url)
    return app.pages.fragment(LoadedImage(image))


@router.delete("/messages/:id")
async def delete(request: Request, app: OpenContext) -> Response:
    """Move a message to the trash."""
    conversations = app.services.conversations
    removed = await conversations.delete_message(request.path_params["id"])
    sentence = f"Deleted “{removed.title or 'an empty message'}”."
    return app.pages.toast(Toast(sentence, undo=undo_path(removed.transaction_id)))


@router.post("/messages/:id/note")
def mark(request: Request, app: OpenContext) -> Response:
    """Mark a message by a note of it, or of what is selected in it."""
    message = app.services.messages.get(request.path_params["id"])
    if is_temporary(message.conversation_id):
        raise ConflictError(_NOT_KEPT)
    text = request.form().get("text", "").strip() or message.text
    marked = app.services.notes.mark(message.id, text)
    return app.pages.toast(Toast("Marked, and kept as a note.", undo=undo_path(marked)))


@router.get("/messages/:id/note")
def show_note(request: Request, app: OpenContext) -> Response:
    """Show the note of a marked message."""
    note_id = app.services.notes.marks().get(request.path_params["id"])
    if note_id is None:
        raise NotFoundError("This message is not marked any more.")
    path = f"/notes/{note_id}"
    if request.is_htmx:
        return no_content(go_to(path))
    return Response(status=303, headers={"Location": path})


@router.get("/messages/:id/text")
def text(request: Request, app: OpenContext) -> Response:
    """Return the text of a message, to be copied."""
    message = app.services.messages.get(request.path_params["id"])
    return Response(body=message.text, content_type="text/plain; charset=utf-8")


async def _message(request: Request, app: OpenContext) -> "AnyMessage":
    find = app.services.messages.get
    message = await asyncio.to_thread(find, request.path_params["id"])
    await app.feed.look_at_files([message])
    return message


def _focused(app: OpenContext, message: "AnyMessage") -> Template:
    view = app.feed.view(message)
    return replace(view, is_focused=True) if isinstance(view, QuestionView) else view


def _shown(app: OpenContext, message_id: str, step: int) -> Response:
    shown = app.services.conversations.show_version(message_id, step)
    data = json.dumps({"hearth:version": {"message": shown, "step": step}})
    return Response(headers={"HX-Trigger": data})
