"""No event is told twice or left out, and no page can hold up another."""

import threading
from collections.abc import Iterator

import pytest

from backend.routes.events import since
from backend.web.events import (
    MAX_STREAMS,
    RING_BYTES,
    RING_EVENTS,
    EventHub,
    StreamEvent,
)
from backend.web.http import Request

FIRST = 1000


@pytest.fixture
def hub() -> EventHub:
    return EventHub(FIRST)


def names(events: list[StreamEvent] | None) -> list[str]:
    return [event.name for event in events or []]


def test_numbers_rise_by_one_and_over_restarts(hub: EventHub) -> None:
    assert [hub.publish("a"), hub.publish("b")] == [FIRST + 1, FIRST + 2]
    earlier = EventHub()
    assert earlier.publish("a") < EventHub().seq + 1
    assert EventHub().seq < 2**53


def test_a_page_hears_what_comes_after_it_was_rendered(hub: EventHub) -> None:
    hub.publish("before")
    page = hub.seq
    hub.publish("between")
    subscription = hub.subscribe(page)
    hub.publish("after")
    assert names(subscription.next(0)) == ["between", "after"]
    assert subscription.next(0) == []


def test_without_a_number_only_what_is_new_is_told(hub: EventHub) -> None:
    hub.publish("before")
    subscription = hub.subscribe()
    hub.publish("after")
    assert names(subscription.next(0)) == ["after"]


@pytest.mark.parametrize("known", [0, FIRST - 1, FIRST + 5])
def test_a_page_of_another_run_is_told_to_fetch_anew(hub: EventHub, known: int) -> None:
    hub.publish("a")
    subscription = hub.subscribe(known)
    (expected,) = subscription.next(0) or []
    assert (expected.name, expected.seq) == ("resync", FIRST + 1)
    hub.publish("b")
    assert names(subscription.next(0)) == ["b"]


def test_a_page_that_fell_too_far_behind_is_told_to_fetch_anew(hub: EventHub) -> None:
    slow, kept = hub.subscribe(FIRST), hub.subscribe(FIRST + 1)
    for _ in range(RING_EVENTS + 1):
        hub.publish("a")
    assert names(slow.next(0)) == ["resync"]
    assert names(kept.next(0)) == ["a"] * RING_EVENTS


def test_the_oldest_stream_gives_way(hub: EventHub) -> None:
    subscriptions = [hub.subscribe() for _ in range(MAX_STREAMS + 2)]
    assert hub.streams == MAX_STREAMS
    assert [s.next(0) is None for s in subscriptions] == [True] * 2 + [
        False
    ] * MAX_STREAMS


def test_closing_ends_every_stream_at_once(hub: EventHub) -> None:
    streams = [hub.subscribe().stream(keep_alive_s=60) for _ in range(3)]
    for stream in streams:
        next(stream)
    ended = threading.Thread(target=lambda: [list(stream) for stream in streams])
    ended.start()
    hub.close()
    ended.join(5)
    assert not ended.is_alive()


def test_a_waiting_stream_hears_of_news_at_once(hub: EventHub) -> None:
    stream = hub.subscribe().stream(keep_alive_s=60)
    assert next(stream) == "retry: 300\n\n"
    threading.Timer(0.05, hub.publish, ["toast", "<p>Hi</p>"]).start()
    expected = next(stream)
    assert expected == f"id: {FIRST + 1}\nevent: toast\ndata: <p>Hi</p>\n\n"


def test_silence_is_kept_alive_by_comments(hub: EventHub) -> None:
    stream = hub.subscribe().stream(keep_alive_s=0)
    next(stream)
    assert next(stream) == ": \n\n"


def test_a_stream_that_is_closed_gives_up_its_place(hub: EventHub) -> None:
    stream = hub.subscribe().stream()
    next(stream)
    assert isinstance(stream, Iterator)
    stream.close()  # type: ignore[attr-defined] # it is a generator
    assert hub.streams == 0


def test_every_line_of_html_is_data() -> None:
    text = StreamEvent(7, "toast", "a\nb\r\nc\rd\n\ne\u2028f").to_text()
    data = "data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\u2028f\n"
    assert text == f"id: 7\nevent: toast\n{data}\n"


def test_many_writers_and_readers_agree(hub: EventHub) -> None:
    subscriptions = [hub.subscribe(FIRST) for _ in range(4)]
    heard: list[list[int]] = [[] for _ in subscriptions]

    def read(index: int) -> None:
        while len(heard[index]) < 400:
            events = subscriptions[index].next(5)
            assert events
            heard[index] += [event.seq for event in events]

    threads = [threading.Thread(target=read, args=[i]) for i in range(4)]
    threads += [
        threading.Thread(target=lambda: [hub.publish("a") for _ in range(100)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert heard == [list(range(FIRST + 1, FIRST + 401))] * 4


@pytest.mark.parametrize(
    ("header", "query", "expected"),
    [
        (None, None, None),
        (None, "12", 12),
        ("15", "12", 15),
        ("", "12", 12),
        ("x", "-1", None),
        ("1" * 19, "²", None),
    ],
)
def test_a_reconnect_knows_better_than_the_page(
    header: str | None, query: str | None, expected: int | None
) -> None:
    request = Request(
        method="GET",
        path="/events",
        headers={} if header is None else {"last-event-id": header},
        query={} if query is None else {"since": query},
    )
    assert since(request) == expected


def test_what_is_kept_is_bounded_in_bytes_too() -> None:
    hub = EventHub(0)
    big = "字" * (RING_BYTES // 9)
    for _ in range(12):
        hub.publish("messages", big)
    subscription = hub.subscribe(since=9)
    assert [event.seq for event in subscription.next(0) or []] == [10, 11, 12]
    late = hub.subscribe(since=1)
    assert [event.name for event in late.next(0) or []] == ["resync"]
    hub.publish("messages", big * 10)
    assert [event.seq for event in subscription.next(0) or []] == [13]
