"""A request that fails is told in words that say what to do."""

import asyncio
from pathlib import Path

import pytest

from backend.errors import EngineError, EngineFault
from tests.helpers.asking import ASK, answer_of, ask, engine_at
from tests.helpers.certificates import untrusted_context
from tests.helpers.model_server import (
    HEAD,
    Exchange,
    FakeModelServer,
    Script,
    event,
    not_streamed,
    refuse,
    stream,
)

HI = event({"content": "Hi"})


def test_the_key_does_not_follow_a_redirect() -> None:
    with FakeModelServer(lambda e: e.say("Stolen")) as thief:
        to = f"Location: {thief.url}/v1/chat/completions?key=x"
        _, error, _ = ask(lambda e: e.answer(307, "", to))
        assert error is not None
        assert error.fault is EngineFault.MOVED
        assert f"({thief.url}/v1)" in str(error)
    assert not thief.requests


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://a.example/v1/chat/completions", "(https://a.example/v1)"),
        ("//b.example/v1", "(http://b.example/v1)"),
        ("https://user:secret@a.example:8/x", "(https://a.example:8/x)"),
        ("/api/v1/chat/completions", "/api/v1)"),
        ("javascript:alert(1)", "another address."),
        ("http://[", "another address."),
    ],
)
def test_where_a_server_moved_is_named(location: str, shown: str) -> None:
    _, error, _ = ask(lambda e: e.answer(308, "", f"Location: {location}"))
    assert error is not None
    assert shown in str(error)


def test_a_certificate_nobody_trusts_is_named(tmp_path: Path) -> None:
    with FakeModelServer(lambda e: e.say("Hi"), tls=untrusted_context(tmp_path)) as it:
        _, error = asyncio.run(answer_of(it.url, ASK))
        with pytest.raises(EngineError) as caught:
            asyncio.run(engine_at(it.url).models())
    assert error is not None
    assert error.fault is caught.value.fault is EngineFault.UNTRUSTED
    assert "certificate" in str(error)
    assert "self-signed" in str(error)
    assert not it.requests


def test_https_to_a_port_without_it_is_named() -> None:
    with FakeModelServer(lambda e: e.say("Hi")) as server:
        url = server.url.replace("http:", "https:")
        _, error = asyncio.run(answer_of(url, ASK))
    assert error is not None
    assert error.fault is EngineFault.NO_TLS
    assert "https" in str(error)


def test_an_error_under_a_good_status_is_told() -> None:
    text, error, _ = ask(not_streamed({"error": {"message": "boom"}}, status=201))
    assert text == ""
    assert error is not None
    assert "(boom)" in str(error)


def test_any_good_status_is_good() -> None:
    def script(exchange: Exchange) -> None:
        exchange.send(HEAD.replace(b"200", b"201") + HI + event({}, "stop"))

    assert ask(script)[:2] == ("Hi", None)


SPOKEN: dict[str, tuple[Script, str]] = {
    "region": (
        refuse(403, {"message": "Country, region, or territory not supported"}),
        "Country, region, or territory not supported",
    ),
    "quota": (
        refuse(
            429, {"code": "insufficient_quota", "message": "You exceeded your quota"}
        ),
        "no credit is left (You exceeded your quota)",
    ),
    "vLLM": (
        not_streamed({"object": "error", "message": "boom", "code": 400}, status=400),
        "does not accept this request (boom)",
    ),
    "FastAPI": (
        not_streamed({"detail": [{"msg": "boom", "loc": ["body"]}]}, status=422),
        "(boom)",
    ),
    "words of a proxy": (lambda e: e.answer(502, "no healthy upstream"), "upstream)"),
    "a page of a proxy": (
        lambda e: e.answer(502, "<html><title>502 Bad Gateway</title>"),
        "(502 Bad Gateway)",
    ),
    "no word": (lambda e: e.answer(500, ""), "(HTTP 500)"),
    "not streamed": (not_streamed({"error": "Unexpected endpoint"}), "endpoint)"),
    "old llama.cpp": (stream(HI, b'error: {"message":"boom"}\n\n'), "(boom)"),
    "a filter": (stream(HI, event({}, "content_filter")), "stopped this answer"),
    "a filter at once": (stream(event({}, "content_filter")), "withheld the answer"),
    "a refusal": (
        stream(event({"refusal": "No."}), event({}, "stop")),
        "declined to answer",
    ),
    "a tool": (stream(event({}, "tool_calls")), "asked for a tool"),
    "a web page": (lambda e: e.answer(200, "<html>Hi"), "A web page answered"),
}


@pytest.mark.parametrize(("script", "words"), SPOKEN.values(), ids=SPOKEN)
def test_what_the_server_says_is_told(script: Script, words: str) -> None:
    _, error, _ = ask(script)
    assert error is not None
    assert words in str(error)


@pytest.mark.parametrize("path", ["models", "answer"])
def test_a_connection_that_is_gone_at_once_is_one_that_broke_off(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On uvloop anyio asks such a one for its socket, and there is none."""

    async def gone(*_: object, **__: object) -> None:
        raise AttributeError("'NoneType' object has no attribute 'getsockname'")

    monkeypatch.setattr("httpx2.AsyncClient.send", gone)

    async def main() -> EngineError | None:
        if path == "answer":
            return (await answer_of("http://127.0.0.1:1", ASK))[1]
        with pytest.raises(EngineError) as caught:
            await engine_at("http://127.0.0.1:1").models()
        return caught.value

    error = asyncio.run(main())
    assert error is not None
    assert error.fault is EngineFault.CUT_OFF
