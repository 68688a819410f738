"""Local model servers are found, and nothing else is taken for one."""

import asyncio
import json
import threading
from contextlib import ExitStack

import pytest

from backend.llm.servers.discovery import (
    KNOWN_PORTS,
    Found,
    LocalServers,
    ollama_places,
)
from tests.helpers.model_server import (
    Exchange,
    FakeModelServer,
    Script,
    listing,
    refusing_port,
)


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


def test_the_known_servers_are_the_five() -> None:
    assert dict(KNOWN_PORTS) == {
        "Ollama": 11434,
        "LM Studio": 1234,
        "llama.cpp": 8080,
        "Jan": 1337,
        "KoboldCpp": 5001,
    }


@pytest.mark.parametrize(
    ("owner", "is_named"), [("koboldcpp", True), ("somebody", False)]
)
def test_a_port_that_others_use_too_names_nobody_who_does_not(
    owner: str, *, is_named: bool
) -> None:
    body = json.dumps({"data": [{"id": f"{owner}/tiny", "owned_by": owner}]})
    with FakeModelServer(lambda exchange: exchange.answer(200, body)) as server:
        local = LocalServers({"KoboldCpp": server.port})
        [found] = asyncio.run(find(local))
        name = "KoboldCpp" if is_named else f"127.0.0.1:{server.port}"
        assert found == Found(name, server.url, (f"{owner}/tiny",))


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OLLAMA_HOST", raising=False)


async def find(local: LocalServers, count: int = 1) -> list[Found]:
    """Look again, as the page does, until so many are found."""
    async with asyncio.timeout(30):
        while len(found := await local.look()) < count:
            pass
    return found


def test_servers_are_found_and_others_are_not() -> None:
    with ExitStack() as stack:
        one = stack.enter_context(FakeModelServer(listing("a", "b")))
        two = stack.enter_context(FakeModelServer(no_models))
        others = {
            name: stack.enter_context(FakeModelServer(script))
            for name, script in NOT_ENGINES.items()
        }
        ports = {name: other.port for name, other in others.items()}
        ports |= {"Ollama": one.port, "Jan": two.port}
        ports["closed"] = stack.enter_context(refusing_port())
        local = LocalServers(ports)

        async def main() -> list[Found]:
            await find(local, 2)
            async with asyncio.timeout(30):
                # A port that says nothing is waited for behind this; all were asked.
                while not all(other.requests for other in others.values()):
                    await local.look()
            return await local.look()

        ollama = Found("Ollama", one.url, ("a", "b"))
        assert asyncio.run(main()) == [ollama, Found("Jan", two.url, ())]
    assert "authorization" not in one.requests[0].head.lower()


def test_a_slow_server_is_waited_for_by_nobody_and_told_later() -> None:
    woken = threading.Event()

    def slow(exchange: Exchange) -> None:
        woken.wait(30)
        listing("big")(exchange)

    with (
        FakeModelServer(listing("a")) as server,
        FakeModelServer(slow) as sleepy,
    ):
        local = LocalServers({"Ollama": server.port, "Jan": sleepy.port})

        async def main() -> tuple[list[Found], list[Found]]:
            early = await find(local)
            await local.look()
            assert len(sleepy.requests) <= 1, "who is being asked is not asked again"
            woken.set()
            return early, await find(local, 2)

        early, late = asyncio.run(main())
        assert [found.name for found in early] == ["Ollama"]
        assert [found.models for found in late] == [("a",), ("big",)]


def test_a_server_that_listens_only_on_the_newer_protocol_is_found() -> None:
    with FakeModelServer(listing("a"), host="::1") as server:
        found = asyncio.run(find(LocalServers({"Ollama": server.port})))
        assert found == [Found("Ollama", server.url, ("a",))]
        assert server.url.startswith("http://[::1]:")


def test_ollama_is_found_where_it_was_told_to_listen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FakeModelServer(listing("a")) as server:
        monkeypatch.setenv("OLLAMA_HOST", f"0.0.0.0:{server.port}")
        found = asyncio.run(find(LocalServers({})))
        assert found == [Found("Ollama", server.url, ("a",))]


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("127.0.0.1:5000", 5000),
        ("http://localhost:5000", 5000),
        ("[::1]:5000", 5000),
        ("0.0.0.0:5000", 5000),
        ("127.0.0.1", None),
        ("127.0.0.1:11434", None),
        ("192.0.2.7:5000", None),
        ("", None),
        ("http://[", None),
        ("127.0.0.1:port", None),
    ],
)
def test_only_a_place_on_this_computer_is_looked_at(
    address: str, port: int | None
) -> None:
    places = ollama_places({"OLLAMA_HOST": address})
    assert list(places) == ([("Ollama", port)] if port else [])


def test_a_server_that_has_ended_is_no_longer_told() -> None:
    with FakeModelServer(listing("a")) as server:
        local = LocalServers({"Ollama": server.port})

        async def main() -> list[Found]:
            await find(local)
            server.__exit__(None, None, None)
            return await local.look()

        assert asyncio.run(main()) == []


def test_no_open_port_costs_nothing() -> None:
    with refusing_port() as port:
        local = LocalServers({"Ollama": port})
        assert asyncio.run(local.look()) == []
