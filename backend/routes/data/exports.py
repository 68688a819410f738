"""Exports: write a conversation or everything into a file the user chose."""

import asyncio
from pathlib import Path
from typing import ClassVar

from backend.errors import InvalidInputError
from backend.routes.app_context import OpenContext
from backend.routes.pages import no_content
from backend.services.transfer.export_files import ExportFormat
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template


class ExportState(Template, frozen=True):
    """The export that is under way, if any."""

    template: ClassVar[str] = "exports/_state.html"
    name: str
    done: int
    total: int


router = AppRouter[OpenContext]()


@router.get("/exports/state")
async def state(_request: Request, app: OpenContext) -> Response:
    """Show how far the export is."""
    current = app.services.exports.current
    if current is None:
        return app.pages.fragment(ExportState("", 0, 0))
    shown = ExportState(current.path.name, current.done, current.total)
    return app.pages.fragment(shown)


@router.post("/exports")
async def begin(request: Request, app: OpenContext) -> Response:
    """Begin to write a file."""
    form = request.form()
    try:
        form_of_file = ExportFormat(form.get("format", ""))
    except ValueError as exc:
        raise InvalidInputError("Choose Markdown, a web page or JSON.") from exc
    what, path = form.get("what", ""), Path(form.get("path", ""))
    await asyncio.to_thread(app.services.notes.fold_drafts)
    app.services.exports.begin(what, form_of_file, path, app.pages.render)
    return no_content()


@router.post("/exports/cancel")
async def cancel(_request: Request, app: OpenContext) -> Response:
    """End the export."""
    app.services.exports.cancel()
    return no_content()
