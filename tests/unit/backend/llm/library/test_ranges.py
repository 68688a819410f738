"""A file that is read over several connections is the same file, whatever happens."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.llm.library.fetching import FetchError
from backend.llm.library.ranges import CONNECTIONS
from tests.helpers.model_hub import ModelHub
from tests.helpers.model_server import Exchange, FakeModelServer, refuse
from tests.unit.backend.llm.library.test_fetching import BODY, NAME, Download, left

RANGE = 50_000
"""21 of them are the body."""


@pytest.fixture
def hub() -> ModelHub:
    return ModelHub({NAME: BODY})


@pytest.fixture
def download(hub: ModelHub, tmp_path: Path) -> Download:
    return Download(hub, tmp_path)


def send(
    body: bytes, start: int, end: int, named: str = ""
) -> Callable[[Exchange], None]:
    """Answer with a range, and say that it is another one."""

    def script(exchange: Exchange) -> None:
        range_sent = named or f"bytes {start}-{end - 1}/{len(BODY)}"
        head = f"Content-Range: {range_sent}\r\nContent-Length: {len(body)}\r\n\r\n"
        exchange.send(b"HTTP/1.1 206 Partial Content\r\n" + head.encode() + body)

    return script


def test_several_ranges_are_read_at_once_and_stand_in_their_order(
    download: Download,
) -> None:
    """None is answered before as many are asked for as there are connections."""
    together = threading.Barrier(CONNECTIONS - 1)

    def wait_for_others(_exchange: Exchange) -> None:
        together.wait(30)

    download.hub.before = [None, *[wait_for_others] * (CONNECTIONS - 1)]
    download.run(range_bytes=RANGE)
    assert download.target.read_bytes() == BODY
    assert left(download) == [NAME]
    asked = sorted(int(start or 0) for start in download.hub.ranges)
    assert asked == list(range(0, len(BODY), RANGE))
    assert [here for here, _ in download.said] == sorted(h for h, _ in download.said)


def test_a_short_file_is_read_on_one_connection(download: Download) -> None:
    download.run(range_bytes=len(BODY) // 4)
    assert download.hub.ranges == [""]


def test_what_is_there_is_gone_on_with(download: Download) -> None:
    download.wanted.part.write_bytes(BODY[:300_000])
    download.run(range_bytes=RANGE)
    assert download.target.read_bytes() == BODY
    assert min(int(start) for start in download.hub.ranges) == 300_000


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, RANGE * 2), max_size=12))
def test_cuts_at_any_place_cost_nothing_but_time(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    hub = ModelHub({NAME: BODY}, cuts=cuts)
    download = Download(hub, tmp_path_factory.mktemp("models"))
    download.run(range_bytes=RANGE)
    assert download.target.read_bytes() == BODY
    assert left(download) == [NAME]


ODD: dict[str, Callable[[Exchange], None]] = {
    "the whole": lambda exchange: exchange.answer(200, "x" * 1000),
    "an error": refuse(503, {"message": "busy"}),
    "no permission": refuse(403, {"message": "expired"}),
    "another range": send(b"x" * RANGE, 0, RANGE),
    "less than it says": send(BODY[RANGE:][:9], RANGE, 2 * RANGE),
    "a web page": lambda exchange: exchange.answer(200, "<html>", "Content-Type: text"),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_server_that_sends_something_else_is_read_on_one_connection(
    download: Download, odd: Callable[[Exchange], None]
) -> None:
    download.hub.failures = [None, odd, odd]
    download.run(range_bytes=RANGE)
    assert download.target.read_bytes() == BODY
    assert left(download) == [NAME]


def test_other_bytes_than_promised_are_refused(download: Download) -> None:
    download.hub.files[NAME] = BODY[:-1] + b"x"
    with pytest.raises(FetchError, match="does not match"):
        download.run(range_bytes=RANGE)
    assert left(download) == []


@pytest.mark.parametrize("is_elsewhere", [True, False])
def test_the_token_stays_with_the_hub(
    download: Download, *, is_elsewhere: bool
) -> None:
    heads: list[str] = []

    def script(exchange: Exchange) -> None:
        heads.append(exchange.head.lower())
        download.hub.script(exchange)

    with FakeModelServer(script) as elsewhere:
        download.hub.redirects_to = elsewhere.url if is_elsewhere else ""
        download.run(range_bytes=RANGE, token="secret")
    assert download.target.read_bytes() == BODY
    assert len(heads) == (21 if is_elsewhere else 0)
    assert not any("secret" in head for head in heads)
