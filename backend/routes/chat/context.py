"""How full the context of a conversation is, and its summary."""

import asyncio
from typing import ClassVar, Final

from backend.routes.app_context import OpenContext
from backend.routes.pages import no_content
from backend.services.chat.context import ContextUse
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

NEARLY_FULL: Final = 0.8
_ROUND: Final = 100
"""An estimate is no better than that."""


class ContextMeter(Template, frozen=True):
    """How full the context is.

    Attributes:
        tokens: What the next question takes, with what is typed of it.
        context: What fits; 0 when nobody says.
        high: From here on it is nearly full.
        is_counted: Whether it was counted, and is no estimate.
        asks: Whether older messages are left out, and could be summed up.
    """

    template: ClassVar[str] = "conversations/_context.html"
    conversation_id: str
    tokens: int = 0
    context: int = 0
    high: int = 0
    is_counted: bool = False
    asks: bool = False

    @classmethod
    def of(
        cls, conversation_id: str, use: ContextUse | None, *, asks: bool
    ) -> "ContextMeter":
        """Return what is said of a use; of none, only what is asked."""
        if use is None:
            return cls(conversation_id, asks=asks)
        context = use.context or 0
        return cls(
            conversation_id,
            use.tokens if use.is_counted else _rounded(use.tokens),
            context,
            int(context * NEARLY_FULL),
            use.is_counted,
            asks,
        )


router = AppRouter[OpenContext]()


@router.get("/conversations/:id/context")
async def show(request: Request, app: OpenContext) -> Response:
    """Show how full the context is."""
    conversation_id = request.path_params["id"]
    service = app.services.context
    use = await service.use(conversation_id, request.query.get("folder", ""))
    reading = await asyncio.to_thread(service.reading, conversation_id)
    asks = reading.leaves_out and not reading.is_summarised
    return app.pages.fragment(ContextMeter.of(conversation_id, use, asks=asks))


@router.post("/conversations/:id/summary")
async def sum_up(request: Request, app: OpenContext) -> Response:
    """Begin to sum up what is left out; more later, whenever more is left out."""
    await app.services.summaries.begin(request.path_params["id"])
    return no_content()


def _rounded(tokens: int) -> int:
    return max(round(tokens / _ROUND) * _ROUND, _ROUND)
