"""The JSON side of Hearth, for the shell: asking, notes, search, how things are."""

import asyncio
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from backend.errors import ConflictError, NotFoundError
from backend.routes.chat.conversations import UNTITLED
from backend.store.message_state import MessageState
from backend.web.http import Facts, Request, Router, as_json

if TYPE_CHECKING:
    from backend.container import GetServices
    from backend.store.rows import AnyMessage
    from backend.store.search.search import Hit

MAX_WAIT_S: Final = 25.0
"""How long a request may wait for news; the shell gives up a little later."""

_MAX_DIGITS: Final = 18
_NOTES: Final = {
    MessageState.STOPPED: "The answer was stopped.",
    MessageState.INTERRUPTED: "The answer was interrupted. The text so far is kept.",
}


def build_router(get_services: "GetServices") -> Router:
    """Return the routes of the JSON side."""
    router = Router()

    @router.post("/api/v1/ask")
    @as_json
    async def ask(request: Request) -> Facts:
        services = await get_services()
        form = request.form()
        text, submission = form.get("text", ""), form.get("submission", "")
        try:
            exchange = await services.conversations.begin(text, None, submission)
        except ConflictError:
            await asyncio.to_thread(services.conversations.keep_for_later, text)
            raise
        return {
            "conversation_id": exchange.conversation.id,
            "message_id": exchange.answer.id,
        }

    @router.get("/api/v1/messages/:id")
    @as_json
    async def message(request: Request) -> Facts:
        services = await get_services()
        message_id = request.path_params["id"]
        known = _number(request, "known")
        grown = await services.activity.text(message_id, known, _wait_s(request))
        if grown is not None:
            return {"text": grown, "state": "streaming", "error": ""}
        ended = await asyncio.to_thread(services.conversations.message, message_id)
        text = services.activity.rest(message_id, ended.text, known)
        return {"text": text, "state": ended.state, "error": _why(ended)}

    @router.post("/api/v1/notes")
    @as_json
    async def note(request: Request) -> Facts:
        services = await get_services()
        text = request.form().get("text", "")
        kept = await asyncio.to_thread(services.notes.create, text)
        return {"id": kept.id}

    @router.get("/api/v1/search")
    @as_json
    async def search(request: Request) -> Facts:
        services = await get_services()
        query = request.query.get("q", "")
        groups = await asyncio.to_thread(services.search.search, query)
        hits = [
            {
                "kind": hit.kind.value,
                "id": hit.id,
                "title": hit.title or UNTITLED,
                "snippet": _beside_title(hit),
            }
            for group in groups
            for hit in group.hits
        ]
        return {"hits": hits}

    @router.get("/api/v1/conversations/:id/find")
    @as_json
    async def find(request: Request) -> Facts:
        services = await get_services()
        found = await asyncio.to_thread(
            services.search.in_conversation,
            request.path_params["id"],
            request.query.get("q", ""),
        )
        return {"messages": found}

    @router.get("/api/v1/activity")
    @as_json
    async def activity(request: Request) -> Facts:
        services = await get_services()
        since = _number(request, "since")
        news = await services.activity.news(since, _wait_s(request))
        ended = []
        for answer in news.ended:
            with suppress(NotFoundError):  # deleted meanwhile
                about = await asyncio.to_thread(
                    services.conversations.get, answer.conversation_id
                )
                ended.append({**asdict(answer), "title": about.title})
        return {"seq": news.seq, "growing": news.growing, "ended": ended}

    @router.get("/api/v1/status")
    @as_json
    async def status(_request: Request) -> Facts:
        services = await get_services()
        chosen = await services.engines.default()
        news = await services.activity.news(0, 0)
        return {"model": chosen.model if chosen else "", "answering": news.growing}

    return router


def _beside_title(hit: "Hit") -> str:
    """Return the words around what was found, without a title that is told anyway."""
    snippet = " ".join("".join(piece.text for piece in hit.snippet).split())
    title = " ".join(hit.title.split())
    if hit.kind.value == "note":
        # The text of a note begins with its title, and its first line may be it again.
        while title and (snippet == title or snippet.startswith(f"{title} ")):
            snippet = snippet.removeprefix(title).lstrip()
    return snippet if snippet != title else ""


def _why(message: "AnyMessage") -> str:
    """Say why an answer is not whole; "" when it is."""
    if message.state is MessageState.COMPLETE:
        return ""
    return message.error or _NOTES.get(message.state, "")


def _number(request: Request, name: str) -> int:
    text = request.query.get(name, "")
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    return int(text) if is_number else 0


def _wait_s(request: Request) -> float:
    return min(float(_number(request, "wait")), MAX_WAIT_S)
