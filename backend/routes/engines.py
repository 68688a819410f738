"""Engines: the list, the first choice, the picker, adding and removing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from backend.events import EventHub
from backend.http import Request, Response, Router
from backend.llm.discovery import Found
from backend.rendering import Template
from backend.routes.pages import Pages, Toast, go_to, no_content, undo_path
from backend.services.engines import Choice, Offer
from backend.services.registry import Opened, Services
from backend.store.ids import NEW


@dataclass(frozen=True)
class EngineRow:
    """An engine as the page names it."""

    id: str
    name: str
    where: str
    models: Sequence[str]
    problem: str
    is_asked: bool
    is_builtin: bool

    @classmethod
    def of(cls, offer: Offer) -> "EngineRow":
        """Return the row of an offer."""
        record = offer.record
        return cls(
            record.id,
            record.name,
            record.url or record.path,
            offer.models,
            offer.problem,
            offer.is_asked,
            record.kind == "builtin",
        )


@dataclass(frozen=True)
class EngineList(Template):
    """The engines in the settings."""

    template: ClassVar[str] = "engines/_list.html"
    offers: Sequence[EngineRow]
    found: Sequence[Found]
    keys_note: str


@dataclass(frozen=True)
class Welcome(Template):
    """The choices of a first run."""

    template: ClassVar[str] = "engines/_welcome.html"
    is_ready: bool
    found: Sequence[Found]


@dataclass(frozen=True)
class Picker(Template):
    """The models to choose from, beside the message."""

    template: ClassVar[str] = "engines/_picker.html"
    conversation_id: str
    options: Sequence[EngineRow]
    chosen: str
    chosen_name: str
    is_listed: bool


async def engine_list(services: Services) -> EngineList:
    """Return the engines as the settings show them."""
    offers = await services.engines.offers()
    found = await services.engines.found()
    note = await services.settings.keys_note()
    return EngineList([EngineRow.of(offer) for offer in offers], found, note)


async def _picker(services: Services, conversation_id: str) -> Picker:
    chosen = await services.engines.default()
    if conversation_id not in {"", NEW}:
        conversation = await services.conversations.get(conversation_id)
        own = Choice.parse(f"{conversation.engine_id}|{conversation.model}")
        chosen = own or chosen
    rows = [EngineRow.of(offer) for offer in await services.engines.offers()]
    is_listed = chosen is not None and any(
        row.id == chosen.engine_id and chosen.model in row.models for row in rows
    )
    return Picker(
        conversation_id or NEW,
        rows,
        str(chosen or ""),
        chosen.model if chosen else "",
        is_listed,
    )


def build_router(opened: Opened, pages: Pages, hub: EventHub) -> Router:
    """Return the routes of engines."""
    router = Router()

    @router.get("/engines")
    async def list_(_request: Request) -> Response:
        return pages.fragment(await engine_list(await opened()))

    @router.get("/engines/welcome")
    async def welcome(_request: Request) -> Response:
        services = await opened()
        is_ready = await services.engines.default() is not None
        found = () if is_ready else await services.engines.found()
        return pages.fragment(Welcome(is_ready, found))

    @router.get("/engines/picker")
    async def picker(request: Request) -> Response:
        conversation_id = request.query.get("conversation", "")
        return pages.fragment(await _picker(await opened(), conversation_id))

    @router.post("/engines")
    async def add(request: Request) -> Response:
        form = request.form()
        services = await opened()
        record = await services.engines.add_server(
            form.get("name", ""), form.get("url", ""), form.get("key", "")
        )
        hub.publish("engines")
        toast = Toast(f"{record.name} is ready.", tone="success")
        hub.publish("toast", pages.render(toast))
        return no_content(go_to("/"))

    @router.post("/engines/builtin")
    async def add_file(request: Request) -> Response:
        services = await opened()
        path = Path(request.form().get("path", ""))
        record = await services.engines.add_file(path)
        hub.publish("engines")
        toast = Toast(f"{record.name} is ready.", tone="success")
        hub.publish("toast", pages.render(toast))
        return no_content()

    @router.put("/engines/:id/key")
    async def set_key(request: Request) -> Response:
        services = await opened()
        key = request.form().get("key", "").strip()
        await services.engines.set_key(request.path_params["id"], key)
        return pages.fragment(await engine_list(services))

    @router.delete("/engines/:id")
    async def remove(request: Request) -> Response:
        services = await opened()
        record, removed = await services.engines.remove(request.path_params["id"])
        hub.publish("engines")
        now = await services.engines.default()
        sentence = f"Removed “{record.name}”." + _answers_now(now)
        toast = Toast(sentence, undo=undo_path(removed))
        hub.publish("toast", pages.render(toast))
        return pages.fragment(await engine_list(services))

    return router


def _answers_now(choice: Choice | None) -> str:
    return f" New chats are answered by {choice.model}." if choice else ""
