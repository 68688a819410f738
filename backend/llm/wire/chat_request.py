"""Writes what a server is asked, by OpenAI's protocol or by Ollama's own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backend.llm.engine import Turn
from backend.llm.wire.client import native_base

_PATH: Final = "/chat/completions"
_OLLAMA_PATH: Final = "/api/chat"
_OLLAMA_OPTIONS: Final = {
    "temperature": "temperature",
    "top_p": "top_p",
    "seed": "seed",
    "stop": "stop",
    "max_tokens": "num_predict",
}


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question as it is sent; all of its body is ASCII, whatever was typed.

    Attributes:
        base: Below which address; "" for the one of all requests.
    """

    body: bytes
    path: str = _PATH
    base: str = ""


def chat_request(
    model: str, turns: Sequence[Turn], parameters: Mapping[str, object] | None = None
) -> ChatRequest:
    """Ask as OpenAI does."""
    return ChatRequest(_body(model, turns, parameters or {}))


def ollama_request(
    base_url: str,
    model: str,
    turns: Sequence[Turn],
    parameters: Mapping[str, object],
    context: int,
) -> ChatRequest:
    """Ask as Ollama does: only so it learns how much to read."""
    options = {
        theirs: parameters[ours]
        for ours, theirs in _OLLAMA_OPTIONS.items()
        if ours in parameters
    }
    own: dict[str, object] = {"options": {"num_ctx": context, **options}}
    if parameters.get("reasoning_effort") == "none":
        own["think"] = False
    return ChatRequest(_body(model, turns, own), _OLLAMA_PATH, native_base(base_url))


def _body(model: str, turns: Sequence[Turn], more: Mapping[str, object]) -> bytes:
    messages = [{"role": str(turn.role), "content": turn.text} for turn in turns]
    body = {"model": model, "messages": messages, "stream": True, **more}
    return json.dumps(body).encode("ascii")
