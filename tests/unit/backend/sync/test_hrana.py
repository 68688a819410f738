"""What a server says when it refuses, in words of ours, and servers that are none."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.sync import hrana
from backend.sync.hrana import HranaClient, MissingTableError, Statement
from backend.sync.transport import TransportError
from tests.helpers.certificates import untrusted_context
from tests.helpers.model_server import (
    Exchange,
    FakeModelServer,
    Script,
    gzip_bomb,
    refusing_port,
    reset_after,
    stall_after,
)
from tests.helpers.sqld import Sqld

ONE = [Statement("select 1")]


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqld]:
    """A server that wants a token."""
    with Sqld(tmp_path_factory.mktemp("sqld"), asks=True) as server:
        yield server


def failure(url: str, token: str = "", *sql: str) -> str:
    client = HranaClient(url, token)
    with pytest.raises(TransportError) as caught:
        client.run([Statement(one) for one in sql] or ONE)
    client.close()
    return str(caught.value)


def test_values_come_back_as_they_went(asking: Sqld) -> None:
    client = HranaClient(asking.url, asking.token())
    sent = (None, 2**50, "Wörter", b"", b"\0\xff" * 3)
    [rows] = client.run([Statement("select ?1, ?2, ?3, ?4, ?5", sent)])
    assert rows == [list(sent)]
    client.close()


def test_each_token_that_is_not_taken_says_what_to_do(asking: Sqld) -> None:
    assert "asks for a token" in failure(asking.url)
    assert "does not accept the token" in failure(asking.url, "garbage")
    old = asking.token(until=time.time() - 3600)
    assert "has expired" in failure(asking.url, old)
    other = asking.token(key=Ed25519PrivateKey.generate())
    assert "does not accept the token" in failure(asking.url, other)
    reads = asking.token(access="ro")
    assert "may only read" in failure(asking.url, reads, "create table t(a)")
    for token in ("garbage", old):
        assert token not in failure(asking.url, token)


def test_a_table_that_is_missing_is_told_apart(asking: Sqld) -> None:
    client = HranaClient(asking.url, asking.token())
    with pytest.raises(MissingTableError):
        client.run([Statement("select * from nowhere")])
    client.close()
    assert "refused what Hearth asked" in failure(asking.url, asking.token(), "selec")


def test_a_server_that_was_started_again_is_spoken_with_again(tmp_path: Path) -> None:
    with Sqld(tmp_path) as server:
        client = HranaClient(server.url)
        assert client.run(ONE) == [[[1]]]
        server.kill()
        with pytest.raises(TransportError, match="cannot be reached"):
            client.run(ONE)
        server.start()
        assert client.run(ONE) == [[[1]]]
        server.kill()
        server.start()
        assert client.run(ONE) == [[[1]]]
        client.close()


def status(code: int, body: str = "{}", *headers: str) -> Script:
    return lambda exchange: exchange.answer(code, body, *headers)


def error(message: str, code: str = "") -> Script:
    body = f'{{"type": "error", "error": {{"message": "{message}", "code": "{code}"}}}}'
    return status(200, f'{{"results": [{body}]}}')


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"
STRANGE = "is no libSQL server"
SERVERS = {
    "a page": (status(200, "<html>Sign in</html>"), STRANGE),
    "another program": (status(404), STRANGE),
    "a redirect": (status(302, "", "Location: http://127.0.0.1:1/"), STRANGE),
    "no rows": (status(200, '{"results": []}'), STRANGE),
    "numbers": (status(200, '{"results": [1]}'), STRANGE),
    "no end": (lambda exchange: exchange.send_for_ever(b"rubbish\n"), STRANGE),
    "much": (status(200, " " * 17_000_000), STRANGE),
    "deep": (status(200, "[" * 100_000), STRANGE),
    "a bomb": (gzip_bomb, STRANGE),
    "an odd blob": (
        status(
            200,
            '{"results": [{"type": "ok", "response": {"result": {"rows": '
            '[[{"type": "blob", "base64": "%%%"}]]}}}]}',
        ),
        STRANGE,
    ),
    "out of order": (status(502), "out of order or has too much to do"),
    "too many": (status(429), "out of order or has too much to do"),
    "a plan": (status(403, '{"error": "BLOCKED: reads"}'), "is full"),
    "full": (error("database or disk is full", "SQLITE_FULL"), "is full"),
    "blocked": (error("Operation was blocked", "BLOCKED"), "is full"),
    "read only": (error("attempt to write a readonly database"), "may only read"),
    "cut off": (reset_after(HEAD), "cannot be reached"),
}


@pytest.mark.parametrize("name", SERVERS)
def test_what_is_wrong_with_a_server_is_said(name: str) -> None:
    script, words = SERVERS[name]
    with FakeModelServer(script) as server:
        assert words in failure(server.url)


def test_silence_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hrana, "_SILENT_S", 0.2)
    with FakeModelServer(stall_after(HEAD, b"[")) as server:
        assert "does not answer in time" in failure(server.url)


def test_drops_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hrana, "_WHOLE_S", 0.0)
    with FakeModelServer(lambda exchange: exchange.send(HEAD + b"[" * 9)) as server:
        assert "does not answer in time" in failure(server.url)


def test_nobody_there_and_nobody_who_can_be_trusted(tmp_path: Path) -> None:
    with refusing_port() as port:
        assert "cannot be reached" in failure(f"http://127.0.0.1:{port}")
    seen: list[Exchange] = []
    with FakeModelServer(seen.append, tls=untrusted_context(tmp_path)) as server:
        assert "cannot be trusted" in failure(server.url, "secret")
        assert seen == []


def test_the_token_goes_to_the_server_alone() -> None:
    with (
        FakeModelServer(status(200)) as other,
        FakeModelServer(status(307, "", f"Location: {other.url}/")) as server,
    ):
        failure(server.url, "secret")
        assert "secret" in server.requests[0].head
        assert other.requests == []
