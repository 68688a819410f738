"""What the tray and the quick ask window need, as JSON for the shell."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from backend.errors import NotFoundError
from backend.live.message_feed import MessageFeed
from backend.live.message_views import Answer
from backend.routes.chat.conversations import UNTITLED
from backend.stored_values import ActionKind
from backend.web.http import Facts, Request, Router, as_json
from backend.web.markdown import Block
from backend.web.rendering import Renderer, Template

if TYPE_CHECKING:
    from backend.container import GetServices

DRAFT: Final = "quick"
"""The draft of what is typed in the quick ask window."""
RECENT: Final = 5
WAIT_S: Final = 10.0
"""How long a request may wait for an answer to grow."""
_MAX_DIGITS: Final = 9


@dataclass(frozen=True)
class QuickAnswer(Template):
    """An answer as a rich text widget shows it: no buttons, no pictures."""

    template: ClassVar[str] = "actions/_answer.html"
    blocks: Sequence[Block]


def build_router(
    get_services: "GetServices", broadcast: MessageFeed, renderer: Renderer
) -> Router:
    """Return the routes of tray and quick ask."""
    router = Router()

    @router.get("/api/v1/actions")
    @as_json
    async def actions(_request: Request) -> Facts:
        services = await get_services()
        items = [
            {
                "id": action.id,
                "name": action.name,
                "result": action.result,
                "shortcut": action.shortcut,
                "in_tray": bool(action.in_tray),
                "asks_model": action.kind == ActionKind.PROMPT,
            }
            for action in await asyncio.to_thread(services.actions.all)
        ]
        return {"actions": items}

    @router.post("/api/v1/actions/shortcuts")
    @as_json
    async def refuse(request: Request) -> Facts:
        services = await get_services()
        services.actions.refuse_shortcuts(dict(request.form()))
        return {}

    @router.post("/api/v1/actions/:id/run")
    @as_json
    async def run(request: Request) -> Facts:
        services = await get_services()
        form = request.form()
        outcome = await services.actions.run(
            request.path_params["id"],
            form.get("clipboard", ""),
            form.get("selection", ""),
        )
        items = {"name": outcome.action.name, "result": outcome.action.result}
        if outcome.exchange is None:
            return {**items, "text": outcome.text}
        return {
            **items,
            "conversation_id": outcome.exchange.conversation.id,
            "message_id": outcome.exchange.answer.id,
        }

    @router.get("/api/v1/conversations/recent")
    @as_json
    async def recent(_request: Request) -> Facts:
        services = await get_services()
        found = await asyncio.to_thread(services.conversations.page, limit=RECENT)
        items = [{"id": each.id, "title": each.title or UNTITLED} for each in found]
        return {"conversations": items}

    @router.get("/api/v1/quick")
    @as_json
    async def quick(_request: Request) -> Facts:
        services = await get_services()
        return {"draft": await asyncio.to_thread(services.conversations.draft, DRAFT)}

    @router.post("/api/v1/quick/draft")
    @as_json
    async def save_draft(request: Request) -> Facts:
        services = await get_services()
        text = request.form().get("text", "")
        await asyncio.to_thread(services.conversations.save_draft, DRAFT, text)
        return {}

    @router.post("/api/v1/quick")
    @as_json
    async def ask(request: Request) -> Facts:
        services = await get_services()
        form = request.form()
        text, submission = form.get("text", ""), form.get("submission", "")
        if conversation_id := form.get("conversation", ""):
            exchange = await services.conversations.ask(
                conversation_id, text, submission
            )
            await asyncio.to_thread(services.conversations.save_draft, DRAFT, "")
        else:
            exchange = await services.conversations.begin(
                text, None, submission, draft=DRAFT
            )
        return {
            "conversation_id": exchange.conversation.id,
            "message_id": exchange.answer.id,
        }

    @router.get("/api/v1/quick/:id")
    @as_json
    async def answer(request: Request) -> Facts:
        services = await get_services()
        message_id = request.path_params["id"]
        known = _number(request.query.get("known", ""))
        await broadcast.painter.beyond(message_id, known, WAIT_S if known else 0)
        message = await asyncio.to_thread(services.conversations.message, message_id)
        view = broadcast.view(message)
        if not isinstance(view, Answer):
            raise NotFoundError("This answer is no longer there.")
        blocks = [*view.blocks.blocks, *view.tail.blocks]
        text = message.text
        if view.is_growing:
            # As much as the page shows, rendered.
            chars = await broadcast.painter.beyond(message_id, 0, 0)
            text = (services.activity.now(message_id) or "")[:chars]
        return {
            "html": renderer.render(QuickAnswer(blocks)),
            "text": text,
            "size": len(text),
            "note": view.note,
            "model": message.model,
            "is_growing": view.is_growing,
        }

    @router.post("/api/v1/pause")
    @as_json
    async def pause(request: Request) -> Facts:
        services = await get_services()
        if request.form().get("paused") == "yes":
            await services.engines.pause()
        else:
            services.engines.resume()
        return {"paused": services.engines.is_paused}

    return router


def _number(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    return int(text) if is_number else 0
