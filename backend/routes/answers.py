"""Answers as shell and command line follow them, whole or growing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from backend.errors import HearthError, NotFoundError
from backend.interface.api_types import AnswerPicture, AnswerPiece, encode
from backend.live.message_views import Answer
from backend.routes.app_context import OpenContext
from backend.services.chat.following import KnownText, pieces
from backend.web.http import AppRouter, Request, Response, as_json
from backend.web.markdown.markdown import Block
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.store.rows import AnyMessage

_KEEP_ALIVE_S: Final = 2.0
"""After it, a line without a piece: so one who left is noticed."""

router = AppRouter[OpenContext]()


class AnswerHtml(Template, frozen=True):
    """An answer as a rich text widget shows it: no buttons, no pictures."""

    template: ClassVar[str] = "actions/_answer.html"
    blocks: Sequence[Block]


@router.get("/api/v1/messages/:id/pieces")
async def follow(request: Request, app: OpenContext) -> Response:
    """Send an answer from where it is known until it has ended, a line each piece."""
    services, message_id = app.services, request.path_params["id"]
    known = KnownText(request.number("known"), request.number("checksum"))

    def stored() -> "AnyMessage":
        return services.messages.get(message_id)

    await asyncio.to_thread(stored)  # while it can still be said that there is none
    growing = pieces(
        services.activity,
        known,
        message_id,
        lambda: asyncio.to_thread(stored),
        lambda: services.actions.outcome(message_id),
        _KEEP_ALIVE_S,
    )
    return Response(content_type="application/x-ndjson", stream=_lines(growing))


async def _lines(growing: AsyncIterator[AnswerPiece | None]) -> AsyncIterator[str]:
    try:
        async for piece in growing:
            yield f"{encode(piece)}\n" if piece else "\n"
    except HearthError:
        return  # who follows it asks again, and is told why


@router.get("/api/v1/messages/:id/picture")
async def show_picture(request: Request, app: OpenContext) -> Response:
    """Tell how an answer looks now, as far as it is rendered."""
    message_id = request.path_params["id"]
    message = await asyncio.to_thread(app.services.messages.get, message_id)
    # Both in the same breath: an answer goes on growing in between.
    painted, view = app.feed.painter.get(message_id), app.feed.view(message)
    if not isinstance(view, Answer):
        raise NotFoundError("This answer is no longer there.")
    blocks = [*view.blocks.blocks, *view.tail.blocks]
    return as_json(
        AnswerPicture(
            html=app.renderer.render(AnswerHtml(blocks)),
            size=painted.chars if painted else len(message.text),
        )
    )
