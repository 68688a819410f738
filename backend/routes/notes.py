"""Notes: the list, one note with autosave and preview, deleting."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from msgspec import Struct

from backend.errors import NotFoundError
from backend.ids import new_id
from backend.live.message_views import Blocks
from backend.live.notices import Toast
from backend.routes.app_context import AppContext, OpenContext
from backend.routes.chat.conversations import UNTITLED as UNTITLED_TALK
from backend.routes.pages import go_to, no_content, page_size, undo_path
from backend.routes.search import HitItem, hit_items
from backend.services.notes import MAX_NOTE_CHARS, PAGE_SIZE
from backend.services.search import Scope
from backend.store.text import note_title
from backend.web.http import AppRouter, Request, Response
from backend.web.markdown.plain_text import plain_text
from backend.web.render_cache import rendered
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.store.models import Note

UNTITLED = "Untitled note"
_BEGINNING_CHARS = 200

router = AppRouter[OpenContext]()
always = AppRouter[AppContext]()


class NoteItem(Template, frozen=True):
    """One note in the list."""

    template: ClassVar[str] = "notes/_item.html"
    note: "Note"
    title: str
    beginning: str


class NoteList(Template, frozen=True):
    """A page of the list, or what was found in the notes.

    Attributes:
        query: What was looked for; "" for the whole list.
    """

    template: ClassVar[str] = "notes/_list.html"
    items: Sequence[NoteItem]
    hits: Sequence[HitItem] = ()
    query: str = ""
    more: str = ""
    is_first: bool = True


class NotesView(Template, frozen=True):
    """All notes."""

    template: ClassVar[str] = "notes/_view.html"
    list: NoteList


class NoteOrigin(Struct, frozen=True):
    """The message a note was made of.

    Attributes:
        path: Where it is shown; "" when it is no longer there.
    """

    title: str = ""
    path: str = ""


class Editor(Template, frozen=True):
    """One note, being written."""

    template: ClassVar[str] = "notes/_editor.html"
    note_id: str
    title: str
    body: str
    is_new: bool
    origin: "NoteOrigin | None" = None
    max_chars: int = MAX_NOTE_CHARS


class Saved(Template, frozen=True):
    """What saving tells the page."""

    template: ClassVar[str] = "notes/_saved.html"
    title: str


@router.get("/notes")
def show_all(request: Request, app: OpenContext) -> Response:
    """Show all notes."""
    return app.pages.show(request, "Notes", NotesView(_list(app, None)))


@router.get("/notes/list")
def list_(request: Request, app: OpenContext) -> Response:
    """Show a page of the list, or what is found in the notes."""
    if query := request.query.get("q", "").strip():
        app.services.notes.fold_drafts()
        found = app.services.search.search(query, Scope.NOTES)
        return app.pages.fragment(NoteList((), hit_items(found), query))
    size = page_size(request, PAGE_SIZE)
    return app.pages.fragment(_list(app, request.query.get("before"), size))


@always.get("/notes/new")
async def new(request: Request, app: AppContext) -> Response:
    """Show the editor of a note that begins with its first text."""
    editor = Editor(new_id(), UNTITLED, "", is_new=True)
    return app.pages.show(request, "New note", editor)


@router.get("/notes/:id")
def show(request: Request, app: OpenContext) -> Response:
    """Show one note."""
    try:
        note = app.services.notes.get(request.path_params["id"])
    except NotFoundError:
        if "follow" not in request.query:
            raise
        return no_content()
    title = note.title or UNTITLED
    origin = _origin(app, note.message_id) if note.message_id else None
    editor = Editor(note.id, title, note.body, is_new=False, origin=origin)
    return app.pages.show(request, title, editor)


@router.put("/notes/:id")
def write(request: Request, app: OpenContext) -> Response:
    """Keep what is typed."""
    body = request.form().get("body", "")
    note_id = _known_form(request.path_params["id"])
    app.services.notes.write(note_id, body)
    is_new = request.shown_path == "/notes/new"
    headers = {"HX-Replace-Url": f"/notes/{note_id}"} if is_new else {}
    return app.pages.fragment(Saved(note_title(body) or UNTITLED), headers)


@always.post("/notes/preview")
def preview(request: Request, app: AppContext) -> Response:
    """Show a text as it looks when it is read."""
    blocks = rendered(request.form().get("body", ""))
    return app.pages.fragment(Blocks(blocks, scope="preview"))


@router.delete("/notes/:id")
def delete(request: Request, app: OpenContext) -> Response:
    """Move a note to the trash."""
    note_id = request.path_params["id"]
    note = app.services.notes.get(note_id)
    deleted = app.services.notes.delete(note_id)
    title = note.title or UNTITLED
    place = request.shown_path if request.shown_path != "/notes" else ""
    toast = Toast(f"Deleted “{title}”.", undo=undo_path(deleted, place))
    if not place:
        return app.pages.toast(toast)
    app.pages.announce(toast)
    return no_content(go_to("/notes"))


def _list(app: OpenContext, before: str | None, size: int = PAGE_SIZE) -> NoteList:
    found = app.services.notes.page(before, size)
    more = found[-1].id if len(found) == size else ""
    items = [_item(note) for note in found]
    return NoteList(items, more=more, is_first=before is None)


def _item(note: "Note") -> NoteItem:
    rest = note.body.strip().partition("\n")[2].lstrip()[: 3 * _BEGINNING_CHARS]
    beginning = " ".join(plain_text(rest).split())[:_BEGINNING_CHARS]
    return NoteItem(note, note.title or UNTITLED, beginning)


def _origin(app: OpenContext, message_id: str) -> NoteOrigin:
    try:
        message = app.services.messages.get(message_id)
        talk = app.services.conversations.get(message.conversation_id)
    except NotFoundError:
        return NoteOrigin()
    path = f"/conversations/{talk.id}?around={message_id}"
    return NoteOrigin(talk.title or UNTITLED_TALK, path)


def _known_form(note_id: str) -> str:
    """Return the id as we write it: the page names a new note, within limits."""
    try:
        return str(UUID(note_id))
    except ValueError as exc:
        raise NotFoundError("There is no such note.") from exc
