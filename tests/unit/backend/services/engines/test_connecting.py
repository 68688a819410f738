"""The form of an address that answers is found, and else it is said why not."""

import asyncio
import json

import pytest

from backend.llm import providers
from backend.llm.providers import Provider
from backend.llm.servers.address import read_address
from backend.llm.servers.probe import Probe
from backend.services.engines.connecting import (
    NotConnectedError,
    ServerQuestion,
    ServerRequest,
    connect,
)
from tests.helpers.model_server import Exchange, FakeModelServer, refusing_port

LISTING = json.dumps({"data": [{"id": "a"}]})


def serving(*bases: str, models: str = LISTING) -> FakeModelServer:
    """A server that knows these bases only."""

    def play(exchange: Exchange) -> None:
        if exchange.path in [f"{base}/models" for base in bases]:
            exchange.answer(200, models)
        elif exchange.path in [f"{base}/chat/completions" for base in bases]:
            exchange.answer(400, '{"error": {"message": "no messages"}}')
        else:
            exchange.answer(404, "not here")

    return FakeModelServer(play)


def found(typed: str, key: str = "", model: str = "", *, clear: bool = False) -> Probe:
    request = ServerRequest(
        address=read_address(typed), key=key, model=model, may_send_in_clear=clear
    )
    return asyncio.run(connect(request))


def refusal(
    typed: str, key: str = "", model: str = "", *, clear: bool = False
) -> NotConnectedError:
    with pytest.raises(NotConnectedError) as caught:
        found(typed, key, model, clear=clear)
    return caught.value


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("", "/v1"),
        ("/", "/v1"),
        ("/V1", "/v1"),
        ("/v1/models", "/v1"),
        ("/api/tags", "/v1"),
        ("/#/chat", "/v1"),
        ("/api", "/api/v1"),
        ("/some/page", "/v1"),
        ("/inference", "/inference"),
        ("", ""),
        ("/V1", "/V1"),
    ],
)
def test_the_form_that_answers_is_kept(path: str, base: str) -> None:
    with serving(base) as server:
        assert found(server.url + path).base == server.url + base
        assert found(f"127.0.0.1:{server.port}{path}").models == ("a",)


def test_a_key_goes_in_clear_to_another_computer_only_with_a_yes() -> None:
    # Not written as this computer, and so it might be another one.
    with serving("/v1") as server:
        for typed in (f"http://127.1:{server.port}", f"127.1:{server.port}"):
            assert refusal(typed, "sk-1").question is ServerQuestion.IN_CLEAR
            assert not server.requests
            assert (
                found(typed, "sk-1", clear=True).base
                == f"http://127.1:{server.port}/v1"
            )
            assert "sk-1" in server.requests.pop().head


def test_this_computer_gets_its_key_without_a_question() -> None:
    with serving("/v1") as server:
        found(f"127.0.0.1:{server.port}", "sk-1")
        assert "Authorization: Bearer sk-1" in server.requests[-1].head


def test_a_server_without_a_list_asks_for_a_name_and_takes_it() -> None:
    with serving("/v1", models="<html>") as server:
        asked = refusal(server.url)
        assert asked.question is ServerQuestion.MODEL
        assert found(server.url, model="mine").base == f"{server.url}/v1"
    with serving("/v1", models='{"data": []}') as server:
        assert "no model yet" in str(refusal(server.url))
        assert found(server.url, model="mine").base == f"{server.url}/v1"


def test_the_form_that_takes_chats_is_kept_for_a_typed_name() -> None:
    def play(exchange: Exchange) -> None:
        is_chat = exchange.path == "/inference/chat/completions"
        exchange.answer(422 if is_chat else 404, "{}")

    with FakeModelServer(play) as server:
        base = found(f"{server.url}/inference", model="mine").base
        assert base == f"{server.url}/inference"


def test_nothing_that_takes_chats_is_not_added_by_a_name() -> None:
    with FakeModelServer(lambda e: e.answer(404, "no")) as server:
        assert "no chat service" in str(refusal(server.url, model="mine"))


def test_where_a_server_sends_on_to_is_offered() -> None:
    location = "Location: https://new.example/v1/models"
    with FakeModelServer(lambda e: e.answer(308, "", location)) as server:
        moved = refusal(server.url)
        assert moved.question is ServerQuestion.MOVED
        assert read_address(moved.target).bases("https") == ("https://new.example/v1",)
        assert "https://new.example/v1" in str(moved)


@pytest.mark.parametrize(
    ("status", "body", "key", "why"),
    [
        (401, "{}", "", "needs an API key"),
        (401, "{}", "sk-1", "does not accept this API key"),
        (503, '{"error": {"message": "Loading model"}}', "", r"\(Loading model\)"),
        (500, '{"error": {"message": "bad sk-1"}}', "sk-1", "bad …"),
        (200, "<html>", "", "no list of models"),
    ],
)
def test_each_failure_has_its_own_sentence(
    status: int, body: str, key: str, why: str
) -> None:
    with FakeModelServer(lambda e: e.answer(status, body)) as server:
        error = refusal(server.url, key)
    assert why.replace("\\", "") in str(error)
    assert "Retry" not in str(error)
    assert "Settings" not in str(error)


def test_nobody_there_and_no_https_and_no_such_name() -> None:
    with refusing_port() as port:
        assert "Nothing answers" in str(refusal(f"http://127.0.0.1:{port}"))
    with serving("/v1") as server:
        assert "not support https" in str(refusal(f"https://127.0.0.1:{server.port}"))
    assert "no computer called" in str(refusal("https://hearth.invalid"))


LOCAL = Provider(
    name="Local",
    host="127.0.0.1",
    path="",
    keys="keys.example",
    key_headers=(("api-key", "{key}"),),
    models=("one", "two"),
)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this computer be a provider without a list of models."""
    monkeypatch.setattr(providers, "PROVIDERS", (LOCAL,))


@pytest.mark.usefixtures("provider")
def test_what_a_provider_without_a_list_has_is_known() -> None:
    with FakeModelServer(
        lambda e: e.answer(404 if "models" in e.path else 400, "")
    ) as s:
        probe = found(s.url, "secret")
        assert probe.models == ("one", "two")
        assert "api-key: secret" in s.requests[0].head
        assert "Authorization" not in s.requests[0].head


@pytest.mark.usefixtures("provider")
def test_a_provider_that_wants_a_key_says_where_one_is_made() -> None:
    with FakeModelServer(lambda e: e.answer(401, "")) as server:
        assert "keys.example" in str(refusal(server.url))


def test_a_dated_address_is_asked_with_its_version() -> None:
    with FakeModelServer(
        lambda e: e.answer(404 if "models" in e.path else 400, "")
    ) as s:
        typed = f"{s.url}/openai/deployments/d/chat/completions?api-version=2024-02-01"
        probe = found(typed, model="d")
        assert probe.base == f"{s.url}/openai/deployments/d?api-version=2024-02-01"
        asked = {exchange.path for exchange in s.requests}
        assert "/openai/deployments/d/chat/completions?api-version=2024-02-01" in asked


def test_a_server_that_refuses_a_version_is_asked_without() -> None:
    def play(exchange: Exchange) -> None:
        if "?" in exchange.path:
            exchange.answer(400, '{"error": {"message": "unknown argument"}}')
        else:
            exchange.answer(200 if exchange.path == "/v1/models" else 404, LISTING)

    with FakeModelServer(play) as server:
        typed = f"curl '{server.url}/v1/models?api-version=2024-02-01'"
        assert found(typed).base == f"{server.url}/v1"
