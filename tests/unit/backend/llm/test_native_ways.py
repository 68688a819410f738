"""Ollama and llama.cpp are asked their own way for what they say only so."""

import asyncio
import json
from collections.abc import Sequence

import pytest

from backend.errors import EngineError, EngineFault
from backend.llm.engine import Delta, Measure, Role, Turn, Usage
from backend.llm.openai_compatible import OpenAICompatibleEngine
from backend.llm.options import EngineOptions, Parameters
from tests.helpers.asking import QUICK
from tests.helpers.model_server import Exchange, FakeModelServer, listing
from tests.helpers.ollama import MODEL, Ollama

SET = EngineOptions(
    context=2_048, parameters=Parameters(max_tokens=9, temperature=0.5, stop=("END",))
)


def ask(
    url: str, options: EngineOptions, text: str = "Hi", model: str = MODEL
) -> tuple[Sequence[Delta], Measure]:
    async def main() -> tuple[Sequence[Delta], Measure]:
        engine = OpenAICompatibleEngine("Ollama", url, limits=QUICK, options=options)
        turns = (Turn(Role.USER, text),)
        try:
            got = [delta async for delta in engine.stream(model, turns)]
            return got, await engine.measure(model, turns)
        finally:
            await engine.close()

    return asyncio.run(main())


def test_a_context_that_is_set_is_asked_for_with_the_other_parameters() -> None:
    ollama = Ollama(context=64)
    with FakeModelServer(ollama) as server:
        got, measure = ask(server.url, SET, "word " * 100)
        body = json.loads(server.requests[-1].body)
    assert "".join(delta.text for delta in got).split() == ["I", "read", "1."]
    assert [delta.usage for delta in got if delta.usage] == [Usage(100, 3)]
    assert body["options"] == {
        "num_ctx": 2_048,
        "num_predict": 9,
        "temperature": 0.5,
        "stop": ["END"],
    }
    assert measure == Measure(context=2_048)


def test_without_one_it_is_asked_as_any_other_and_says_what_it_has_loaded() -> None:
    ollama = Ollama(context=64)
    with FakeModelServer(ollama) as server:
        _, measure = ask(server.url, EngineOptions())
    assert [path for path, _ in ollama.asked] == ["/v1/chat/completions"]
    assert measure == Measure(context=64)


def test_more_than_the_context_that_is_set_is_not_sent_to_be_cut() -> None:
    ollama = Ollama(context=64)
    with FakeModelServer(ollama) as server, pytest.raises(EngineError) as caught:
        ask(server.url, SET, "word " * 2_000)
    assert caught.value.fault is EngineFault.CONTEXT_TOO_LONG
    assert ollama.asked == []


def test_another_server_with_a_context_is_asked_as_ever() -> None:
    def other(exchange: Exchange) -> None:
        is_list = exchange.method == "GET"
        (listing("m") if is_list else lambda e: e.say("Hi"))(exchange)

    with FakeModelServer(other) as server:
        ask(server.url, SET, model="m")
        paths = [exchange.path for exchange in server.requests]
    assert paths == ["/v1/models", "/v1/chat/completions"]


def test_pieces_that_are_alike_are_not_taken_for_the_whole() -> None:
    def laughing(exchange: Exchange) -> None:
        if exchange.path != "/api/chat":
            Ollama(64)(exchange)
            return
        piece = {"message": {"role": "assistant", "content": "ha"}, "done": False}
        end = {"message": {"content": ""}, "done": True, "done_reason": "stop"}
        lines = [json.dumps(line) + "\n" for line in (piece, piece, piece, end)]
        exchange.answer(200, "".join(lines))

    with FakeModelServer(laughing) as server:
        got, _ = ask(server.url, SET)
    assert "".join(delta.text for delta in got) == "hahaha"


PROPS = {"default_generation_settings": {"n_ctx": 256}, "total_slots": 2}


@pytest.mark.parametrize(("props", "context"), [(PROPS, 256), ({}, 512)])
def test_of_llama_cpp_counts_what_one_question_has(
    props: dict[str, object], context: int
) -> None:
    entry = {"id": "m", "owned_by": "llamacpp", "meta": {"n_ctx": 512}}

    def play(exchange: Exchange) -> None:
        match exchange.path:
            case "/v1/models":
                exchange.answer(200, json.dumps({"data": [entry]}))
            case "/props":
                exchange.answer(200 if props else 404, json.dumps(props))
            case _:
                exchange.say("Hi")

    with FakeModelServer(play) as server:
        _, measure = ask(server.url, EngineOptions(), model="m")
    assert measure == Measure(context=context)
