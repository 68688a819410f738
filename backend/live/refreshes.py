"""Tells pages what to fetch: at once, and then at most every so often.

An import is thousands of transactions, and its pages fetch their lists ten times a
second at most.
"""

import asyncio
import json
from collections.abc import Iterable
from typing import Final

from backend.web.events import EventHub

EVERY_S: Final = 0.1


class Refreshes:
    """What pages are to fetch; lives on the event loop."""

    def __init__(self, hub: EventHub) -> None:
        self._hub = hub
        self._nouns: set[str] = set()
        self._logs: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, nouns: Iterable[str], logs: Iterable[str] = ()) -> None:
        """Let pages fetch lists, and the messages of conversations."""
        self._nouns.update(nouns)
        self._logs.update(logs)
        if self._timer is None:
            self._send()

    def _send(self) -> None:
        self._timer = None
        if not (self._nouns or self._logs):
            return
        for noun in sorted(self._nouns):
            self._hub.publish(noun)
        if self._logs:
            event = {"part": "log", "conversations": sorted(self._logs)}
            self._hub.publish("messages", json.dumps(event))
        self._nouns.clear()
        self._logs.clear()
        self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._send)
