"""Tells every open page what changed: one numbered stream of server-sent events."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

RING_EVENTS: Final = 1_000
RING_BYTES: Final = 4 * 1024 * 1024
MAX_STREAMS: Final = 8
KEEP_ALIVE_S: Final = 2.0
_RETRY_MS: Final = 300


class StreamEvent(Struct, frozen=True):
    """One thing a page must hear."""

    seq: int
    name: str
    html: str

    def to_text(self) -> str:
        """Return the event as it goes over the wire."""
        lines = self.html.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        data = "".join(f"data: {line}\n" for line in lines)
        return f"id: {self.seq}\nevent: {self.name}\n{data}\n"


class EventHub:
    """Keeps the latest events and hands them to every subscription.

    Publishing and reading are safe from any thread and never wait for a page.
    """

    def __init__(self, first_seq: int | None = None) -> None:
        # Microseconds stay exact in JavaScript and rise over restarts.
        self._seq = time.time_ns() // 1000 if first_seq is None else first_seq
        self._floor = self._seq
        self._ring: deque[StreamEvent] = deque()
        self._bytes = 0
        self._news = threading.Condition()
        self._open: deque[Subscription] = deque()

    @property
    def seq(self) -> int:
        """The number of the latest event; a page is rendered at it."""
        return self._seq

    @property
    def streams(self) -> int:
        """How many subscriptions are open."""
        return len(self._open)

    def publish(self, name: str, html: str = "") -> int:
        """Tell every page, and return the event's number."""
        with self._news:
            self._seq += 1
            self._ring.append(StreamEvent(self._seq, name, html))
            self._bytes += len(html.encode())
            while len(self._ring) > RING_EVENTS or (
                self._bytes > RING_BYTES and len(self._ring) > 1
            ):
                dropped = self._ring.popleft()
                self._bytes -= len(dropped.html.encode())
                self._floor = dropped.seq
            self._news.notify_all()
            return self._seq

    def subscribe(self, since: int | None = None) -> "Subscription":
        """Open a subscription to what comes after `since`, or after now.

        The oldest one is ended when there are more than `MAX_STREAMS`: a page that
        went away is noticed late, and each stream takes a thread.
        """
        with self._news:
            subscription = Subscription(self, self._seq if since is None else since)
            self._open.append(subscription)
            if len(self._open) > MAX_STREAMS:
                self._open.popleft()
            self._news.notify_all()
        return subscription

    def unsubscribe(self, subscription: "Subscription") -> None:
        """End one subscription; ending it again does nothing."""
        with self._news:
            if subscription in self._open:
                self._open.remove(subscription)
            self._news.notify_all()

    def close(self) -> None:
        """End every subscription."""
        with self._news:
            self._open.clear()
            self._news.notify_all()

    def wait(
        self, subscription: "Subscription", since: int, timeout: float
    ) -> list[StreamEvent] | None:
        """Return the events after `since`, waiting for one; None when it has ended.

        A number that is not kept any more, or is not ours, is answered with
        `resync`.
        """
        with self._news:
            self._news.wait_for(
                lambda: subscription not in self._open or self._seq != since, timeout
            )
            if subscription not in self._open:
                return None
            if since < self._floor or since > self._seq:
                return [StreamEvent(self._seq, "resync", "")]
            return [event for event in self._ring if event.seq > since]


class Subscription:
    """One page's place in the stream."""

    def __init__(self, hub: EventHub, since: int) -> None:
        self._hub = hub
        self._since = since

    def next(self, timeout: float) -> list[StreamEvent] | None:
        """Return what is new, nothing after `timeout` seconds, or None at the end."""
        events = self._hub.wait(self, self._since, timeout)
        if events:
            self._since = events[-1].seq
        return events

    def close(self) -> None:
        """End the subscription."""
        self._hub.unsubscribe(self)

    def stream(self, keep_alive_s: float = KEEP_ALIVE_S) -> Iterator[str]:
        """Yield the wire format until the subscription ends.

        The comment between events is what makes Robyn notice a page that left.
        """
        try:
            yield f"retry: {_RETRY_MS}\n\n"
            while (events := self.next(keep_alive_s)) is not None:
                yield "".join(event.to_text() for event in events) or ": \n\n"
        finally:
            self.close()
