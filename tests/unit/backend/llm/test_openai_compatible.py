"""The OpenAI-compatible engine against a server that plays every fault."""

import asyncio
import json
import time

import psutil
import pytest
from msgspec.structs import replace

from backend.errors import EngineError, EngineFault
from backend.llm.engine import Delta, Role, Turn
from tests.helpers.asking import ASK, KEY, LET_GO_S, QUICK, answer_of, ask, engine_at
from tests.helpers.model_server import (
    HEAD,
    Exchange,
    FakeModelServer,
    Script,
    endless,
    event,
    gzip_bomb,
    keep_open,
    refuse,
    refusing_port,
    reset_after,
    stall_after,
    stream,
)

HI = event({"content": "Hi"})
FAULTS: dict[str, tuple[Script, str, EngineFault]] = {
    "says nothing at all": (Exchange.hang, "", EngineFault.TIMEOUT),
    "sends only headers": (stall_after(HEAD), "", EngineFault.TIMEOUT),
    "stalls in the middle": (stall_after(HEAD, HI), "Hi", EngineFault.STALLED),
    "stalls inside an event": (
        stall_after(HEAD, HI, HI[:20]),
        "Hi",
        EngineFault.STALLED,
    ),
    "resets at once": (Exchange.reset, "", EngineFault.CUT_OFF),
    "resets after headers": (reset_after(HEAD), "", EngineFault.CUT_OFF),
    "resets in the middle": (reset_after(HEAD, HI, HI), "HiHi", EngineFault.CUT_OFF),
    "closes without a word": (lambda _: None, "", EngineFault.CUT_OFF),
    "breaks off quietly": (
        lambda e: e.say("Hi", finish=None, done=False),
        "Hi",
        EngineFault.CUT_OFF,
    ),
    "wrong JSON": (stream(HI, b"data: {nope\n\n"), "Hi", EngineFault.GARBAGE),
    "a broken piece": (
        stream(HI, b"data: {nope\n\n", HI, event({}, "stop")),
        "HiHi",
        EngineFault.GARBAGE,
    ),
    "JSON of another kind": (stream(b'data: {"a": 1}\n\n'), "", EngineFault.GARBAGE),
    "a JSON list": (stream(b"data: [1]\n\n"), "", EngineFault.GARBAGE),
    "deep JSON": (stream(b"data: " + b"[" * 90_000 + b"\n\n"), "", EngineFault.GARBAGE),
    "a web page": (
        lambda e: e.answer(200, "<!doctype html>\n<p>Hello</p>\n"),
        "",
        EngineFault.WEB_PAGE,
    ),
    "a web page as error": (
        lambda e: e.answer(502, "<html>nginx</html>"),
        "",
        EngineFault.SERVER_ERROR,
    ),
    "no HTTP": (lambda e: e.send(b"SSH-2.0-OpenSSH\r\n"), "", EngineFault.CUT_OFF),
    "a redirect": (
        lambda e: e.answer(302, "", "Location: http://127.0.0.1:9/v1"),
        "",
        EngineFault.MOVED,
    ),
    "wrong key": (
        refuse(401, {"message": f"bad {KEY}"}),
        "",
        EngineFault.UNAUTHORISED,
    ),
    "forbidden": (refuse(403, {"message": "no"}), "", EngineFault.FORBIDDEN),
    "forbidden without a word": (
        lambda e: e.answer(403, ""),
        "",
        EngineFault.UNAUTHORISED,
    ),
    "no such model": (
        refuse(404, {"message": 'model "m" not found, try pulling it first'}),
        "",
        EngineFault.MODEL_MISSING,
    ),
    "no such path": (lambda e: e.answer(404, "Not Found"), "", EngineFault.GARBAGE),
    "context, llama.cpp": (
        refuse(400, {"type": "exceed_context_size_error", "message": "too long"}),
        "",
        EngineFault.CONTEXT_TOO_LONG,
    ),
    "context, OpenAI": (
        refuse(400, {"code": "context_length_exceeded", "message": "too long"}),
        "",
        EngineFault.CONTEXT_TOO_LONG,
    ),
    "rate limit": (
        refuse(429, {"message": "slow"}, "Retry-After: 60"),
        "",
        EngineFault.RATE_LIMITED,
    ),
    "internal error": (
        refuse(500, {"message": f"oh {KEY}\x1b[31m no"}),
        "",
        EngineFault.SERVER_ERROR,
    ),
    "always loading": (
        refuse(503, {"message": "Loading model"}),
        "",
        EngineFault.LOADING,
    ),
    "an error in the stream": (
        stream(HI, b'data: {"error": {"message": "CUDA"}}\n\n'),
        "Hi",
        EngineFault.SERVER_ERROR,
    ),
    "empty": (lambda e: e.say(), "", EngineFault.EMPTY),
    "empty body": (lambda e: e.answer(200, ""), "", EngineFault.EMPTY),
    "length": (lambda e: e.say("Hi", finish="length"), "Hi", EngineFault.LIMIT),
    "a huge line": (endless(b"data: " + b"x" * 50_000), "", EngineFault.GARBAGE),
    "endless without an event": (endless(b": ping\n\n" * 999), "", EngineFault.LIMIT),
    "a gzip bomb": (gzip_bomb, "", EngineFault.GARBAGE),
}


