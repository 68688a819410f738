"""What the user must know about the store, above every page."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backend.errors import StoreClosedError
from backend.routes.pages import CLOSED_PATH, Pages, go_to, no_content
from backend.web.http import Request, Response, Router
from backend.web.rendering import Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.container import GetServices
    from backend.services.protection.alerts import Alert


@dataclass(frozen=True)
class AlertList(Template):
    """All there is to know now."""

    template: ClassVar[str] = "alerts/_list.html"
    alerts: "Sequence[Alert]"


def build_router(get_services: "GetServices", pages: Pages) -> Router:
    """Return the routes of alerts."""
    router = Router()

    @router.get("/alerts")
    async def list_(request: Request) -> Response:
        try:
            services = await get_services()
        except StoreClosedError:
            is_there = request.headers.get("hx-current-url", "").endswith(CLOSED_PATH)
            return no_content() if is_there else no_content(go_to(CLOSED_PATH))
        return pages.fragment(AlertList(await services.alerts.all()))

    @router.delete("/alerts/:kind")
    async def dismiss(request: Request) -> Response:
        services = await get_services()
        await services.alerts.dismiss(request.path_params["kind"])
        return pages.fragment(AlertList(await services.alerts.all()))

    return router
