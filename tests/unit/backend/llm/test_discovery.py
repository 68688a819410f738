"""Local model servers are found, and nothing else is taken for one."""

import asyncio
import json
import time
from contextlib import ExitStack

from backend.llm.discovery import KNOWN_PORTS, Found, discover
from tests.helpers.model_server import (
    Exchange,
    FakeModelServer,
    Script,
    refusing_port,
)


def listing(*ids: str) -> Script:
    body = json.dumps({"object": "list", "data": [{"id": model} for model in ids]})
    return lambda exchange: exchange.answer(200, body)


def no_models(exchange: Exchange) -> None:
    exchange.answer(200, '{"object": "list", "data": null}')


NOT_ENGINES: dict[str, Script] = {
    "web page": lambda e: e.answer(200, "<html>Jenkins</html>"),
    "other JSON": lambda e: e.answer(200, '{"data": [1, 2]}'),
    "404": lambda e: e.answer(404, '{"error": {"message": "model"}}'),
    "redirect": lambda e: e.answer(302, "", "Location: /login"),
    "silent": Exchange.hang,
    "reset": Exchange.reset,
    "no HTTP": lambda e: e.send(b"220 ftp ready\r\n"),
    "endless": lambda e: e.send_for_ever(b"x" * 1000),
}


def test_the_known_servers_are_the_four() -> None:
    assert dict(KNOWN_PORTS) == {
        "Ollama": 11434,
        "LM Studio": 1234,
        "llama.cpp": 8080,
        "Jan": 1337,
    }


def test_servers_are_found_and_others_are_not() -> None:
    with ExitStack() as stack:
        one = stack.enter_context(FakeModelServer(listing("a", "b")))
        two = stack.enter_context(FakeModelServer(no_models))
        ports = {
            name: stack.enter_context(FakeModelServer(script)).port
            for name, script in NOT_ENGINES.items()
        }
        ports |= {"Ollama": one.port, "Jan": two.port}
        ports["closed"] = stack.enter_context(refusing_port())
        # The servers play in this process and keep it busy: ample time.
        found = asyncio.run(discover(ports, deadline_s=2))
        ollama = Found("Ollama", one.url, ("a", "b"))
        assert found == [ollama, Found("Jan", two.url, ())]
    assert "authorization" not in one.requests[0].head.lower()


def test_a_silent_server_is_not_waited_for() -> None:
    with (
        FakeModelServer(listing("a")) as server,
        FakeModelServer(Exchange.hang) as silent,
    ):
        ports = {"Ollama": server.port, "Jan": silent.port}
        asyncio.run(discover(ports))
        started = time.monotonic()
        found = asyncio.run(discover(ports))
        assert time.monotonic() - started < 0.4
    assert [server.name for server in found] == ["Ollama"]


def test_no_open_port_costs_nothing() -> None:
    with refusing_port() as port:
        started = time.monotonic()
        assert asyncio.run(discover({"Ollama": port})) == []
    assert time.monotonic() - started < 0.2
