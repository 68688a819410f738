"""What a page says of newer versions: looked for, and installed meanwhile."""

import asyncio
from typing import TYPE_CHECKING, ClassVar

from backend.installation import installed_version
from backend.live.notices import Toast
from backend.routes.app_context import AppContext, OpenContext
from backend.services.notices import Tone
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.services.updates.signed_file import Release
    from backend.services.updates.updates import UpdateService


class UpdatesView(Template, frozen=True):
    """Whether and where is looked, and what was found."""

    template: ClassVar[str] = "settings/_updates.html"
    is_possible: bool
    is_on: bool
    address: str
    looked_at: str
    offer: "Release | None"


class InstalledUpdate(Template, frozen=True):
    """What the files were replaced by under an open window; often one version."""

    template: ClassVar[str] = "settings/_installed_update.html"
    before: str
    now: str


router = AppRouter[OpenContext]()
always = AppRouter[AppContext]()


def updates_view(updates: "UpdateService") -> UpdatesView:
    """Return what the settings show; reads the store."""
    return UpdatesView(
        updates.is_possible,
        updates.is_on(),
        updates.address(),
        updates.looked_at(),
        updates.offer(),
    )


@router.get("/settings/updates")
def show(_request: Request, app: OpenContext) -> Response:
    """Show it as it is now."""
    return app.pages.fragment(updates_view(app.services.updates))


@router.put("/settings/updates")
def change(request: Request, app: OpenContext) -> Response:
    """Look by itself or no more, and where."""
    form, updates = request.form(), app.services.updates
    if "address" in form:
        updates.choose_address(form["address"].strip())
    if "on" in form:
        updates.turn(on=form["on"] == "yes")
    return app.pages.fragment(updates_view(updates))


@router.post("/settings/updates")
async def look(_request: Request, app: OpenContext) -> Response:
    """Look now."""
    updates = app.services.updates
    found = await updates.look()
    said = f"Hearth {found.version}" if found else "No newer Hearth"
    app.pages.announce(Toast(f"{said} is there.", tone=Tone.SUCCESS))
    return app.pages.fragment(await asyncio.to_thread(updates_view, updates))


@always.get("/settings/updates/installed")
def show_installed(_request: Request, app: AppContext) -> Response:
    """Say from which version to which Hearth was updated while its window is open."""
    return app.pages.fragment(InstalledUpdate(app.window_version, installed_version()))
