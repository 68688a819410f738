"""Which model is used for titles and for quick actions."""

import asyncio
from typing import ClassVar, Final

from backend.errors import NotFoundError
from backend.routes.app_context import OpenContext
from backend.routes.model_picker import Picker, picker_of
from backend.routes.pages import no_content
from backend.services.engines.engines import Choice
from backend.services.engines.purposes import Purpose
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

UNSET: Final = {
    Purpose.ACTIONS: "The model for new conversations",
    Purpose.TITLES: "The model that answers, if it is on this computer",
}
_LABELS: Final = {
    Purpose.ACTIONS: "Model for quick actions",
    Purpose.TITLES: "Model for titles",
}


class PurposesView(Template, frozen=True):
    """A part of the settings."""

    template: ClassVar[str] = "settings/_purposes.html"
    actions: Picker
    titles: Picker
    writes_titles: bool


async def purposes_view(app: OpenContext) -> PurposesView:
    """Return what is chosen for each purpose."""
    purposes = app.services.purposes
    pickers = {}
    for purpose in Purpose:
        chosen = await asyncio.to_thread(purposes.choice, purpose)
        path = f"/settings/purposes/{purpose}"
        label = _LABELS[purpose]
        pickers[purpose] = await picker_of(app, chosen, path, UNSET[purpose], label)
    writes_titles = await asyncio.to_thread(purposes.writes_titles)
    return PurposesView(
        pickers[Purpose.ACTIONS], pickers[Purpose.TITLES], writes_titles
    )


router = AppRouter[OpenContext]()


@router.put("/settings/purposes/:purpose")
async def choose(request: Request, app: OpenContext) -> Response:
    """Let a model be used for a purpose."""
    try:
        purpose = Purpose(request.path_params["purpose"])
    except ValueError as exc:
        raise NotFoundError("There is no such setting.") from exc
    choice = Choice.parse(request.form().get("choice", ""))
    if choice:
        await app.services.model_choices.remember(choice)
    await asyncio.to_thread(app.services.purposes.choose, purpose, choice)
    return no_content()


@router.put("/settings/titles")
def write_titles(request: Request, app: OpenContext) -> Response:
    """Let a model write titles, or take the first words."""
    app.services.purposes.write_titles(by_model="by_model" in request.form())
    return no_content()
