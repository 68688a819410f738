"""Quick actions: the page on which the user makes, orders, imports and exports them."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

from msgspec import Struct, field

from backend.ids import NEW
from backend.live.notices import Toast
from backend.routes.app_context import OpenContext
from backend.routes.chat.assistants import AssistantPicker, assistant_picker
from backend.routes.model_picker import Picker, picker_of
from backend.routes.pages import go_to, no_content, undo_path
from backend.services.actions.forms import (
    EMPTY_FORM,
    KINDS,
    MAX_NAME_CHARS,
    MAX_PROMPT_CHARS,
    RESULTS,
)
from backend.services.engines.engines import Choice
from backend.services.engines.purposes import Purpose
from backend.services.icons import ICONS
from backend.services.notices import Tone
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.services.actions.actions import ActionService
    from backend.store.models import Action, Assistant

TITLE = "Quick actions"
_DEFAULT_MODEL: Final = "The model for new conversations"

router = AppRouter[OpenContext]()


class ActionItem(Struct, frozen=True):
    """An action in the list.

    Attributes:
        refused: Why its shortcut does not work in other programs; "" when it does.
        above: The action before it; "" for the first.
        below: The action after the next one; "" when there is none.
    """

    id: str
    name: str
    icon: str
    what: str
    result: str
    shortcut: str
    refused: str
    in_tray: bool
    above: str
    below: str
    is_last: bool


class ActionList(Template, frozen=True):
    """All actions in their order."""

    template: ClassVar[str] = "actions/_list.html"
    rows: Sequence[ActionItem]

    @classmethod
    def of(cls, actions: "Sequence[Action]", refused: Mapping[str, str]) -> Self:
        """Return the list of these actions, with why shortcuts were refused."""
        ids = ["", *(action.id for action in actions), "", ""]
        return cls(
            [
                ActionItem(
                    id=action.id,
                    name=action.name,
                    icon=action.icon if action.icon in ICONS else ICONS[0],
                    what=KINDS.get(action.kind, action.kind),
                    result=RESULTS.get(action.result, action.result).lower(),
                    shortcut=action.shortcut,
                    refused=refused.get(action.id, ""),
                    in_tray=bool(action.in_tray),
                    above=ids[at],
                    below=ids[at + 3],
                    is_last=at == len(actions) - 1,
                )
                for at, action in enumerate(actions)
            ]
        )


class ActionsView(Template, frozen=True):
    """The page of quick actions."""

    template: ClassVar[str] = "actions/_view.html"
    actions: ActionList


class ActionForm(Template, frozen=True, kw_only=True):
    """The form for a new action, and for another one's facts.

    Attributes:
        id: Of the action to change; "" for a new one.
        is_draft: Whether it was filled in before and not saved.
        picker: The model it asks.
        assistant: Whose instructions come with the prompt.
    """

    template: ClassVar[str] = "actions/_form.html"
    picker: Picker
    assistant: AssistantPicker
    title: str
    id: str = ""
    name: str
    chosen_icon: str
    kind: str
    prompt: str
    result: str
    shortcut: str
    in_tray: bool
    refused: str = ""
    is_draft: bool
    icons: Sequence[str] = ICONS
    kinds: Mapping[str, str] = field(default_factory=lambda: KINDS)
    results: Mapping[str, str] = field(default_factory=lambda: RESULTS)
    max_name_chars: int = MAX_NAME_CHARS
    max_prompt_chars: int = MAX_PROMPT_CHARS


def _stored(action: "Action") -> dict[str, str]:
    """Return an action as its form would send it."""
    return {
        "name": action.name,
        "icon": action.icon,
        "kind": action.kind,
        "prompt": action.prompt,
        "choice": str(Choice.of(action.engine_id, action.model) or ""),
        "assistant": action.assistant_id,
        "result": action.result,
        "shortcut": action.shortcut,
        "in_tray": "yes" if action.in_tray else "",
    }


async def _form_of(app: OpenContext, action_id: str) -> ActionForm:
    """Return the form of an action, or of a new one, as it was typed last."""
    actions = app.services.actions
    is_new = action_id == NEW
    before, values = await asyncio.to_thread(_before_and_now, actions, action_id)
    chosen = await asyncio.to_thread(app.services.assistants.known, values["assistant"])
    picker = await _picker_of(app, values["choice"], chosen)
    refused = actions.refused_shortcuts.get(action_id, "")
    return ActionForm(
        picker=picker,
        assistant=assistant_picker(chosen, unset="No assistant"),
        title="New quick action" if is_new else before["name"],
        id="" if is_new else action_id,
        name=values["name"],
        chosen_icon=values["icon"],
        kind=values["kind"],
        prompt=values["prompt"],
        result=values["result"],
        shortcut=values["shortcut"],
        in_tray=bool(values["in_tray"]),
        refused=refused if values["shortcut"] == before["shortcut"] else "",
        is_draft=values != before,
    )


async def _picker_of(
    app: OpenContext, chosen: str, assistant: "Assistant | None"
) -> Picker:
    """Return the picker of a model, which says what answers when none is chosen."""
    own = assistant and Choice.of(assistant.engine_id, assistant.model)
    usual = await asyncio.to_thread(app.services.purposes.choice, Purpose.ACTIONS)
    unset = _DEFAULT_MODEL
    if used := own or usual:
        name = (await app.services.model_choices.judge(used)).name
        source = (
            f"the assistant “{assistant.name}”" if own and assistant else "Settings"
        )
        unset = f"{name}, from {source}"
    return await picker_of(app, Choice.parse(chosen), "", unset=unset)


def _before_and_now(
    actions: "ActionService", action_id: str
) -> tuple[dict[str, str], dict[str, str]]:
    is_new = action_id == NEW
    before = dict(EMPTY_FORM) if is_new else _stored(actions.get(action_id))
    return before, before | actions.draft(action_id)


@router.get("/actions")
def show(request: Request, app: OpenContext) -> Response:
    """Show all actions."""
    return app.pages.show(request, TITLE, ActionsView(_list(app)))


@router.get("/actions/list")
def list_(_request: Request, app: OpenContext) -> Response:
    """Show the list as it is now."""
    return app.pages.fragment(_list(app))


@router.get("/actions/new")
async def new(request: Request, app: OpenContext) -> Response:
    """Show the form of a new action."""
    return app.pages.show(request, TITLE, await _form_of(app, NEW))


@router.get("/actions/picker")
async def picker(request: Request, app: OpenContext) -> Response:
    """Show the model of a form again, in which another assistant was chosen."""
    assistant_id = request.query.get("assistant", "")
    assistant = await asyncio.to_thread(app.services.assistants.known, assistant_id)
    chosen = request.query.get("choice", "")
    return app.pages.fragment(await _picker_of(app, chosen, assistant))


@router.get("/actions/:id/edit")
async def edit(request: Request, app: OpenContext) -> Response:
    """Show the form of an action."""
    form = await _form_of(app, request.path_params["id"])
    return app.pages.show(request, form.title, form)


@router.put("/actions/:id/draft")
def keep_draft(request: Request, app: OpenContext) -> Response:
    """Keep a form while it is being filled in."""
    app.services.actions.save_draft(request.form(), request.path_params["id"])
    return no_content()


@router.delete("/actions/:id/draft")
async def start_over(request: Request, app: OpenContext) -> Response:
    """Forget what was typed into a form."""
    action_id = request.path_params["id"]
    await asyncio.to_thread(app.services.actions.drop_draft, action_id)
    return app.pages.fragment(await _form_of(app, action_id))


@router.post("/actions")
def add(request: Request, app: OpenContext) -> Response:
    """Add an action."""
    app.services.actions.add(request.form())
    return no_content(go_to("/actions"))


@router.put("/actions/:id")
def change(request: Request, app: OpenContext) -> Response:
    """Change an action."""
    saved = app.services.actions.change(request.path_params["id"], request.form())
    app.pages.announce(Toast("Saved the quick action.", undo=undo_path(saved)))
    return no_content(go_to("/actions"))


@router.put("/actions/:id/tray")
def show_in_tray(request: Request, app: OpenContext) -> Response:
    """Put an action into the tray's menu, or take it out."""
    is_shown = "in_tray" in request.form()
    app.services.actions.show_in_tray(request.path_params["id"], shown=is_shown)
    return no_content()


