"""Tells pages what to fetch: at once, and the less often the longer it goes on.

An import is thousands of transactions: its pages fetch their lists after a tenth of a
second, then after twice as long, and in the end once a second.
"""

import asyncio
import json
from collections.abc import Iterable
from typing import Final

from backend.web.events import EventHub

AT_LEAST_S: Final = 0.1
AT_MOST_S: Final = 1.0


class Refreshes:
    """What pages are to fetch; lives on the event loop."""

    def __init__(self, hub: EventHub) -> None:
        self._hub = hub
        self._nouns: set[str] = set()
        self._logs: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._pause_s = AT_LEAST_S

    def add(
        self, nouns: Iterable[str], logs: Iterable[str] = (), *, is_busy: bool = False
    ) -> None:
        """Let pages fetch lists, and the messages of conversations.

        Args:
            nouns: The lists.
            logs: The conversations.
            is_busy: Whether something goes before it, like an answer that begins: then
                pages fetch after a tenth of a second.
        """
        self._nouns.update(nouns)
        self._logs.update(logs)
        if self._timer is None and is_busy:
            self._wait()
        elif self._timer is None:
            self._send()

    def _send(self) -> None:
        self._timer = None
        if not (self._nouns or self._logs):
            self._pause_s = AT_LEAST_S
            return
        for noun in sorted(self._nouns):
            self._hub.publish(noun)
        if self._logs:
            event = {"part": "log", "conversations": sorted(self._logs)}
            self._hub.publish("messages", json.dumps(event))
        self._nouns.clear()
        self._logs.clear()
        self._wait()
        self._pause_s = min(2 * self._pause_s, AT_MOST_S)

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._pause_s, self._send)
