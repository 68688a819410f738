"""Events: the one stream per page that carries everything it must hear."""

from backend.web.events import EventHub
from backend.web.http import AppRouter, Request, Response, whole_number

router = AppRouter[EventHub]()


@router.get("/events")
async def stream_events(request: Request, hub: EventHub) -> Response:
    """Stream what a page must hear."""
    stream = hub.subscribe(since(request)).stream()
    return Response(content_type="text/event-stream", stream=stream)


def since(request: Request) -> int | None:
    """Return the last event the page knows; a reconnect knows better than the page."""
    for number in (request.headers.get("last-event-id"), request.query.get("since")):
        if (seq := whole_number(number or "")) is not None:
            return seq
    return None