@pytest.mark.parametrize(("script", "kept", "fault"), FAULTS.values(), ids=FAULTS)
def test_every_fault_is_told_and_keeps_what_came(
    script: Script, kept: str, fault: EngineFault
) -> None:
    text, error, _ = ask(script)
    assert error is not None
    assert (error.fault, text) == (fault, kept)
    sentence = str(error)
    assert "Ollama" in sentence
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert KEY not in sentence
    assert sentence.isprintable()


def test_an_endless_answer_ends_at_the_limit_and_lets_go_of_the_server() -> None:
    text, error, server = ask(endless(event({"content": "x" * 1000})))
    assert error is not None
    assert error.fault is EngineFault.LIMIT
    assert 1_000_000 < len(text) < 2_000_000
    assert server.requests[0].gone.wait(LET_GO_S)


def test_a_hostile_stream_costs_no_memory() -> None:
    before = psutil.Process().memory_info().rss
    _, error, _ = ask(endless(b"data: " + b"x" * 50_000))
    assert error is not None
    assert psutil.Process().memory_info().rss - before < 50_000_000


def test_nobody_listening_is_refused_at_once() -> None:
    with refusing_port() as port:
        got, error = asyncio.run(answer_of(f"http://127.0.0.1:{port}", ASK))
    assert not got
    assert error is not None
    assert error.fault is EngineFault.REFUSED


def test_an_answer_arrives_in_pieces_with_its_reasoning() -> None:
    pieces = (
        event({"role": "assistant"}),
        event({"reasoning_content": "Hm."}),
        event({"reasoning": "So."}),
        b": ping\r\n\r\nevent: message\r\nid: 7\r\nretry: 1\r\n\r\n",
        event({"content": "Grüße"}) + event({"content": " 👋"}, "stop"),
        b'data: {"choices": [], "usage": {}}\n\ndata: [DONE]\n\n',
    )
    with FakeModelServer(stream(*pieces)) as server:
        got, error = asyncio.run(answer_of(server.url, ASK))
    assert error is None
    assert got == [
        Delta(reasoning="Hm."),
        Delta(reasoning="So."),
        Delta("Grüße"),
        Delta(" 👋"),
    ]


def test_a_stream_cut_at_every_byte_says_the_same() -> None:
    whole = event({"content": "Grüße 👋"}) + event({}, "stop")

    def script(exchange: Exchange) -> None:
        exchange.send(HEAD)
        for byte in whole:
            exchange.send(bytes([byte]))

    text, error, _ = ask(script)
    assert (text, error) == ("Grüße 👋", None)


def test_the_request_carries_key_model_and_turns_and_asks_for_plain_bytes() -> None:
    turns = (Turn(Role.SYSTEM, "Be brief."), Turn(Role.USER, "lone \ud800 surrogate"))
    _, error, server = ask(lambda e: e.say("Hi"), turns=turns)
    sent = server.requests[0]
    assert error is None
    assert (sent.method, sent.path) == ("POST", "/v1/chat/completions")
    head = sent.head.lower()
    assert f"authorization: bearer {KEY}" in head
    assert "accept-encoding: identity" in head
    assert "connection: close" in head
    assert [message["role"] for message in sent.messages] == ["system", "user"]
    assert json.loads(sent.body)["stream"] is True


RETRIED: dict[str, Script] = {
    "a reset": Exchange.reset,
    "a reset after headers": reset_after(HEAD),
    "a short pause": refuse(429, {"message": "slow"}, "Retry-After: 0"),
    "loading": refuse(503, {"message": "Loading model"}),
}


@pytest.mark.parametrize("script", RETRIED.values(), ids=RETRIED)
def test_a_passing_fault_before_the_first_word_is_retried(script: Script) -> None:
    text, error, server = ask(script, script, lambda e: e.say("Hi"))
    assert (text, error) == ("Hi", None)
    assert len(server.requests) == 3


def test_no_more_than_three_requests_are_sent() -> None:
    _, error, server = ask(Exchange.reset)
    assert error is not None
    assert len(server.requests) == 3


