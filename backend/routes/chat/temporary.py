"""Temporary conversations: beginning one, and keeping it after all."""

import asyncio

from backend.live.notices import Toast
from backend.routes.app_context import OpenContext
from backend.routes.pages import go_to, no_content
from backend.web.http import AppRouter, Request, Response

router = AppRouter[OpenContext]()


@router.get("/temporary")
async def begin(request: Request, app: OpenContext) -> Response:
    """Show a temporary conversation that has no messages yet."""
    begun = await asyncio.to_thread(app.services.temporary.begin)
    path = f"/conversations/{begun}"
    if request.is_htmx:
        return no_content(go_to(path))
    return Response(status=303, headers={"Location": path})


@router.post("/conversations/:id/keep")
async def keep(request: Request, app: OpenContext) -> Response:
    """Make an ordinary conversation of a temporary one."""
    row_id = request.path_params["id"]
    kept = await asyncio.to_thread(app.services.temporary.keep, row_id)
    undo = f"/conversations/{row_id}/keep/undo"
    app.pages.announce(Toast("This conversation is kept now.", undo=undo))
    return no_content(go_to(f"/conversations/{kept}"))


@router.post("/conversations/:id/keep/undo")
async def keep_no_longer(request: Request, app: OpenContext) -> Response:
    """Make it temporary again, and remove what was stored of it."""
    row_id = request.path_params["id"]
    await asyncio.to_thread(app.services.temporary.keep_no_longer, row_id)
    app.pages.announce(Toast("Undone. The chat is temporary again."))
    return no_content(go_to(f"/conversations/{row_id}"))
