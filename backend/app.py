"""Builds the application: the one place that joins routes, services and store."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import escape

from backend.assets import Assets
from backend.events import EventHub
from backend.http import Request, Response, Route, Router
from backend.protocol import Hello
from backend.routes import events, health


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


def build(hello: Hello) -> App:
    """Return the application of one run; nothing is opened yet."""
    hub = EventHub()
    pages = Router()

    @pages.get("/")
    async def show_start(_request: Request) -> Response:
        return Response(body="<!doctype html><title>Hearth</title><h1>Hearth</h1>")

    async def start() -> None:
        pass

    async def stop() -> None:
        hub.close()

    def database_state() -> str:
        return "opening"

    return App(
        routes=[
            *health.build_router(hello.token, database_state).routes,
            *events.build_router(hub).routes,
            *Assets.load().build_router().routes,
            *pages.routes,
        ],
        start=start,
        stop=stop,
        database_state=database_state,
        render_error=lambda sentence, _status: f"<p>{escape(sentence)}</p>",
    )
