"""Drafts: what is typed and not yet sent or saved."""

from typing import TYPE_CHECKING

from backend.errors import StoreFullError, StoreReadOnlyError
from backend.routes.pages import no_content
from backend.web.http import Request, Response, Router

if TYPE_CHECKING:
    from backend.container import GetServices


def build_router(get_services: "GetServices") -> Router:
    """Return the routes of drafts."""
    router = Router()

    @router.get("/drafts/:id")
    async def draft(request: Request) -> Response:
        services = await get_services()
        text = await services.conversations.draft(request.path_params["id"])
        return Response(body=text, content_type="text/plain; charset=utf-8")

    @router.put("/drafts/:id")
    async def save_draft(request: Request) -> Response:
        services = await get_services()
        text = request.form().get("text", "")
        try:
            await services.conversations.save_draft(request.path_params["id"], text)
        except (StoreFullError, StoreReadOnlyError) as exc:
            # Told above the page, once; the text stays in the composer.
            return Response(status=exc.status)
        return no_content()

    return router
