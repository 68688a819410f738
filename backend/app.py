"""Builds the application: the one place that joins routes, services and store."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from backend.installation import resource_path
from backend.keys.keyring import FindVault
from backend.live.notices import PageNotices
from backend.protocol import Hello
from backend.routes import (
    actions,
    api,
    engines,
    events,
    health,
    history,
    models,
    notes,
    quick,
    search,
    settings,
    trash,
    troubles,
    unknown,
)
from backend.routes.chat import conversation_list, conversations, drafts, messages
from backend.routes.data import backups, encryption, exports, imports, unlock
from backend.routes.pages import Pages
from backend.runtime.loop_monitor import LoopWatch
from backend.store_lifecycle import House
from backend.web.assets import Assets, icons_dir
from backend.web.events import EventHub
from backend.web.http import ErrorRenderer, Route
from backend.web.rendering import Renderer


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What the sidecar serves, and how it starts and ends.

    Attributes:
        start: Run once on the handlers' loop when serving begins.
        stop: Saves what is not saved yet, within three seconds.
        database_state: What the health route tells; never waits.
        render_error: Answers with a sentence for the user.
    """

    routes: list[Route]
    start: Callable[[], Awaitable[None]]
    stop: Callable[[], Awaitable[None]]
    database_state: Callable[[], str]
    render_error: ErrorRenderer


def build(hello: Hello, find_vault: FindVault | None = None) -> App:
    """Return the application of one run; the store opens when it starts.

    Args:
        hello: What the shell told.
        find_vault: Finds another keyring than that of the operating system.
    """
    hub = EventHub()
    watch = LoopWatch()
    assets = Assets.load()
    templates = resource_path("backend", "templates")
    renderer = Renderer(
        templates, icons_dir(), assets.url, command_key=hello.command_key
    )
    pages = Pages(renderer, lambda: hub.seq, PageNotices(hub, renderer).show)
    house = House(hello, hub, renderer, find_vault)
    shown = conversations.ConversationPages(house.services, house.broadcast)
    routers = (
        health.build_router(hello.token, lambda: house.state, lambda: watch.worst_ms),
        events.build_router(hub),
        assets.build_router(),
        actions.build_router(house.services, pages),
        api.build_router(house.services),
        quick.build_router(house.services, house.broadcast, renderer),
        conversations.build_router(house.services, pages, shown),
        conversation_list.build_router(house.services, pages, renderer),
        drafts.build_router(house.services),
        messages.build_router(house.services, pages, house.broadcast),
        engines.build_router(house.services, pages),
        models.build_router(house.services, pages),
        notes.build_router(house.services, pages),
        search.build_router(house.services, pages),
        trash.build_router(house.services, pages),
        history.build_router(house.services, pages),
        exports.build_router(house.services, pages),
        imports.build_router(house.services, pages),
        backups.build_router(house.keeping, pages),
        encryption.build_router(house.keeping, pages),
        troubles.build_router(house.services, pages),
        unlock.build_router(house, pages),
        settings.build_router(house.services, pages, hello.data_dir),
        unknown.build_router(),
    )

    async def start() -> None:
        watch.begin()
        await house.start()

    return App(
        routes=[route for router in routers for route in router.routes],
        start=start,
        stop=house.stop,
        database_state=lambda: house.state,
        render_error=pages.error,
    )
