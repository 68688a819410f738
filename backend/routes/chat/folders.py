"""Folders of conversations: made, named, given instructions, begun in, deleted."""

from typing import TYPE_CHECKING, ClassVar

from backend.ids import NEW, DraftedForm, form_draft, new_id
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


class RenameFolder(Template, frozen=True):
    """The form for another name, in the list.

    Attributes:
        typed: The name as it was typed last.
        draft_id: Under which it is kept while it is typed.
    """

    template: ClassVar[str] = "folders/_rename.html"
    folder: "Folder"
    typed: str
    draft_id: str
    max_chars: int = MAX_NAME_CHARS


class FolderPage(Template, frozen=True):
    """What a folder's conversations are answered by.

    Attributes:
        instructions: As they were typed last.
        assistant: Whom new conversations in it have.
        draft_id: Under which the form is kept while it is filled in.
        is_draft: Whether it was filled in before and not saved.
    """

    template: ClassVar[str] = "folders/_view.html"
    folder: "Folder"
    instructions: str
    assistant: AssistantPicker
    draft_id: str
    is_draft: bool
    max_chars: int = MAX_INSTRUCTIONS_CHARS


@router.post("/folders")
def create(_request: Request, app: OpenContext) -> Response:
    """Make a folder and ask for its name; the list shows it first."""
    return _rename_form(app, app.services.folders.create())


@router.get("/folders/:id")
def show(request: Request, app: OpenContext) -> Response:
    """Show the assistant and the instructions of a folder."""
    folder = app.services.folders.get(request.path_params["id"])
    return app.pages.show(request, folder.name, _page(app, folder))


@router.delete("/folders/:id/draft")
def start_over(request: Request, app: OpenContext) -> Response:
    """Forget what was typed into the form of a folder."""
    folder = app.services.folders.get(request.path_params["id"])
    app.services.drafts.drop_form(DraftedForm.FOLDER, folder.id)
    return app.pages.fragment(_page(app, folder))


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
    return _rename_form(app, folder)


@router.delete("/folders/:id/rename")
def keep_name(request: Request, app: OpenContext) -> Response:
    """Forget the other name that was typed, and show the folder of the list."""
    app.services.drafts.drop_form(DraftedForm.FOLDER_NAME, request.path_params["id"])
    return item(request, app)


@router.put("/folders/:id/name")
def rename(request: Request, app: OpenContext) -> Response:
    """Give a folder another name."""
    folder_id, name = request.path_params["id"], request.form().get("name", "")
    renamed = app.services.folders.rename(folder_id, name)
    app.services.drafts.drop_form(DraftedForm.FOLDER_NAME, folder_id)
    app.pages.announce(Toast("Renamed.", undo=undo_path(renamed)))
    return item(request, app)


@router.put("/folders/:id/setup")
def set_up(request: Request, app: OpenContext) -> Response:
    """Answer by other instructions from now on, and begin with another assistant."""
    folder_id, form = request.path_params["id"], request.form()
    text, assistant_id = form.get("instructions", ""), form.get("assistant", "")
    kept = app.services.folders.set_up(folder_id, text, assistant_id)
    app.services.drafts.drop_form(DraftedForm.FOLDER, folder_id)
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


def _page(app: OpenContext, folder: "Folder") -> FolderPage:
    """Return the form of a folder as it was filled in last."""
    before = {"instructions": folder.instructions, "assistant": folder.assistant_id}
    values = before | app.services.drafts.form(DraftedForm.FOLDER, folder.id)
    chosen = app.services.assistants.known(values["assistant"])
    return FolderPage(
        folder,
        values["instructions"],
        assistant_picker(chosen, unset="No assistant"),
        form_draft(DraftedForm.FOLDER, folder.id),
        is_draft=values != before,
    )


def _rename_form(app: OpenContext, folder: "Folder") -> Response:
    typed = app.services.drafts.form(DraftedForm.FOLDER_NAME, folder.id)
    draft_id = form_draft(DraftedForm.FOLDER_NAME, folder.id)
    form = RenameFolder(folder, typed.get("name", folder.name), draft_id)
    return app.pages.fragment(form)
