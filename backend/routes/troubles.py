"""What the user must know about the store, above every page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backend.errors import StoreClosedError
from backend.routes.pages import CLOSED_PATH, Pages, go_to, no_content
from backend.services.protection.troubles import Trouble
from backend.web.http import Request, Response, Router
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.container import GetServices


@dataclass(frozen=True)
class TroubleList(Template):
    """All there is to know now."""

    template: ClassVar[str] = "troubles/_list.html"
    troubles: Sequence[Trouble]


def build_router(get_services: "GetServices", pages: Pages) -> Router:
    """Return the routes of troubles."""
    router = Router()

    @router.get("/troubles")
    async def list_(request: Request) -> Response:
        try:
            services = await get_services()
        except StoreClosedError:
            is_there = request.headers.get("hx-current-url", "").endswith(CLOSED_PATH)
            return no_content() if is_there else no_content(go_to(CLOSED_PATH))
        return pages.fragment(TroubleList(await services.troubles.all()))

    @router.delete("/troubles/:kind")
    async def dismiss(request: Request) -> Response:
        services = await get_services()
        await services.troubles.dismiss(request.path_params["kind"])
        return pages.fragment(TroubleList(await services.troubles.all()))

    return router
