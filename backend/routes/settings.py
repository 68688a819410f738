"""The settings page."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backend.routes.engines import EngineList, engine_list
from backend.routes.pages import Pages
from backend.services.settings import MAX_INSTRUCTIONS_CHARS
from backend.web.http import Request, Response, Router
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.container import GetServices


@dataclass(frozen=True)
class SettingsView(Template):
    """All settings on one page."""

    template: ClassVar[str] = "settings/_view.html"
    engines: EngineList
    instructions: str
    data_dir: str
    version: str
    max_chars: int = MAX_INSTRUCTIONS_CHARS


def build_router(get_services: "GetServices", pages: Pages, data_dir: str) -> Router:
    """Return the routes of settings."""
    router = Router()

    @router.get("/settings")
    async def show(request: Request) -> Response:
        services = await get_services()
        view = SettingsView(
            await engine_list(services),
            await services.settings.instructions(),
            data_dir,
            _version(),
        )
        return pages.show(request, "Settings", view)

    @router.put("/settings/instructions")
    async def instruct(request: Request) -> Response:
        services = await get_services()
        await services.settings.instruct(request.form().get("instructions", ""))
        return Response(body="Saved.")

    return router


def _version() -> str:
    # Slow to import, and only this page asks for it.
    from importlib.metadata import version  # noqa: PLC0415 slow to import

    return version("hearth")
