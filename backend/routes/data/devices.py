"""The page of the computers that exchange their data."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from backend.errors import NotFoundError
from backend.routes.app_context import OpenContext
from backend.routes.pages import no_content
from backend.sync.qr_code import qr_code
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.services.sync.overview import DeviceOverview

MAX_TOKEN_CHARS = 4_000
MAX_CODE_CHARS = 2 * MAX_TOKEN_CHARS


class ChangedTwice(Struct, frozen=True):
    """What was changed on two computers.

    Attributes:
        path: Where both versions are.
        looked: What to POST when they were compared.
    """

    title: str
    path: str
    looked: str


class DeviceState(Template, frozen=True):
    """What changes by itself while the page is open.

    Attributes:
        qr_code: A picture of the pairing code; "" for none.
    """

    template: ClassVar[str] = "devices/_state.html"
    seen: "DeviceOverview"
    changed: Sequence[ChangedTwice]
    qr_code: str = ""
    max_chars: int = MAX_CODE_CHARS
    max_token: int = MAX_TOKEN_CHARS


class DevicesView(Template, frozen=True):
    """The page."""

    template: ClassVar[str] = "devices/_view.html"
    state: DeviceState


router = AppRouter[OpenContext]()


@router.get("/devices")
def show(request: Request, app: OpenContext) -> Response:
    """Show this computer and the others."""
    return app.pages.show(request, "Devices", DevicesView(_state(app)))


@router.get("/devices/state")
def show_state(_request: Request, app: OpenContext) -> Response:
    """Show how it is now."""
    return app.pages.fragment(_state(app))


@router.post("/devices/folder")
def choose(request: Request, app: OpenContext) -> Response:
    """Exchange through another folder."""
    app.services.devices.choose_folder(request.form().get("path", ""))
    return no_content()


@router.post("/devices/server")
def choose_server(request: Request, app: OpenContext) -> Response:
    """Exchange through another server, or with another token."""
    form = request.form()
    app.services.devices.choose_server(form.get("url", ""), form.get("token", ""))
    return app.pages.fragment(_state(app))


@router.post("/devices/server/open")
def agree(_request: Request, app: OpenContext) -> Response:
    """Use a server to which others on the way can listen."""
    app.services.devices.agree_to_open_server()
    return app.pages.fragment(_state(app))


@router.post("/devices/begin")
def begin(_request: Request, app: OpenContext) -> Response:
    """Be the first computer there."""
    app.services.devices.begin()
    return app.pages.fragment(_state(app))


@router.post("/devices/join")
def join(request: Request, app: OpenContext) -> Response:
    """Ask to be let in."""
    app.services.devices.join(request.form().get("code", ""))
    return app.pages.fragment(_state(app))


@router.post("/devices/code")
def offer_code(_request: Request, app: OpenContext) -> Response:
    """Show a code for another computer."""
    app.services.devices.offer_code()
    return app.pages.fragment(_state(app))


@router.post("/devices/accept")
def accept(_request: Request, app: OpenContext) -> Response:
    """Let the computer in that asks."""
    app.services.devices.accept()
    return app.pages.fragment(_state(app))


@router.post("/devices/joined")
def confirm(_request: Request, app: OpenContext) -> Response:
    """Join what is here with what the others have."""
    app.services.devices.confirm()
    return app.pages.fragment(_state(app))


@router.delete("/devices/joined")
def take_back(_request: Request, app: OpenContext) -> Response:
    """Take back that this computer joined."""
    app.services.devices.take_back()
    return app.pages.fragment(_state(app))


@router.post("/devices/cancel")
def cancel(_request: Request, app: OpenContext) -> Response:
    """Let nobody in."""
    app.services.devices.cancel()
    return app.pages.fragment(_state(app))


@router.post("/devices/sync")
def look_again(_request: Request, app: OpenContext) -> Response:
    """Exchange now."""
    app.services.devices.look_again()
    return app.pages.fragment(_state(app))


@router.post("/devices/noted")
def take_note(_request: Request, app: OpenContext) -> Response:
    """Take note that a person has read what was put right."""
    app.services.devices.take_note()
    return app.pages.fragment(_state(app))


@router.put("/devices/paused")
def pause(request: Request, app: OpenContext) -> Response:
    """Exchange nothing for now, or go on."""
    app.services.devices.pause(is_paused=request.form().get("paused") == "yes")
    return app.pages.fragment(_state(app))


@router.put("/devices/metered")
def use_metered(request: Request, app: OpenContext) -> Response:
    """Exchange on metered connections too, or wait there."""
    wanted = request.form().get("metered") == "yes"
    app.services.devices.use_metered(is_on_metered=wanted)
    return app.pages.fragment(_state(app))


@router.delete("/devices/own")
def leave(_request: Request, app: OpenContext) -> Response:
    """Exchange nothing from now on."""
    app.services.devices.leave()
    return app.pages.fragment(_state(app))


@router.delete("/devices/:id")
def remove(request: Request, app: OpenContext) -> Response:
    """Remove another computer."""
    app.services.devices.remove(request.path_params["id"])
    return app.pages.fragment(_state(app))


@router.post("/devices/compared/:table/:id")
def looked_at(request: Request, app: OpenContext) -> Response:
    """Take note that both versions were compared."""
    params = request.path_params
    app.services.devices.looked_at(params["table"], params["id"])
    return app.pages.fragment(_state(app))


def _state(app: OpenContext) -> DeviceState:
    found = (_changed(app, *row) for row in app.services.devices.conflicts())
    changed = [one for one in found if one]
    seen = app.services.devices.overview()
    code = seen.full_code or seen.code
    drawn = qr_code(code, "Pairing code") if code else ""
    return DeviceState(seen, changed, drawn)


def _changed(app: OpenContext, table: str, row_id: str) -> ChangedTwice | None:
    try:
        title = app.services.history.of(table, row_id).title
    except NotFoundError:
        return None
    path = f"{table}/{row_id}"
    return ChangedTwice(title, f"/history/{path}", f"/devices/compared/{path}")
