"""History: undo, what became of a thing, comparing and restoring its versions."""

import re
from collections.abc import Sequence
from typing import ClassVar, Final

from backend.errors import NotFoundError
from backend.live.notices import Toast
from backend.routes.app_context import OpenContext
from backend.routes.pages import go_to, no_content, undo_path
from backend.services.differences import Part
from backend.services.history import History, Version
from backend.web.http import AppRouter, Request, Response, whole_number
from backend.web.rendering import Template

_PLACE: Final = re.compile(r"/(conversations|notes)/[0-9a-f-]{36}")
"""Where an undo may lead to."""

router = AppRouter[OpenContext]()


class HistoryView(Template, frozen=True):
    """The versions of one thing, newest first.

    Attributes:
        path: Where the thing itself is shown.
        base: The path of this page.
    """

    template: ClassVar[str] = "history/_view.html"
    title: str
    path: str
    base: str
    versions: Sequence[Version]


class Differences(Template, frozen=True):
    """How one version differs from the one before it, or from the present."""

    template: ClassVar[str] = "history/_differences.html"
    parts: Sequence[Part]
    path: str
    with_now: bool


@router.post("/changes/:id/undo")
async def undo(request: Request, app: OpenContext) -> Response:
    """Take an act back, which may have to stop an answer."""
    undone = await app.services.history.undo(request.path_params["id"])
    if "again" in request.query:
        return app.pages.toast(Toast("Redone.", undo=undo_path(undone)))
    again = f"{undo_path(undone)}?again=1"
    toast = Toast("Undone.", undo=again, undo_label="Redo")
    if _PLACE.fullmatch(reopened := request.query.get("open", "")):
        app.pages.announce(toast)
        return no_content(go_to(reopened))
    return app.pages.toast(toast)


@router.get("/history/:table/:id")
def show(request: Request, app: OpenContext) -> Response:
    """Show what became of a thing."""
    view = _view(request, app)
    return app.pages.show(request, view.title, view)


@router.get("/history/:table/:id/:seq")
def compare(request: Request, app: OpenContext) -> Response:
    """Show how a version differs from another."""
    table, row_id = request.path_params["table"], request.path_params["id"]
    with_now = request.query.get("with") == "now"
    seq = _seq(request)
    parts = app.services.history.compare(table, row_id, seq, with_now=with_now)
    path = f"/history/{table}/{row_id}/{seq}"
    return app.pages.fragment(Differences(parts, path, with_now))


@router.post("/history/:table/:id/:seq/restore")
def restore(request: Request, app: OpenContext) -> Response:
    """Give a thing the text of an earlier version."""
    table, row_id = request.path_params["table"], request.path_params["id"]
    restored = app.services.history.restore(table, row_id, _seq(request))
    toast = Toast("Restored the earlier version.", undo=undo_path(restored))
    app.pages.announce(toast)
    return app.pages.fragment(_view(request, app))


def _view(request: Request, app: OpenContext) -> HistoryView:
    app.services.notes.fold_drafts()
    table, row_id = request.path_params["table"], request.path_params["id"]
    history = app.services.history.of(table, row_id)
    return HistoryView(
        history.title or "Untitled",
        _place(history),
        f"/history/{table}/{row_id}",
        history.versions,
    )


def _seq(request: Request) -> int:
    seq = whole_number(request.path_params["seq"])
    if seq is None:
        raise NotFoundError("This version is no longer there.")
    return seq


def _place(history: History) -> str:
    if history.is_deleted:
        return "/trash"
    match history.table:
        case "note":
            return f"/notes/{history.row_id}"
        case "assistant":
            return f"/assistants/{history.row_id}/edit"
        case "message":
            around = f"around={history.row_id}#message-{history.row_id}"
            return f"/conversations/{history.conversation_id}?{around}"
        case _:
            return f"/conversations/{history.row_id}"
