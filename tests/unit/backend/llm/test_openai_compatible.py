"""The OpenAI-compatible engine against a server that plays every fault."""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import aclosing

import psutil
import pytest

from backend.errors import EngineError, EngineFault
from backend.llm.continuing import GO_ON
from backend.llm.engine import Delta, Role, Turn
from backend.llm.openai_compatible import Limits, OpenAICompatibleEngine
from tests.helpers.model_server import (
    HEAD,
    Exchange,
    FakeModelServer,
    Script,
    endless,
    event,
    gzip_bomb,
    refuse,
    refusing_port,
    reset_after,
    stall_after,
    stream,
)

QUICK = Limits(
    connect_s=1,
    first_byte_s=1,
    stall_s=0.7,
    answer_s=5,
    models_s=1,
    retry_waits_s=(0.01, 0.01),
    answer_bytes=2_000_000,
    line_bytes=100_000,
    models_bytes=100_000,
)
KEY = "sk-secret"
ASK = (Turn(Role.USER, "Hello?"),)
PARTIAL = (*ASK, Turn(Role.ASSISTANT, "The cat sat"))


def engine_at(url: str, limits: Limits = QUICK) -> OpenAICompatibleEngine:
    return OpenAICompatibleEngine("Ollama", url, KEY, limits=limits)


async def answer_of(
    url: str, turns: Sequence[Turn], limits: Limits = QUICK
) -> tuple[list[Delta], EngineError | None]:
    engine, got = engine_at(url, limits), list[Delta]()
    try:
        async for delta in engine.stream("m", turns):
            got.append(delta)
    except EngineError as exc:
        return got, exc
    finally:
        await engine.close()
    return got, None


def ask(
    script: Script,
    *more: Script,
    turns: Sequence[Turn] = ASK,
    limits: Limits = QUICK,
) -> tuple[str, EngineError | None, FakeModelServer]:
    with FakeModelServer(script, *more) as server:
        got, error = asyncio.run(answer_of(server.url, turns, limits))
    return "".join(delta.text for delta in got), error, server


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
    "JSON of another kind": (stream(b'data: {"a": 1}\n\n'), "", EngineFault.GARBAGE),
    "a JSON list": (stream(b"data: [1]\n\n"), "", EngineFault.GARBAGE),
    "deep JSON": (stream(b"data: " + b"[" * 90_000 + b"\n\n"), "", EngineFault.GARBAGE),
    "a web page": (
        lambda e: e.answer(200, "<!doctype html>\n<p>Hello</p>\n"),
        "",
        EngineFault.GARBAGE,
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
        EngineFault.GARBAGE,
    ),
    "wrong key": (
        refuse(401, {"message": f"bad {KEY}"}),
        "",
        EngineFault.UNAUTHORISED,
    ),
    "forbidden": (refuse(403, {"message": "no"}), "", EngineFault.UNAUTHORISED),
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
        refuse(503, {"message": "Loading"}),
        "",
        EngineFault.SERVER_ERROR,
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
    started = time.monotonic()
    text, error, _ = ask(script)
    assert error is not None
    assert (error.fault, text) == (fault, kept)
    assert time.monotonic() - started < 5
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
    assert server.requests[0].gone.wait(1)


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


def test_the_key_does_not_follow_a_redirect() -> None:
    with FakeModelServer(lambda e: e.say("Stolen")) as thief:
        to = f"Location: {thief.url}/v1/chat/completions"
        _, error, _ = ask(lambda e: e.answer(307, "", to))
        assert error is not None
    assert not thief.requests


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


@pytest.mark.parametrize("at", ["before the first word", "in the middle"])
def test_cancelling_lets_go_within_half_a_second(at: str) -> None:
    data = HEAD if at == "before the first word" else HEAD + HI
    patient = Limits()

    async def main(server: FakeModelServer) -> float:
        reading = asyncio.create_task(answer_of(server.url, ASK, patient))
        while not server.requests:
            await asyncio.sleep(0.01)
        started = time.monotonic()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await asyncio.to_thread(server.requests[0].gone.wait, 0.5)
        return time.monotonic() - started

    with FakeModelServer(stall_after(data)) as server:
        assert asyncio.run(main(server)) < 0.5


def test_closing_the_iterator_lets_go_of_the_server() -> None:
    async def main(server: FakeModelServer) -> None:
        engine = engine_at(server.url)
        async with aclosing(engine.stream("m", ASK)) as deltas:
            assert await anext(deltas) == Delta("Hi")
        assert await asyncio.to_thread(server.requests[0].gone.wait, 0.5)
        await engine.close()

    with FakeModelServer(stall_after(HEAD, HI)) as server:
        asyncio.run(main(server))


CONTINUED: dict[str, tuple[Script, str]] = {
    "goes on": (lambda e: e.say(" on", " the mat."), " on the mat."),
    "repeats": (lambda e: e.say("The c", "at sat on", " the mat."), " on the mat."),
    "starts alike": (lambda e: e.say("The", " mat"), "The mat"),
    "ends alike": (lambda e: e.say("The"), "The"),
    "has nothing to add": (lambda e: e.say(), ""),
}


@pytest.mark.parametrize(("script", "new"), CONTINUED.values(), ids=CONTINUED)
def test_a_continued_answer_gets_only_what_is_new(script: Script, new: str) -> None:
    text, error, server = ask(script, turns=PARTIAL)
    assert (text, error) == (new, None)
    assert server.requests[0].messages[-1]["role"] == "assistant"


def test_a_server_that_refuses_to_go_on_is_asked_in_words() -> None:
    refusal = refuse(400, {"message": "the last message must be from the user"})
    text, error, server = ask(refusal, lambda e: e.say(" on it."), turns=PARTIAL)
    assert (text, error) == (" on it.", None)
    assert server.requests[1].messages[-1] == {"role": "user", "content": GO_ON}


def test_a_continuation_that_breaks_keeps_what_was_held_back() -> None:
    text, error, _ = ask(reset_after(HEAD, event({"content": "The"})), turns=PARTIAL)
    assert text == "The"
    assert error is not None


def test_an_answer_that_never_began_is_asked_for_anew() -> None:
    turns = (*ASK, Turn(Role.ASSISTANT, "\n"))
    text, error, server = ask(lambda e: e.say("Hi"), turns=turns)
    assert (text, error) == ("Hi", None)
    assert [message["role"] for message in server.requests[0].messages] == ["user"]


async def models_of(url: str) -> list[str]:
    engine = engine_at(url)
    try:
        return await engine.models()
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
