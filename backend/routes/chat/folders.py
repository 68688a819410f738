"""Folders of conversations: made, named, given instructions, begun in, deleted."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backend.ids import NEW, new_id
from backend.live.notices import Toast
from backend.routes.app_context import OpenContext
from backend.routes.chat.assistants import AssistantPicker, assistant_picker
from backend.routes.chat.conversation_list import FolderItem
from backend.routes.chat.conversations import (
    UNTITLED,
    Composer,
    Empty,
    Head,
    Log,
    View,
)
from backend.routes.pages import go_to, no_content, undo_path
from backend.services.chat.folders import MAX_NAME_CHARS
from backend.services.notices import Tone
from backend.services.settings import MAX_INSTRUCTIONS_CHARS
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.store.models import Folder

router = AppRouter[OpenContext]()


@dataclass(frozen=True)
class RenameFolder(Template):
    """The form for another name, in the list."""

    template: ClassVar[str] = "folders/_rename.html"
    folder: "Folder"
    max_chars: int = MAX_NAME_CHARS


@dataclass(frozen=True)
class FolderPage(Template):
    """What a folder's conversations are answered by.

    Attributes:
        assistant: Whom new conversations in it have.
    """

    template: ClassVar[str] = "folders/_view.html"
    folder: "Folder"
    assistant: AssistantPicker
    max_chars: int = MAX_INSTRUCTIONS_CHARS


@router.post("/folders")
def create(_request: Request, app: OpenContext) -> Response:
    """Make a folder and ask for its name; the list shows it first."""
    return app.pages.fragment(RenameFolder(app.services.folders.create()))


@router.get("/folders/:id")
def show(request: Request, app: OpenContext) -> Response:
    """Show the assistant and the instructions of a folder."""
    folder = app.services.folders.get(request.path_params["id"])
    chosen = app.services.assistants.known(folder.assistant_id)
    page = FolderPage(folder, assistant_picker(chosen, unset="No assistant"))
    return app.pages.show(request, folder.name, page)


@router.get("/folders/:id/item")
def item(request: Request, app: OpenContext) -> Response:
    """Show one folder of the list."""
    folder_id = request.path_params["id"]
    found = [f for f in app.services.folders.all() if f.folder.id == folder_id]
    folder = found[0].folder if found else app.services.folders.get(folder_id)
    return app.pages.fragment(FolderItem(folder, found[0].count if found else 0))


@router.get("/folders/:id/new")
def new(request: Request, app: OpenContext) -> Response:
    """Show the conversation that does not exist yet, in a folder."""
    folder = app.services.folders.get(request.path_params["id"])
    composer = Composer(NEW, "/conversations", None, new_id(), folder_id=folder.id)
    head = Head("", UNTITLED, folder=folder.name)
    return app.pages.show(
        request, UNTITLED, View(head, Log("", (), empty=Empty()), composer)
    )


@router.get("/folders/:id/rename")
def rename_form(request: Request, app: OpenContext) -> Response:
    """Ask for another name."""
    folder = app.services.folders.get(request.path_params["id"])
    return app.pages.fragment(RenameFolder(folder))


@router.put("/folders/:id/name")
def rename(request: Request, app: OpenContext) -> Response:
    """Give a folder another name."""
    name = request.form().get("name", "")
    renamed = app.services.folders.rename(request.path_params["id"], name)
    app.pages.announce(Toast("Renamed.", undo=undo_path(renamed)))
    return item(request, app)


@router.put("/folders/:id/setup")
def set_up(request: Request, app: OpenContext) -> Response:
    """Answer by other instructions from now on, and begin with another assistant."""
    folder_id, form = request.path_params["id"], request.form()
    text, assistant_id = form.get("instructions", ""), form.get("assistant", "")
    kept = app.services.folders.set_up(folder_id, text, assistant_id)
    app.pages.announce(Toast("Saved.", tone=Tone.SUCCESS, undo=undo_path(kept)))
    return no_content(go_to(f"/folders/{folder_id}"))


@router.delete("/folders/:id")
def delete(request: Request, app: OpenContext) -> Response:
    """Delete a folder; its conversations go back to the list."""
    folder = app.services.folders.get(request.path_params["id"])
    deleted = app.services.folders.delete(folder.id)
    sentence = f"Deleted the folder “{folder.name}”. Its conversations stay."
    toast = Toast(sentence, undo=undo_path(deleted))
    if request.shown_path.startswith(f"/folders/{folder.id}"):
        app.pages.announce(toast)
        return no_content(go_to("/"))
    return app.pages.toast(toast)
