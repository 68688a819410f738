"""Assistants: the page on which the user makes them, and choosing one."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import replace

from backend.ids import NEW
from backend.live.notices import Toast
from backend.llm.options import AS_SET, Effort, Parameters
from backend.routes.app_context import OpenContext
from backend.routes.model_picker import MAX_QUERY_CHARS, Picker, picker_of
from backend.routes.pages import go_to, no_content, undo_path
from backend.services.assistants.examples import EXAMPLES
from backend.services.assistants.forms import (
    EMPTY_FORM,
    ICON,
    MAX_INSTRUCTIONS_CHARS,
    MAX_NAME_CHARS,
    drafted_parameters,
    to_form,
)
from backend.services.assistants.places import unfilled
from backend.services.engines.choices import Choice
from backend.services.icons import ICONS
from backend.services.notices import Tone
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.store.models import Assistant

TITLE: Final = "Assistants"
_UNSET_MODEL: Final = "The model of the conversation"
_ABOUT_CHARS: Final = 160

router = AppRouter[OpenContext]()


class AssistantRow(Struct, frozen=True):
    """An assistant in a list.

    Attributes:
        about: What it is told, in short.
        problem: Why its model cannot be used; "" when it can.
    """

    id: str
    name: str
    icon: str
    about: str
    problem: str = ""


class AssistantList(Template, frozen=True):
    """All assistants, or examples where there are none."""

    template: ClassVar[str] = "assistants/_list.html"
    rows: Sequence[AssistantRow]
    examples: Sequence[AssistantRow]


class AssistantsView(Template, frozen=True):
    """The page of assistants."""

    template: ClassVar[str] = "assistants/_view.html"
    assistants: AssistantList


class AssistantForm(Template, frozen=True, kw_only=True):
    """The form for a new assistant, and for another one's facts.

    Attributes:
        id: Of the assistant to change; "" for a new one.
        values: Of its fields, as they were typed last.
        is_draft: Whether it was filled in before and not saved.
        unfilled: Which places of the instructions stay as they are, in a sentence.
    """

    template: ClassVar[str] = "assistants/_form.html"
    picker: Picker
    title: str
    id: str = ""
    values: "Mapping[str, str]"
    chosen_icon: str
    parameters: Parameters
    has_parameters: bool
    is_draft: bool
    unfilled: str
    icons: Sequence[str] = ICONS
    efforts: Sequence[str] = tuple(Effort)
    max_name_chars: int = MAX_NAME_CHARS
    max_chars: int = MAX_INSTRUCTIONS_CHARS


class AssistantPicker(Template, frozen=True):
    """Which assistant was chosen in a place, and the button that opens the list.

    Attributes:
        path: Where a choice is sent; "" where a form sends it.
        unset: What the button says where none is chosen.
        is_deleted: Whether it is in the trash.
        folder: The name of the folder it comes from; "" when it was chosen here.
    """

    template: ClassVar[str] = "assistants/_picker.html"
    path: str
    chosen: str = ""
    name: str = ""
    icon_name: str = ICON
    unset: str = "Assistant"
    is_deleted: bool = False
    folder: str = ""


class AssistantChoices(Template, frozen=True):
    """The assistants to choose from.

    Attributes:
        unset: What choosing none is called; "" where that is not offered.
    """

    template: ClassVar[str] = "assistants/_choices.html"
    rows: Sequence[AssistantRow]
    chosen: str
    unset: str
    query: str


@router.get("/assistants")
async def show(request: Request, app: OpenContext) -> Response:
    """Show all assistants."""
    return app.pages.show(request, TITLE, AssistantsView(await _list(app)))


@router.get("/assistants/list")
async def list_(_request: Request, app: OpenContext) -> Response:
    """Show the list as it is now."""
    return app.pages.fragment(await _list(app))


@router.get("/assistants/new")
async def new(request: Request, app: OpenContext) -> Response:
    """Show the form of a new assistant."""
    return app.pages.show(request, TITLE, await _form_of(app, NEW))


@router.get("/assistants/picker")
def picker(request: Request, app: OpenContext) -> Response:
    """Show which assistant a conversation has."""
    conversation_id = request.query.get("conversation", "") or NEW
    folder_id = request.query.get("folder", "") if conversation_id == NEW else ""
    chosen = app.services.assistants.of(conversation_id, folder_id)
    path = f"/conversations/{conversation_id}/assistant"
    usual = app.services.assistants.of_folder(folder_id)
    if usual is None:
        return app.pages.fragment(assistant_picker(chosen, path))
    shown = assistant_picker(chosen, f"{path}?{urlencode({'folder': folder_id})}")
    if chosen and chosen.id == usual.id:
        shown = replace(shown, folder=app.services.folders.name_of(folder_id))
    return app.pages.fragment(shown)


@router.get("/assistants/choices")
def choices(request: Request, app: OpenContext) -> Response:
    """Show the assistants that have the words of a query."""
    query = request.query.get("q", "")[:MAX_QUERY_CHARS]
    found = [_row(one) for one in app.services.assistants.find(query)]
    unset = "" if query.strip() else request.query.get("unset", "")[:MAX_QUERY_CHARS]
    chosen = request.query.get("chosen", "")
    return app.pages.fragment(AssistantChoices(found, chosen, unset, query))


@router.get("/assistants/:id/edit")
async def edit(request: Request, app: OpenContext) -> Response:
    """Show the form of an assistant."""
    form = await _form_of(app, request.path_params["id"])
    return app.pages.show(request, form.title, form)


@router.put("/assistants/:id/draft")
def keep_draft(request: Request, app: OpenContext) -> Response:
    """Keep a form while it is being filled in; say what will not be."""
    form = request.form()
    app.services.assistants.save_draft(form, request.path_params["id"])
    name = app.services.settings.name()
    return Response(body=unfilled(form.get("instructions", ""), name))


@router.delete("/assistants/:id/draft")
async def start_over(request: Request, app: OpenContext) -> Response:
    """Forget what was typed into a form."""
    assistant_id = request.path_params["id"]
    await asyncio.to_thread(app.services.assistants.drop_draft, assistant_id)
    return app.pages.fragment(await _form_of(app, assistant_id))


@router.post("/assistants")
def add(request: Request, app: OpenContext) -> Response:
    """Add an assistant."""
    made, added = app.services.assistants.add(request.form())
    app.pages.announce(Toast(f"Added “{made.name}”.", undo=undo_path(added)))
    return no_content(go_to("/assistants"))


@router.post("/assistants/examples")
def add_example(request: Request, app: OpenContext) -> Response:
    """Add one of the examples."""
    name = request.form().get("name", "")
    made, added = app.services.assistants.add_example(name)
    return app.pages.toast(Toast(f"Added “{made.name}”.", undo=undo_path(added)))


@router.post("/assistants/:id/copy")
def duplicate(request: Request, app: OpenContext) -> Response:
    """Add an assistant that is like another one."""
    made, added = app.services.assistants.duplicate(request.path_params["id"])
    return app.pages.toast(Toast(f"Added “{made.name}”.", undo=undo_path(added)))


@router.post("/assistants/:id/begin")
def begin(request: Request, app: OpenContext) -> Response:
    """Choose an assistant for a new conversation, and go there."""
    app.services.assistants.choose(NEW, request.path_params["id"])
    return no_content(go_to("/"))


@router.get("/assistants/export")
def export(_request: Request, app: OpenContext) -> Response:
    """Answer with a file of all assistants."""
    name = "hearth-assistants.json"
    return Response(
        body=app.services.assistants.export(),
        content_type="application/json",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


@router.post("/assistants/import")
def import_from(request: Request, app: OpenContext) -> Response:
    """Add the assistants of a file."""
    count = app.services.assistants.import_from(request.form().get("content", ""))
    words = f"{count} assistant{'' if count == 1 else 's'} added."
    if not count:
        words = "You already have all assistants of this file."
    app.pages.announce(Toast(words, tone=Tone.SUCCESS))
    return no_content()


@router.put("/assistants/:id")
def change(request: Request, app: OpenContext) -> Response:
    """Change an assistant."""
    assistant_id = request.path_params["id"]
    saved = app.services.assistants.change(assistant_id, request.form())
    app.pages.announce(Toast("Saved the assistant.", undo=undo_path(saved)))
    return no_content(go_to("/assistants"))


@router.delete("/assistants/:id")
def delete(request: Request, app: OpenContext) -> Response:
    """Move an assistant to the trash."""
    assistant = app.services.assistants.get(request.path_params["id"])
    deleted = app.services.assistants.delete(assistant.id)
    words = f"Deleted “{assistant.name}”. Its conversations keep its instructions."
    return app.pages.toast(Toast(words, undo=undo_path(deleted)))


@router.put("/conversations/:id/assistant")
def choose(request: Request, app: OpenContext) -> Response:
    """Let a conversation have an assistant from the next question on, or none."""
    chosen = request.form().get("assistant", "")
    folder_id = request.query.get("folder", "")
    app.services.assistants.choose(request.path_params["id"], chosen, folder_id)
    return no_content()


def assistant_picker(
    chosen: "Assistant | None", path: str = "", unset: str = "Assistant"
) -> AssistantPicker:
    """Return the picker of a place that has this assistant."""
    if chosen is None:
        return AssistantPicker(path, unset=unset)
    is_deleted = chosen.deleted_at is not None
    icon = _row(chosen).icon
    return AssistantPicker(path, chosen.id, chosen.name, icon, unset, is_deleted)


async def _list(app: OpenContext) -> AssistantList:
    found = await asyncio.to_thread(app.services.assistants.all)
    rows = [_row(one, await _problem(app, one)) for one in found]
    examples = [
        AssistantRow("", one["name"], one["icon"], one["instructions"])
        for one in EXAMPLES
    ]
    return AssistantList(rows, examples)


async def _problem(app: OpenContext, assistant: "Assistant") -> str:
    choice = Choice.of(assistant.engine_id, assistant.model)
    return (await app.services.model_choices.judge(choice)).problem if choice else ""


def _row(assistant: "Assistant", problem: str = "") -> AssistantRow:
    icon = assistant.icon if assistant.icon in ICONS else ICON
    about = " ".join(assistant.instructions[:_ABOUT_CHARS].split())
    about += " …" if len(assistant.instructions) > _ABOUT_CHARS else ""
    return AssistantRow(assistant.id, assistant.name, icon, about, problem)


async def _form_of(app: OpenContext, assistant_id: str) -> AssistantForm:
    """Return the form of an assistant, or of a new one, as it was typed last."""
    is_new = assistant_id == NEW
    before, values, name = await asyncio.to_thread(_before_and_now, app, assistant_id)
    choice = Choice.parse(values["choice"])
    parameters = drafted_parameters(values)
    return AssistantForm(
        picker=await picker_of(app, choice, "", unset=_UNSET_MODEL),
        title="New assistant" if is_new else before["name"],
        id="" if is_new else assistant_id,
        values=values,
        chosen_icon=values["icon"],
        parameters=parameters,
        has_parameters=parameters != AS_SET,
        is_draft=values != before,
        unfilled=unfilled(values["instructions"], name),
    )


def _before_and_now(
    app: OpenContext, assistant_id: str
) -> tuple[dict[str, str], dict[str, str], str]:
    kept = app.services.assistants
    before = dict(EMPTY_FORM)
    if assistant_id != NEW:
        before = to_form(kept.get(assistant_id))
    name = app.services.settings.name()
    return before, before | kept.draft(assistant_id), name
