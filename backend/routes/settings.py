"""The settings page."""

import asyncio
from typing import ClassVar

from backend.installation import running_version
from backend.routes.app_context import OpenContext
from backend.routes.models.engines import EngineList, engine_list, typed_address
from backend.routes.purposes import PurposesView, purposes_view
from backend.routes.updates import UpdatesView, updates_view
from backend.services.settings import MAX_INSTRUCTIONS_CHARS, MAX_NAME_CHARS
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template


class SettingsView(Template, frozen=True):
    """All settings on one page."""

    template: ClassVar[str] = "settings/_view.html"
    engines: EngineList
    address: str
    purposes: PurposesView
    instructions: str
    name: str
    data_dir: str
    version: str
    updates: UpdatesView
    max_chars: int = MAX_INSTRUCTIONS_CHARS
    max_name_chars: int = MAX_NAME_CHARS


router = AppRouter[OpenContext]()


@router.get("/settings")
async def show(request: Request, app: OpenContext) -> Response:
    """Show all settings."""
    view = SettingsView(
        await engine_list(app.services),
        await asyncio.to_thread(typed_address, app.services),
        await purposes_view(app),
        await asyncio.to_thread(app.services.settings.instructions),
        await asyncio.to_thread(app.services.settings.name),
        app.data_dir,
        running_version(),
        await asyncio.to_thread(updates_view, app.services.updates),
    )
    return app.pages.show(request, "Settings", view)


@router.put("/settings/instructions")
def instruct(request: Request, app: OpenContext) -> Response:
    """Keep other standing instructions."""
    app.services.settings.instruct(request.form().get("instructions", ""))
    return Response(body="Saved.")


@router.put("/settings/name")
def call(request: Request, app: OpenContext) -> Response:
    """Keep what the user is called in instructions."""
    app.services.settings.call(request.form().get("name", ""))
    return Response(body="Saved.")
