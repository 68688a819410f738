"""Writes what a server is asked, by OpenAI's protocol or by Ollama's own."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

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


class ChatRequest(Struct, frozen=True):
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
    messages = [_message(turn, _parts(turn)) for turn in turns]
    return ChatRequest(_body(model, messages, parameters or {}))


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
    messages = [
        _message(turn, turn.text)
        | ({"images": [one.base64 for one in turn.pictures]} if turn.pictures else {})
        for turn in turns
    ]
    body = _body(model, messages, own)
    return ChatRequest(body, _OLLAMA_PATH, native_base(base_url))


def _message(turn: Turn, content: object) -> dict[str, object]:
    return {"role": str(turn.role), "content": content}


def _parts(turn: Turn) -> object:
    """Return a text alone as every server reads it; with pictures, it has parts."""
    if not turn.pictures:
        return turn.text
    text = [{"type": "text", "text": turn.text}] if turn.text else []
    return [
        *text,
        *(
            {"type": "image_url", "image_url": {"url": one.data_url}}
            for one in turn.pictures
        ),
    ]


def _body(model: str, messages: Sequence[object], more: Mapping[str, object]) -> bytes:
    body = {"model": model, "messages": messages, "stream": True, **more}
    return json.dumps(body).encode("ascii")
