"""Builds the application: the one place that joins routes, services and store."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.installation import resource_path
from backend.keys.database_key import DATABASE_NAME, DatabaseKey
from backend.keys.keyring import FindVault, OsKeyring
from backend.live.message_feed import MessageFeed
from backend.live.notices import PageNotices
from backend.protocol import Hello
from backend.routes import (
    actions,
    alerts,
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
    unknown,
)
from backend.routes.app_context import AppContext, OpenContext
from backend.routes.chat import conversation_list, conversations, drafts, messages
from backend.routes.data import backups, encryption, exports, imports, unlock
from backend.routes.pages import Pages
from backend.runtime.loop_monitor import LoopWatch
from backend.store_lifecycle import StoreLifecycle
from backend.web.assets import Assets, icons_dir
from backend.web.events import EventHub
from backend.web.http import ErrorRenderer, Route
from backend.web.rendering import Renderer

_NOUNS: Final = (
    actions,
    alerts,
    conversation_list,
    conversations,
    drafts,
    history,
    messages,
    notes,
    search,
    settings,
    trash,
)
"""Their handlers need the store open."""
_ALWAYS: Final = (alerts, conversations, notes)
"""Some of their handlers do not."""


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
    notices = PageNotices(hub, renderer)
    pages = Pages(renderer, lambda: hub.seq, notices.show)
    database = Path(hello.data_dir) / DATABASE_NAME
    key = DatabaseKey(database.parent, OsKeyring(find_vault), hello.database_key)
    store = StoreLifecycle(database, key, notices, is_safe_mode=hello.safe_mode)
    feed = MessageFeed(hub, renderer, store.services)

    # What is made later must not hold the token.
    data_dir = hello.data_dir

    async def always() -> AppContext:
        return AppContext(pages=pages, store=store)

    async def opened() -> OpenContext:
        return OpenContext(
            pages=pages,
            store=store,
            services=await store.services(),
            feed=feed,
            renderer=renderer,
            data_dir=data_dir,
        )

    routers = (
        health.build_router(hello.token, lambda: store.state, lambda: watch.worst_ms),
        events.build_router(hub),
        assets.build_router(),
        api.build_router(store.services),
        quick.build_router(store.services, feed, renderer),
        engines.build_router(store.services, pages),
        models.build_router(store.services, pages),
        exports.build_router(store.services, pages),
        imports.build_router(store.services, pages),
        backups.build_router(store.offline, pages),
        encryption.build_router(store.offline, pages),
        unlock.build_router(store, pages),
        unknown.build_router(),
    )

    async def start() -> None:
        watch.begin()
        await store.start(feed)

    async def stop() -> None:
        hub.close()
        await store.stop()

    return App(
        routes=[
            *(route for router in routers for route in router.routes),
            *(route for noun in _NOUNS for route in noun.router.routes(opened)),
            *(route for noun in _ALWAYS for route in noun.always.routes(always)),
        ],
        start=start,
        stop=stop,
        database_state=lambda: store.state,
        render_error=pages.error,
    )
