"""Reads what OpenAI-compatible servers send: event lines, lists of models, errors.

Everything here is pure and treats a server's words as data that may be hostile.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from backend.errors import EngineFault
from backend.llm.engine import Delta, Turn

DONE: Final = "[DONE]"

_EVENT_FIELDS: Final = ("data", "event", "id", "retry", "")
_CONTEXT_MARKS: Final = (
    "exceed_context_size",
    "context_length_exceeded",
    "maximum context length",
    "context window",
    "context size",
)
_MODEL_MARKS: Final = ("model_not_found", "model not found", "no such model")


class NotAnAnswerError(ValueError):
    """What the server sent is not what such a server says."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One event of an answer; a fault when the event reports one."""

    delta: Delta = field(default_factory=Delta)
    finish: str = ""
    fault: EngineFault | None = None
    detail: str = ""


def request_body(model: str, turns: Sequence[Turn]) -> bytes:
    """Return the body of a chat request; only ASCII, whatever was typed."""
    messages = [{"role": str(turn.role), "content": turn.text} for turn in turns]
    body = {"model": model, "messages": messages, "stream": True}
    return json.dumps(body).encode("ascii")


class EventReader:
    """Cuts a server-sent event stream into its data, whatever pieces it comes in."""

    def __init__(self, line_bytes: int) -> None:
        self._line_bytes = line_bytes
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """Take what was read and return the data lines it completed.

        Raises:
            NotAnAnswerError: This is no event stream, or a line is too long.
        """
        self._rest += data
        *whole, rest = self._rest.split(b"\n")
        self._rest = rest
        if max(map(len, (*whole, rest))) > self._line_bytes:
            raise NotAnAnswerError("a line is too long")
        return [found for line in whole if (found := _data_of(bytes(line)))]


def _data_of(line: bytes) -> str:
    text = line.decode("utf-8", "replace").rstrip("\r")
    name, colon, value = text.partition(":")
    if name not in _EVENT_FIELDS or (name and not colon):
        raise NotAnAnswerError("this is no event stream")
    return value.strip() if name == "data" else ""


def read_chunk(data: str) -> Chunk:
    """Read the data of one event.

    Raises:
        NotAnAnswerError: It is no piece of a chat answer.
    """
    if data == DONE:
        return Chunk(finish="stop")
    told = _json_object(data)
    if told.get("error"):
        fault, detail = classify_failure(HTTPStatus.INTERNAL_SERVER_ERROR, data)
        return Chunk(fault=fault, detail=detail)
    choices = told.get("choices")
    if not isinstance(choices, list):
        raise NotAnAnswerError("an event without choices")
    if not choices or not isinstance(choices[0], dict):
        return Chunk()
    said = choices[0].get("delta")
    finish = _text(choices[0].get("finish_reason"))
    if not isinstance(said, dict):
        return Chunk(finish=finish)
    reasoning = _text(said.get("reasoning_content")) or _text(said.get("reasoning"))
    return Chunk(Delta(_text(said.get("content")), reasoning), finish)


def classify_failure(status: int, body: str) -> tuple[EngineFault, str]:
    """Return what an answer with an error means, and the server's own words."""
    detail = _error_message(body)
    words = body.lower()
    if any(mark in words for mark in _CONTEXT_MARKS):
        return EngineFault.CONTEXT_TOO_LONG, detail
    if any(mark in words for mark in _MODEL_MARKS):
        return EngineFault.MODEL_MISSING, detail
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return EngineFault.UNAUTHORISED, detail
        case HTTPStatus.NOT_FOUND:
            missing = "model" in detail.lower()
            return EngineFault.MODEL_MISSING if missing else EngineFault.GARBAGE, detail
        case HTTPStatus.TOO_MANY_REQUESTS:
            return EngineFault.RATE_LIMITED, detail
        case HTTPStatus.REQUEST_TIMEOUT | HTTPStatus.GATEWAY_TIMEOUT:
            return EngineFault.TIMEOUT, detail
        case _:
            told = status >= HTTPStatus.BAD_REQUEST
            return EngineFault.SERVER_ERROR if told else EngineFault.GARBAGE, detail


def _error_message(body: str) -> str:
    try:
        error = _json_object(body).get("error")
    except NotAnAnswerError:
        return ""
    return _text(error.get("message") if isinstance(error, dict) else error)


def _json_object(text: str) -> Mapping[str, object]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise NotAnAnswerError("this is no JSON") from exc
    if not isinstance(told, dict):
        raise NotAnAnswerError("this is no JSON object")
    return told


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
