"""What is set for an engine reaches its server, by the way that was set."""

import asyncio
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from backend.errors import EngineError, EngineFault
from backend.llm.engine import Role, Turn
from backend.llm.openai_compatible import OpenAICompatibleEngine
from backend.llm.options import Effort, EngineOptions, Parameters
from backend.llm.wire.limits import FAR, NEAR, Limits
from tests.helpers.asking import QUICK
from tests.helpers.certificates import untrusted_context
from tests.helpers.model_server import (
    Exchange,
    FakeModelServer,
    in_turn,
    keep_open,
    refuse,
    refusing_port,
)
from tests.helpers.proxy import OfficeProxy

ALL = Parameters(temperature=0.5, top_p=0.9, max_tokens=50, seed=3, stop=("END",))


def ask(
    url: str, options: EngineOptions, times: int = 1, limits: Limits = QUICK
) -> tuple[str, EngineError | None]:
    """Ask a question, so many times; return the last answer, or the failure."""

    async def main() -> tuple[str, EngineError | None]:
        engine = OpenAICompatibleEngine("It", url, limits=limits, options=options)
        said = ""
        try:
            for _ in range(times):
                turns = (Turn(Role.USER, "Hello?"),)
                said = "".join([d.text async for d in engine.stream("m", turns)])
        except EngineError as exc:
            return said, exc
        finally:
            await engine.close()
        return said, None

    return asyncio.run(main())


def sent(exchange: Exchange) -> dict[str, object]:
    """Return what a request said beside the conversation."""
    body = json.loads(exchange.body)
    usual = {"model", "messages", "stream", "stream_options"}
    return {k: v for k, v in body.items() if k not in usual}


def test_what_is_set_is_sent_and_nothing_else() -> None:
    with FakeModelServer(lambda e: e.say("Hi")) as server:
        ask(server.url, EngineOptions(parameters=ALL))
        ask(server.url, EngineOptions())
    assert sent(server.requests[0]) == {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 50,
        "seed": 3,
        "stop": ["END"],
    }
    assert sent(server.requests[1]) == {}
    assert "include_usage" in server.requests[1].body.decode()


@pytest.mark.parametrize("words", ["Extra inputs: return_progress", "Bad request"])
def test_who_refuses_to_tell_how_it_goes_answers_all_the_same(words: str) -> None:
    def strict(exchange: Exchange) -> None:
        is_plain = b"return_progress" not in exchange.body
        (exchange.say("Hi") if is_plain else refuse(400, {"message": words})(exchange))

    with FakeModelServer(strict) as server:
        assert ask(server.url, EngineOptions(), times=2, limits=NEAR) == ("Hi", None)
    assert len(server.requests) == 3, "asked again, once, and that is remembered"


def test_limits_that_are_set_take_the_place_of_the_usual_ones() -> None:
    own = EngineOptions(connect_s=9, first_word_s=3600, pause_s=4000)
    assert NEAR.set_by(EngineOptions()) == NEAR
    far = FAR.set_by(own)
    assert (far.connect_s, far.first_byte_s, far.stall_s) == (9, 3600, 4000)
    assert far.wordless_s == 4000, "or it ends before what was set"
    with FakeModelServer(keep_open()) as server:
        impatient = EngineOptions(first_word_s=1)
        _, error = ask(server.url, impatient, limits=replace(FAR, retry_waits_s=()))
    assert error is not None
    assert error.fault is EngineFault.TIMEOUT


def test_a_parameter_that_is_refused_is_left_out_and_that_is_remembered() -> None:
    refusal = {"message": "Unsupported value: 'temperature' does not support 0.5"}
    script = in_turn(refuse(400, {"error": refusal}), lambda e: e.say("Hi"))
    with FakeModelServer(script) as server:
        assert ask(server.url, EngineOptions(parameters=ALL), times=2) == ("Hi", None)
    first, second, third = map(sent, server.requests)
    assert first.pop("temperature") == 0.5
    assert first == second == third


