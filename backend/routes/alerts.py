"""What the user must know about the store, above every page."""

import asyncio
from typing import TYPE_CHECKING, ClassVar

from backend.errors import StoreClosedError
from backend.routes.app_context import AppContext, OpenContext
from backend.routes.pages import CLOSED_PATH, go_to, no_content
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.services.protection.alerts import Alert


class AlertList(Template, frozen=True):
    """All there is to know now."""

    template: ClassVar[str] = "alerts/_list.html"
    alerts: "Sequence[Alert]"


router = AppRouter[OpenContext]()
always = AppRouter[AppContext]()


@always.get("/alerts")
async def list_(request: Request, app: AppContext) -> Response:
    """Show what there is to know; of a store that does not open, its page."""
    try:
        services = await app.store.services()
    except StoreClosedError:
        is_there = request.headers.get("hx-current-url", "").endswith(CLOSED_PATH)
        return no_content() if is_there else no_content(go_to(CLOSED_PATH))
    return app.pages.fragment(AlertList(await asyncio.to_thread(services.alerts.all)))


@router.delete("/alerts/:kind")
def dismiss(request: Request, app: OpenContext) -> Response:
    """Forget something that has happened."""
    app.services.alerts.dismiss(request.path_params["kind"])
    return app.pages.fragment(AlertList(app.services.alerts.all()))
