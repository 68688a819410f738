"""Exports: write a conversation or everything into a file the user chose."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from backend.errors import InvalidInputError
from backend.routes.pages import Pages, no_content
from backend.services.transfer.export_files import ExportFormat
from backend.web.http import Request, Response, Router
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.container import GetServices


@dataclass(frozen=True)
class ExportState(Template):
    """The export that is under way, if any."""

    template: ClassVar[str] = "exports/_state.html"
    name: str
    done: int
    total: int


def build_router(get_services: "GetServices", pages: Pages) -> Router:
    """Return the routes of exports."""
    router = Router()

    @router.get("/exports/state")
    async def state(_: Request) -> Response:
        services = await get_services()
        current = services.exports.current
        if current is None:
            return pages.fragment(ExportState("", 0, 0))
        return pages.fragment(
            ExportState(current.path.name, current.done, current.total)
        )

    @router.post("/exports")
    async def begin(request: Request) -> Response:
        services = await get_services()
        form = request.form()
        try:
            form_of_file = ExportFormat(form.get("format", ""))
        except ValueError as exc:
            raise InvalidInputError("Choose Markdown, a web page or JSON.") from exc
        path = Path(form.get("path", ""))
        await asyncio.to_thread(services.notes.fold_drafts)
        services.exports.begin(form.get("what", ""), form_of_file, path, pages.render)
        return no_content()

    @router.post("/exports/cancel")
    async def cancel(_: Request) -> Response:
        services = await get_services()
        services.exports.cancel()
        return no_content()

    return router
