"""Drafts: what is typed and not yet sent or saved."""

from backend.errors import StoreFullError, StoreReadOnlyError
from backend.routes.app_context import OpenContext
from backend.routes.pages import no_content
from backend.web.http import AppRouter, Request, Response

router = AppRouter[OpenContext]()


@router.get("/drafts/:id")
def draft(request: Request, app: OpenContext) -> Response:
    """Return what was typed."""
    text = app.services.drafts.get(request.path_params["id"])
    return Response(body=text, content_type="text/plain; charset=utf-8")


@router.put("/drafts/:id")
def save_draft(request: Request, app: OpenContext) -> Response:
    """Keep what is being typed."""
    text = request.form().get("text", "")
    try:
        app.services.drafts.save(request.path_params["id"], text)
    except (StoreFullError, StoreReadOnlyError) as exc:
        # Shown above the page, once; the text stays in the composer.
        return Response(status=exc.status)
    return no_content()
