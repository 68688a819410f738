"""What the user must know about the store, above every page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from backend.errors import StoreClosedError
from backend.routes.pages import CLOSED_PATH, Pages, go_to, no_content
from backend.services.protection.troubles import Trouble
from backend.services.registry import Opened
from backend.web.http import Request, Response, Router
from backend.web.rendering import Template


@dataclass(frozen=True)
class TroubleList(Template):
    """All there is to know now."""

    template: ClassVar[str] = "troubles/_list.html"
    troubles: Sequence[Trouble]


def build_router(opened: Opened, pages: Pages) -> Router:
    """Return the routes of troubles."""
    router = Router()

    @router.get("/troubles")
    async def list_(request: Request) -> Response:
        try:
            services = await opened()
        except StoreClosedError:
            is_there = request.headers.get("hx-current-url", "").endswith(CLOSED_PATH)
            return no_content() if is_there else no_content(go_to(CLOSED_PATH))
        return pages.fragment(TroubleList(await services.troubles.all()))

    @router.delete("/troubles/:kind")
    async def dismiss(request: Request) -> Response:
        services = await opened()
        await services.troubles.dismiss(request.path_params["kind"])
        return pages.fragment(TroubleList(await services.troubles.all()))

    return router
