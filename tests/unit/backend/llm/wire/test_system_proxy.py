"""The proxy of the system is taken where its rules say so."""

import asyncio

import pytest

from backend.llm.options import EngineOptions
from backend.llm.wire.client import ServerRoute
from backend.llm.wire.system_proxy import SYSTEM, system_proxy
from backend.services.engines.option_forms import read_options
from tests.helpers.engine_setup import Setup, setup
from tests.helpers.model_server import FakeModelServer, listing
from tests.helpers.proxy import OfficeProxy

__all__ = ["setup"]

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("environment", "url", "expected"),
    [
        ({}, "https://api.example.org/v1", ""),
        ({"HTTPS_PROXY": "http://p:3128"}, "https://a.example/v1", "http://p:3128"),
        ({"HTTPS_PROXY": "http://p:3128"}, "http://a.example/v1", ""),
        ({"http_proxy": "p:3128"}, "http://a.example/v1", "http://p:3128"),
        ({"ALL_PROXY": "http://p:1"}, "https://a.example/v1", "http://p:1"),
        ({"ALL_PROXY": "socks5://p:1"}, "https://a.example/v1", ""),
        (
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "localhost,.example"},
            "https://a.example/v1",
            "",
        ),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, "https://a.example/v1", ""),
        (
            {"HTTPS_PROXY": "http://u:w@p:1", "NO_PROXY": "other"},
            "https://a.example/v1",
            "http://u:w@p:1",
        ),
    ],
)
def test_the_variables_say_which(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    url: str,
    expected: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ServerRoute(proxy=SYSTEM).proxy_for(url) == system_proxy(url) == expected
    assert ServerRoute().proxy_for(url) == "", "only where it was asked for"
    assert ServerRoute(proxy="http://q:2").proxy_for(url) == "http://q:2"


def test_a_person_types_the_word() -> None:
    assert read_options({"proxy": "System"}, EngineOptions()).proxy == SYSTEM


@pytest.mark.parametrize(("exempt", "passes"), [("", True), ("127.0.0.1", False)])
def test_a_server_is_asked_through_it(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, exempt: str, *, passes: bool
) -> None:
    office = OfficeProxy("me:secret")
    with FakeModelServer(listing("a")) as server, office.serve() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:secret@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", exempt)

        async def use(_service: object) -> None:
            added = await setup.service.add_server(
                "", server.url, options={"proxy": SYSTEM}
            )
            record = await asyncio.to_thread(setup.engines.get, added.record.id)
            engine = await setup.registry.engine_for(record)
            assert [model.id for model in await engine.models()] == ["a"]
            assert "secret" not in record.options

        setup.run(use)
    assert (len(office.asked) > 0) is passes
    assert len(server.requests) == 2
