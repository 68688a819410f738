"""Where well-known providers answer, so that their name alone is enough."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of models.

    Attributes:
        path: What its addresses go on with after the host.
    """

    name: str
    host: str
    path: str


_ALL: Final = (
    Provider("OpenAI", "api.openai.com", "/v1"),
    Provider("Anthropic", "api.anthropic.com", "/v1"),
    Provider("Gemini", "generativelanguage.googleapis.com", "/v1beta/openai"),
    Provider("Mistral", "api.mistral.ai", "/v1"),
    Provider("Groq", "api.groq.com", "/openai/v1"),
    Provider("OpenRouter", "openrouter.ai", "/api/v1"),
    Provider("DeepSeek", "api.deepseek.com", "/v1"),
    Provider("xAI", "api.x.ai", "/v1"),
    Provider("Together", "api.together.xyz", "/v1"),
    Provider("Perplexity", "api.perplexity.ai", ""),
    Provider("GitHub Models", "models.github.ai", "/inference"),
)
PROVIDERS: Final = MappingProxyType({provider.host: provider for provider in _ALL})