def test_a_conversation_sets_some_and_the_engine_the_rest() -> None:
    own = Parameters(temperature=0.0, stop=("FIN",), reasoning_effort=Effort.LOW)

    async def main(url: str) -> None:
        options = EngineOptions(parameters=ALL)
        engine = OpenAICompatibleEngine("It", url, limits=QUICK, options=options)
        for parameters in (own, Parameters()):
            stream = engine.stream("m", (Turn(Role.USER, "Hello?"),), parameters)
            assert [d.text async for d in stream if d.text] == ["Hi"]
        await engine.close()

    refusal = {"message": "unknown field: seed"}
    script = in_turn(refuse(400, refusal), lambda e: e.say("Hi"))
    with FakeModelServer(script) as server:
        asyncio.run(main(server.url))
    first, second, third = map(sent, server.requests)
    assert first == {
        "temperature": 0.0,
        "top_p": 0.9,
        "max_tokens": 50,
        "seed": 3,
        "stop": ["FIN"],
        "reasoning_effort": "low",
    }
    del first["seed"]
    assert second == first
    assert not {"seed", "reasoning_effort"} & third.keys()
    assert (third["temperature"], third["stop"]) == (0.5, ["END"])


@pytest.mark.parametrize("words", ["Extra inputs are not permitted", "Bad Request", ""])
def test_parameters_refused_without_a_name_are_left_out_and_that_is_remembered(
    words: str,
) -> None:
    def strict(exchange: Exchange) -> None:
        if sent(exchange):
            return refuse(422, {"message": words})(exchange)
        return exchange.say("Hi")

    with FakeModelServer(strict) as server:
        options = EngineOptions(parameters=Parameters(top_p=0.9))
        assert ask(server.url, options, times=2) == ("Hi", None)
    assert [*map(bool, map(sent, server.requests))] == [True, True, False, False]


def test_a_limit_under_its_newer_name() -> None:
    words = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    script = in_turn(refuse(400, {"message": words}), lambda e: e.say("Hi"))
    with FakeModelServer(script) as server:
        said, _ = ask(server.url, EngineOptions(parameters=Parameters(max_tokens=9)))
    assert said == "Hi"
    assert sent(server.requests[1]) == {"max_completion_tokens": 9}


def test_a_server_that_refuses_everything_is_asked_no_more_than_it_has_names() -> None:
    names = "temperature top_p max_tokens seed stop"
    with FakeModelServer(refuse(400, {"message": f"no {names}"})) as server:
        _, error = ask(server.url, EngineOptions(parameters=ALL))
    assert error is not None
    assert error.fault is EngineFault.REJECTED
    assert len(server.requests) == 8


def test_an_own_authority_vouches_for_a_server(tmp_path: Path) -> None:
    tls = untrusted_context(tmp_path)
    own = EngineOptions(ca_file=str(tmp_path / "untrusted.pem"))
    with FakeModelServer(lambda e: e.say("Hi"), tls=tls) as server:
        _, error = ask(server.url, EngineOptions())
        assert error is not None
        assert error.fault is EngineFault.UNTRUSTED
        assert ask(server.url, own) == ("Hi", None)


def test_a_file_of_an_authority_that_is_gone_is_told(tmp_path: Path) -> None:
    own = EngineOptions(ca_file=str(tmp_path / "gone.pem"))
    with FakeModelServer(lambda e: e.say("Hi"), tls=untrusted_context(tmp_path)) as s:
        _, error = ask(s.url, own)
    assert error is not None
    assert error.fault is EngineFault.UNTRUSTED


@pytest.mark.parametrize("is_tls", [False, True])
def test_a_proxy_with_a_password_lets_through_who_knows_it(
    tmp_path: Path, is_tls: bool
) -> None:
    tls = untrusted_context(tmp_path) if is_tls else None
    own = str(tmp_path / "untrusted.pem") if is_tls else ""
    office = OfficeProxy("me:secret")
    with (
        FakeModelServer(lambda e: e.say("Hi"), tls=tls) as server,
        office.serve() as proxy,
    ):
        known = f"http://me:secret@127.0.0.1:{proxy.port}"
        assert ask(server.url, EngineOptions(proxy=known, ca_file=own)) == ("Hi", None)
        _, error = ask(server.url, EngineOptions(proxy=proxy.url, ca_file=own))
    assert error is not None
    assert error.fault is EngineFault.PROXY
    assert "secret" not in str(error)
    assert len(server.requests) == 1
    assert office.asked[0].startswith("CONNECT" if is_tls else "POST http://")


def test_a_proxy_that_is_not_there_is_told() -> None:
    with FakeModelServer(lambda e: e.say("Hi")) as server, refusing_port() as port:
        options = EngineOptions(proxy=f"http://127.0.0.1:{port}")
        _, error = ask(server.url, options)
    assert error is not None
    assert error.fault is EngineFault.REFUSED
    assert server.requests == []
