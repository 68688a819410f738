"""Builds the application: the one place that joins routes, services and store."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.installation import resource_path
from backend.interface.protocol import Hello, prove
from backend.keys.database_key import DATABASE_NAME, DatabaseKey
from backend.keys.keyring import FindVault, OsKeyring
from backend.lifecycle.store_lifecycle import StoreLifecycle
from backend.live.message_feed import MessageFeed
from backend.live.notices import PageNotices
from backend.routes import (
    actions,
    alerts,
    answers,
    api,
    events,
    health,
    history,
    model_picker,
    notes,
    purposes,
    search,
    settings,
    trash,
    unknown,
    updates,
)
from backend.routes.app_context import AppContext
from backend.routes.chat import (
    assistants,
    attachments,
    context,
    conversation_list,
    conversations,
    drafts,
    folders,
    messages,
    parameters,
    side_by_side,
    temporary,
)
from backend.routes.data import (
    backups,
    devices,
    encryption,
    exports,
    imports,
    unlock,
)
from backend.routes.health import SidecarHealth
from backend.routes.models import engines, model_hub, models
from backend.routes.pages import Pages
from backend.runtime.loop_monitor import LoopWatch
from backend.services.sync.shell_report import ShellReport
from backend.web.assets import Assets, icons_dir
from backend.web.assets import router as assets_router
from backend.web.events import EventHub
from backend.web.http import ErrorRenderer, Route, given
from backend.web.rendering import Renderer

_ALWAYS: Final = (
    alerts.always,
    api.always,
    conversations.always,
    notes.always,
    unlock.router,
    updates.always,
)
_OFFLINE: Final = (api.offline, backups.router, encryption.router)
_OPEN: Final = (
    actions.router,
    alerts.router,
    answers.router,
    attachments.router,
    api.router,
    assistants.router,
    context.router,
    conversation_list.router,
    conversations.router,
    devices.router,
    drafts.router,
    engines.router,
    exports.router,
    folders.router,
    history.router,
    imports.router,
    messages.router,
    model_hub.router,
    models.router,
    model_picker.router,
    notes.router,
    parameters.router,
    purposes.router,
    search.router,
    settings.router,
    side_by_side.router,
    temporary.router,
    trash.router,
    updates.router,
)


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
        hello: What the shell sent.
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
    store = StoreLifecycle(
        database,
        key,
        notices,
        is_safe_mode=hello.safe_mode,
        report=ShellReport(is_metered=hello.is_metered),
    )
    feed = MessageFeed(hub, renderer, store.services)
    app = AppContext(
        pages=pages,
        store=store,
        feed=feed,
        renderer=renderer,
        data_dir=hello.data_dir,
        window_version=hello.version,
    )
    # What stays of the hello must not keep the token alive.
    token = hello.token
    checked = SidecarHealth(
        database_state=lambda: store.state,
        lag_ms=lambda: watch.worst_ms,
        prove=lambda nonce: prove(token, nonce),
    )

    async def start() -> None:
        watch.begin()
        await store.start(feed)

    async def stop() -> None:
        hub.close()
        await store.stop()

    return App(
        routes=[
            *health.router.routes(given(checked)),
            *events.router.routes(given(hub)),
            *assets_router.routes(given(assets)),
            *(route for router in _OPEN for route in router.routes(app.on_open)),
            *(route for router in _OFFLINE for route in router.routes(app.on_files)),
            *(route for router in _ALWAYS for route in router.routes(given(app))),
            *unknown.router.routes(given(None)),
        ],
        start=start,
        stop=stop,
        database_state=lambda: store.state,
        render_error=pages.error,
    )