def test_nothing_is_retried_after_the_first_word() -> None:
    text, error, server = ask(reset_after(HEAD, HI), lambda e: e.say("Again"))
    assert text == "Hi"
    assert error is not None
    assert len(server.requests) == 1


async def models_of(url: str) -> list[str]:
    engine = engine_at(url)
    try:
        return [model.id for model in await engine.models()]
    finally:
        await engine.close()


def test_models_are_listed() -> None:
    listed = json.dumps({"object": "list", "data": [{"id": "a"}, {"id": "b"}]})
    with FakeModelServer(lambda e: e.answer(200, listed)) as server:
        assert asyncio.run(models_of(server.url)) == ["a", "b"]
    assert server.requests[0].path == "/v1/models"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<html>", EngineFault.GARBAGE),
        ("[]", EngineFault.GARBAGE),
        ('{"data": "x"}', EngineFault.GARBAGE),
        ('{"status": "ok"}', EngineFault.GARBAGE),
        ('{"object": "list", "data": [{"name": "a"}]}', EngineFault.GARBAGE),
        ('"' + "x" * 200_000, EngineFault.GARBAGE),
    ],
)
def test_another_kind_of_server_has_no_models(body: str, fault: EngineFault) -> None:
    with (
        FakeModelServer(lambda e: e.answer(200, body)) as server,
        pytest.raises(EngineError) as caught,
    ):
        asyncio.run(models_of(server.url))
    assert caught.value.fault is fault


def test_a_silent_server_is_not_waited_for() -> None:
    with FakeModelServer(Exchange.hang) as server, pytest.raises(EngineError) as caught:
        asyncio.run(models_of(server.url))
    assert caught.value.fault is EngineFault.TIMEOUT


def _ping_after_the_reason(exchange: Exchange) -> None:
    exchange.send(HEAD + HI + event({}, "stop"))
    exchange.send_for_ever(b":\n\n")


ENDED: dict[str, tuple[Script, EngineFault | None]] = {
    "done": (keep_open(HI, b"data: [DONE]\n\n"), None),
    "a reason": (keep_open(HI, event({}, "stop")), None),
    "a reason, then pings": (
        _ping_after_the_reason,
        None,
    ),
    "a reason and a reset": (reset_after(HEAD, HI, event({}, "stop")), None),
    "the maximum length": (keep_open(HI, event({}, "length")), EngineFault.LIMIT),
    "an error": (
        keep_open(HI, b'data: {"error":"boom"}\n\n'),
        EngineFault.SERVER_ERROR,
    ),
}


@pytest.mark.parametrize(("script", "fault"), ENDED.values(), ids=ENDED)
def test_an_answer_ends_though_the_connection_does_not(
    script: Script, fault: EngineFault | None
) -> None:
    patient = replace(QUICK, stall_s=30, wordless_s=30, answer_bytes=10**9)
    started = time.monotonic()
    text, error, _ = ask(script, limits=patient)
    assert time.monotonic() - started < 25, "it waited for the next word"
    assert text == "Hi"
    assert (error.fault if error else None) is fault


def test_a_word_after_the_reason_is_part_of_the_answer() -> None:
    pieces = (event({"content": "Hi"}, "stop"), event({"content": "!"}))
    assert ask(keep_open(*pieces))[:2] == ("Hi!", None)


THOUGHT = event({"reasoning": "Hm."})
OFFERED: dict[str, tuple[Script, bool]] = {
    "length after words": (lambda e: e.say("Hi", finish="length"), True),
    "length in a thought": (stream(THOUGHT, event({}, "length")), True),
    "length in a tag": (stream(event({"content": "<think>Hm."}, "length")), True),
    "length at once": (lambda e: e.say(finish="length"), False),
    "a stall after words": (keep_open(HI), True),
    "a stall in a thought": (keep_open(THOUGHT), True),
    "a stall after a role": (keep_open(event({"role": "assistant"})), False),
    "a break after words": (reset_after(HEAD, HI), True),
    "a break in a thought": (reset_after(HEAD, THOUGHT), True),
    "a break at once": (Exchange.reset, False),
    "only a thought": (stream(THOUGHT, event({}, "stop")), True),
    "nothing": (lambda e: e.say(), False),
}


@pytest.mark.parametrize(("script", "offered"), OFFERED.values(), ids=OFFERED)
def test_continue_is_offered_only_where_there_is_something_to_go_on_from(
    script: Script, offered: bool
) -> None:
    _, error, _ = ask(script)
    assert error is not None
    assert ("Continue" in str(error)) is offered
    assert "hoose" in str(error)
