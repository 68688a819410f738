"""Traces the page's main thread over the developer protocol."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from websockets.sync.client import ClientConnection, connect

from tests.helpers.window import PATIENCE_S, Window

_TASK: Final = "ThreadControllerImpl::RunTask"
_THREAD: Final = "CrRendererMain"


@dataclass
class Tasks:
    """What the main thread of the page did, task by task, in milliseconds.

    Attributes:
        lasted: By the clock: what the machine did for others is part of it.
        worked: Of the processor.
    """

    lasted: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)


@contextmanager
def traced(window: Window) -> Iterator[Tasks]:
    """Trace for the time of a block; what was found is there after it."""
    found = Tasks()
    with connect(window.page_address, close_timeout=0, max_size=None) as protocol:
        config = {"includedCategories": ["toplevel"], "excludedCategories": ["*"]}
        params = {"transferMode": "ReportEvents", "traceConfig": config}
        _send(protocol, 1, "Tracing.start", params)
        while "id" not in _next(protocol):
            pass
        yield found
        _send(protocol, 2, "Tracing.end", {})
        events = list(_collected(protocol))
    threads = {_place(e) for e in events if e["name"] == "thread_name" and _is_main(e)}
    for event in events:
        if event["name"] == _TASK and "dur" in event and _place(event) in threads:
            found.lasted.append(event["dur"] / 1000)
            found.worked.append(event.get("tdur", 0) / 1000)


def _collected(protocol: ClientConnection) -> Iterator[dict[str, Any]]:
    while (text := _next(protocol)).get("method") != "Tracing.tracingComplete":
        if text.get("method") == "Tracing.dataCollected":
            yield from text["params"]["value"]


def _send(
    protocol: ClientConnection, number: int, method: str, params: Mapping[str, object]
) -> None:
    protocol.send(json.dumps({"id": number, "method": method, "params": params}))


def _next(protocol: ClientConnection) -> dict[str, Any]:
    return dict(json.loads(protocol.recv(timeout=PATIENCE_S)))


def _is_main(event: dict[str, Any]) -> bool:
    return bool(event["args"].get("name") == _THREAD)


def _place(event: dict[str, Any]) -> tuple[int, int]:
    return event["pid"], event["tid"]
