"""Each provider gets its key as it wants it, and nobody else's."""

import pytest

from backend.llm.providers import PROVIDERS, headers_for, provider_of


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("api.openai.com", {"Authorization": "Bearer k"}),
        ("127.0.0.1", {"Authorization": "Bearer k"}),
        ("name.openai.azure.com", {"api-key": "k"}),
        ("NAME.openai.azure.com.", {"api-key": "k"}),
        (
            "api.anthropic.com",
            {
                "Authorization": "Bearer k",
                "x-api-key": "k",
                "anthropic-version": "2023-06-01",
            },
        ),
    ],
)
def test_a_key_is_sent_as_the_provider_wants_it(
    host: str, headers: dict[str, str]
) -> None:
    assert headers_for(host, "k") == headers


def test_without_a_key_none_is_sent() -> None:
    assert headers_for("api.openai.com", "") == {}
    assert headers_for("api.anthropic.com", "") == {"anthropic-version": "2023-06-01"}


@pytest.mark.parametrize(
    "host", ["openai.azure.com.example", "xopenai.azure.com", "openai.com", ""]
)
def test_a_host_that_looks_alike_is_no_provider(host: str) -> None:
    assert provider_of(host) is None


def test_every_provider_says_where_a_key_comes_from() -> None:
    assert all(provider.keys for provider in PROVIDERS)
    assert len({provider.host for provider in PROVIDERS}) == len(PROVIDERS)
