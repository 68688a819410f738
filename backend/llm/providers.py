"""Well-known providers: where they answer, and what each does in its own way."""

from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct


class Provider(Struct, frozen=True, kw_only=True):
    """A provider of models.

    Attributes:
        host: Its host; with a dot in front, every host below that name.
        path: What its addresses go on with after the host.
        keys: The page on which a key is made.
        key_headers: How a key is sent, each with `{key}` in its value.
        headers: What else it expects.
        models: What it has, for one that gives no list.
        contexts: How much its models read, by names that may go on after a dash, for
            one whose list does not say; of what is not certain, nothing.
    """

    name: str
    host: str
    path: str = "/v1"
    keys: str = ""
    key_headers: tuple[tuple[str, str], ...] = (("Authorization", "Bearer {key}"),)
    headers: tuple[tuple[str, str], ...] = ()
    models: tuple[str, ...] = ()
    contexts: tuple[tuple[str, int], ...] = ()


_BEARER: Final = ("Authorization", "Bearer {key}")
_AZURE_KEY: Final = (("api-key", "{key}"),)

PROVIDERS: Final = (
    Provider(
        name="OpenAI",
        host="api.openai.com",
        keys="platform.openai.com/api-keys",
        contexts=(
            ("gpt-5-chat", 128_000),
            ("gpt-5", 400_000),
            ("gpt-5.1-chat", 128_000),
            ("gpt-5.1", 400_000),
            ("gpt-4.1", 1_047_576),
            ("gpt-4o", 128_000),
            ("gpt-4-turbo", 128_000),
            ("gpt-4-0125", 128_000),
            ("gpt-4-1106", 128_000),
            ("gpt-4-32k", 32_768),
            ("gpt-4", 8_192),
            ("gpt-3.5-turbo", 16_385),
            ("o1-mini", 128_000),
            ("o1-preview", 128_000),
            ("o1", 200_000),
            ("o3", 200_000),
            ("o4-mini", 200_000),
        ),
    ),
    Provider(
        name="Anthropic",
        host="api.anthropic.com",
        keys="console.anthropic.com/settings/keys",
        # Its list of models is of its own interface, its chats are of OpenAI's.
        key_headers=(_BEARER, ("x-api-key", "{key}")),
        headers=(("anthropic-version", "2023-06-01"),),
    ),
    Provider(
        name="Gemini",
        host="generativelanguage.googleapis.com",
        path="/v1beta/openai",
        keys="aistudio.google.com/apikey",
        contexts=(("gemini-2.5", 1_048_576), ("gemini-2.0-flash", 1_048_576)),
    ),
    Provider(
        name="Mistral",
        host="api.mistral.ai",
        keys="console.mistral.ai/api-keys",
    ),
    Provider(
        name="Groq",
        host="api.groq.com",
        path="/openai/v1",
        keys="console.groq.com/keys",
    ),
    Provider(
        name="OpenRouter",
        host="openrouter.ai",
        path="/api/v1",
        keys="openrouter.ai/settings/keys",
    ),
    Provider(
        name="DeepSeek",
        host="api.deepseek.com",
        keys="platform.deepseek.com/api_keys",
    ),
    Provider(
        name="xAI",
        host="api.x.ai",
        keys="console.x.ai",
    ),
    Provider(
        name="Together",
        host="api.together.xyz",
        keys="api.together.ai/settings/api-keys",
    ),
    Provider(
        name="Perplexity",
        host="api.perplexity.ai",
        path="",
        keys="perplexity.ai/account/api",
        models=(
            "sonar",
            "sonar-pro",
            "sonar-reasoning-pro",
            "sonar-deep-research",
        ),
        contexts=(("sonar-pro", 200_000), ("sonar", 127_072)),
    ),
    Provider(
        name="Azure OpenAI",
        host=".openai.azure.com",
        path="/openai/v1",
        keys="portal.azure.com",
        key_headers=_AZURE_KEY,
    ),
    Provider(
        name="Azure AI",
        host=".services.ai.azure.com",
        path="/openai/v1",
        keys="portal.azure.com",
        key_headers=_AZURE_KEY,
    ),
    Provider(
        name="GitHub Models",
        host="models.github.ai",
        path="/inference",
        keys="github.com/settings/tokens",
    ),
)
"""One row for each; what is not said here is done as OpenAI does it."""


def provider_of(host: str) -> Provider | None:
    """Return the provider that answers at a host; None for any other."""
    name = host.lower().rstrip(".")
    for provider in PROVIDERS:
        is_below = provider.host.startswith(".") and name.endswith(provider.host)
        if name == provider.host or is_below:
            return provider
    return None


def context_known(base_url: str, model: str) -> int | None:
    """Return how much a well-known model reads; None for any other."""
    provider = provider_of(urlsplit(base_url).hostname or "")
    known = provider.contexts if provider else ()
    called = model.removeprefix("models/")  # so Gemini's list calls them
    return next((n for name, n in known if f"{called}-".startswith(f"{name}-")), None)


def headers_for(host: str, key: str) -> dict[str, str]:
    """Return what a request to a host says of who asks.

    Args:
        host: Where it goes.
        key: "" for none.
    """
    provider = provider_of(host)
    named = provider.key_headers if provider else (_BEARER,)
    headers = dict(provider.headers) if provider else {}
    if key:
        headers |= {name: value.format(key=key) for name, value in named}
    return headers