@router.put("/actions/:id/place")
def place(request: Request, app: OpenContext) -> Response:
    """Put an action before another."""
    before = request.form().get("before", "")
    app.services.actions.place(request.path_params["id"], before)
    return app.pages.fragment(_list(app))


@router.delete("/actions/:id")
def delete(request: Request, app: OpenContext) -> Response:
    """Move an action to the trash."""
    action = app.services.actions.get(request.path_params["id"])
    deleted = app.services.actions.delete(action.id)
    toast = Toast(f"Deleted “{action.name}”.", undo=undo_path(deleted))
    return app.pages.toast(toast)


@router.get("/actions/export")
def export(_request: Request, app: OpenContext) -> Response:
    """Answer with a file of all actions."""
    return Response(
        body=app.services.actions.export(),
        content_type="application/json",
        headers={"content-disposition": 'attachment; filename="hearth-actions.json"'},
    )


@router.post("/actions/import")
def import_from(request: Request, app: OpenContext) -> Response:
    """Add the actions of a file."""
    count = app.services.actions.import_from(request.form().get("content", ""))
    words = f"{count} quick action{'' if count == 1 else 's'} added."
    if not count:
        words = "You already have all quick actions of this file."
    app.pages.announce(Toast(words, tone=Tone.SUCCESS))
    return no_content()


def _list(app: OpenContext) -> ActionList:
    actions = app.services.actions
    return ActionList.of(actions.all(), actions.refused_shortcuts)
