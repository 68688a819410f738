"""Builds the application: the one place that joins routes, services and store."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backend.assets import Assets, icons_dir
from backend.errors import HearthError
from backend.events import EventHub
from backend.http import Route
from backend.protocol import Hello
from backend.rendering import Renderer
from backend.routes import (
    actions,
    api,
    conversations,
    engines,
    events,
    exports,
    health,
    history,
    imports,
    messages,
    notes,
    quick,
    search,
    settings,
    trash,
)
from backend.routes.notices import PageNotices
from backend.routes.pages import Pages, Toast
from backend.services.registry import Services

if TYPE_CHECKING:
    from backend.opening import OpenedHouse

log = logging.getLogger("hearth.app")

LOOK_AROUND_S: Final = 5.0
"""How often local servers are looked for, so that one that starts shows up."""

_HERE: Final = Path(__file__).parent
_TEMPLATES: Final = (_HERE / "templates", _HERE.parent / "templates")
"""In an installed wheel, and in the source tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What the sidecar serves, and how it starts and ends.

    Attributes:
        start: Run once on the handlers' loop when serving begins.
        stop: Saves what is not saved yet, within three seconds.
        database_state: What the health route tells; never waits.
        render_error: Turns a sentence for the user and a status into HTML.
    """

    routes: list[Route]
    start: Callable[[], Awaitable[None]]
    stop: Callable[[], Awaitable[None]]
    database_state: Callable[[], str]
    render_error: Callable[[str, int], str]


class House:
    """The services of one run: opened beside the first page, closed at the end."""

    def __init__(self, hello: Hello, hub: EventHub, renderer: Renderer) -> None:
        self._hello = hello
        self._hub = hub
        self._renderer = renderer
        self._opening: "asyncio.Task[OpenedHouse]" | None = None
        self._background: list[asyncio.Task[None]] = []
        self.state = "opening"
        self.broadcast = messages.Broadcast(hub, renderer, self.opened)
        self._notices = PageNotices(hub, renderer)

    async def start(self) -> None:
        """Begin to open the store; call on the handlers' loop."""
        self._opening = asyncio.create_task(self._open(), name="open the store")
        self._background = [
            asyncio.create_task(self._look_around(), name="look around"),
            asyncio.create_task(self._keep_clean(), name="purge the trash"),
        ]

    async def opened(self) -> Services:
        """Wait for the services.

        Raises:
            StoreError: The store cannot be opened.
        """
        return (await self._wait()).services

    async def stop(self) -> None:
        """Store growing answers, end engines, close the store."""
        for task in self._background:
            task.cancel()
        self._hub.close()
        try:
            opened = await self._wait()
        except HearthError:
            return
        await opened.answers.close()
        await opened.services.exports.close()
        await opened.services.imports.close()
        await opened.registry.close_all()
        await asyncio.to_thread(opened.close)

    async def _wait(self) -> "OpenedHouse":
        if self._opening is None:
            raise RuntimeError("the house was not started")
        return await asyncio.shield(self._opening)

    async def _open(self) -> "OpenedHouse":
        try:
            opened = await asyncio.to_thread(
                _open, self._hello, self.broadcast, self._notices
            )
        except HearthError as exc:
            self.state = "failed"
            log.error("the store does not open: %s", exc)  # noqa: TRY400 expected
            raise
        finally:
            # What was imported stays: it need not be looked through ever again.
            gc.freeze()
            gc.enable()
        self.state = "connected"
        return opened

    async def _keep_clean(self) -> None:
        """Fold what was typed last time, end broken imports, purge the trash."""
        try:
            services = await self.opened()
            await services.notes.settle()
            await services.imports.recover()
        except HearthError:
            return
        if not self._hello.safe_mode:
            await services.trash.keep_clean()

    async def _look_around(self) -> None:
        """Tell the page when a local server appears or leaves."""
        if self._hello.safe_mode:
            return
        try:
            services = await self.opened()
        except HearthError:
            return
        known: set[str] | None = None
        while True:
            if services.pause.is_paused:
                await asyncio.sleep(LOOK_AROUND_S)
                continue
            found = {
                server.url: server.name for server in await services.engines.found()
            }
            if known is not None and known != set(found):
                self._hub.publish("engines")
                for url in found.keys() - known:
                    toast = Toast(f"{found[url]} is running. Choose it in Settings.")
                    self._hub.publish("toast", self._renderer.render(toast))
            known = set(found)
            await asyncio.sleep(LOOK_AROUND_S)


def build(hello: Hello) -> App:
    """Return the application of one run; the store opens when it starts."""
    hub = EventHub()
    assets = Assets.load()
    templates = next((path for path in _TEMPLATES if path.is_dir()), _TEMPLATES[-1])
    renderer = Renderer(templates, icons_dir(), assets.url)
    pages = Pages(renderer, lambda: hub.seq)
    house = House(hello, hub, renderer)
    shown = conversations.ConversationPages(house.opened, house.broadcast, renderer)
    routers = (
        health.build_router(hello.token, lambda: house.state),
        events.build_router(hub),
        assets.build_router(),
        actions.build_router(house.opened, pages, hub),
        api.build_router(house.opened, hub),
        quick.build_router(house.opened, house.broadcast, renderer, hub),
        conversations.build_router(house.opened, pages, shown, house.broadcast, hub),
        messages.build_router(house.opened, pages, house.broadcast),
        engines.build_router(house.opened, pages, hub),
        notes.build_router(house.opened, pages, hub),
        search.build_router(house.opened, pages),
        trash.build_router(house.opened, pages, hub),
        history.build_router(house.opened, pages, hub),
        exports.build_router(house.opened, pages),
        imports.build_router(house.opened, pages),
        settings.build_router(house.opened, pages, hello.data_dir, version("hearth")),
    )
    return App(
        routes=[route for router in routers for route in router.routes],
        start=house.start,
        stop=house.stop,
        database_state=lambda: house.state,
        render_error=pages.error,
    )


def _open(
    hello: Hello, broadcast: messages.Broadcast, notices: PageNotices
) -> "OpenedHouse":
    # SQLModel alone takes half a second to import: the first page does not wait.
    from backend.opening import open_house  # noqa: PLC0415

    return open_house(hello, broadcast, notices)
