"""Notes: the list, one note with autosave and preview, deleting."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from backend.errors import NotFoundError
from backend.ids import new_id
from backend.live.message_views import Blocks
from backend.live.notices import Toast
from backend.routes.pages import Pages, go_to, no_content, page_size, undo_path
from backend.routes.search import HitItem, hit_items
from backend.services.notes import MAX_NOTE_CHARS, PAGE_SIZE
from backend.services.search import Scope
from backend.store.text import note_title
from backend.web.http import Request, Response, Router
from backend.web.plain_text import plain_text
from backend.web.render_cache import rendered
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.container import GetServices
    from backend.store.models import Note

UNTITLED = "Untitled note"
_BEGINNING_CHARS = 200


@dataclass(frozen=True)
class NoteItem(Template):
    """One note in the list."""

    template: ClassVar[str] = "notes/_item.html"
    note: "Note"
    title: str
    beginning: str


@dataclass(frozen=True)
class NoteList(Template):
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


@dataclass(frozen=True)
class NotesView(Template):
    """All notes."""

    template: ClassVar[str] = "notes/_view.html"
    list: NoteList


@dataclass(frozen=True)
class Editor(Template):
    """One note, being written."""

    template: ClassVar[str] = "notes/_editor.html"
    note_id: str
    title: str
    body: str
    is_new: bool
    max_chars: int = MAX_NOTE_CHARS


@dataclass(frozen=True)
class Saved(Template):
    """What saving tells the page."""

    template: ClassVar[str] = "notes/_saved.html"
    title: str


def build_router(get_services: "GetServices", pages: Pages) -> Router:
    """Return the routes of notes."""
    router = Router()

    @router.get("/notes")
    async def show_all(request: Request) -> Response:
        return pages.show(request, "Notes", NotesView(await _list(None)))

    @router.get("/notes/list")
    async def list_(request: Request) -> Response:
        if query := request.query.get("q", "").strip():
            services = await get_services()
            await services.notes.fold_drafts()
            found = await services.search.search(query, Scope.NOTES)
            return pages.fragment(NoteList((), hit_items(found), query))
        size = page_size(request, PAGE_SIZE)
        return pages.fragment(await _list(request.query.get("before"), size))

    @router.get("/notes/new")
    async def new(request: Request) -> Response:
        editor = Editor(new_id(), UNTITLED, "", is_new=True)
        return pages.show(request, "New note", editor)

    @router.get("/notes/:id")
    async def show(request: Request) -> Response:
        services = await get_services()
        try:
            note = await services.notes.get(request.path_params["id"])
        except NotFoundError:
            if "follow" not in request.query:
                raise
            return no_content()
        title = note.title or UNTITLED
        return pages.show(
            request, title, Editor(note.id, title, note.body, is_new=False)
        )

    @router.put("/notes/:id")
    async def write(request: Request) -> Response:
        services = await get_services()
        body = request.form().get("body", "")
        note_id = _known_form(request.path_params["id"])
        await services.notes.write(note_id, body)
        is_new = request.shown_path == "/notes/new"
        headers = {"HX-Replace-Url": f"/notes/{note_id}"} if is_new else {}
        return pages.fragment(Saved(note_title(body) or UNTITLED), headers)

    @router.post("/notes/preview")
    async def preview(request: Request) -> Response:
        body = request.form().get("body", "")
        blocks = await asyncio.to_thread(rendered, body)
        return pages.fragment(Blocks(blocks, scope="preview"))

    @router.delete("/notes/:id")
    async def delete(request: Request) -> Response:
        services = await get_services()
        note_id = request.path_params["id"]
        note = await services.notes.get(note_id)
        deleted = await services.notes.delete(note_id)
        title = note.title or UNTITLED
        place = request.shown_path if request.shown_path != "/notes" else ""
        toast = Toast(f"Deleted “{title}”.", undo=undo_path(deleted, place))
        if not place:
            return pages.toast(toast)
        pages.announce(toast)
        return no_content(go_to("/notes"))

    async def _list(before: str | None, size: int = PAGE_SIZE) -> NoteList:
        services = await get_services()
        found = await services.notes.page(before, size)
        more = found[-1].id if len(found) == size else ""
        items = [_item(note) for note in found]
        return NoteList(items, more=more, is_first=before is None)

    return router


def _item(note: "Note") -> NoteItem:
    rest = note.body.strip().partition("\n")[2].lstrip()[: 3 * _BEGINNING_CHARS]
    beginning = " ".join(plain_text(rest).split())[:_BEGINNING_CHARS]
    return NoteItem(note, note.title or UNTITLED, beginning)


def _known_form(note_id: str) -> str:
    """Return the id as we write it: the page names a new note, within limits."""
    try:
        return str(UUID(note_id))
    except ValueError as exc:
        raise NotFoundError("There is no such note.") from exc
