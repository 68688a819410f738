"""Reads the events of an answer, as OpenAI-compatible servers write them.

Everything here is pure and treats a server's words as data that may be hostile.
"""

import json
from collections.abc import Mapping
from typing import Final

from msgspec import Struct, field

from backend.errors import EngineFault
from backend.llm.engine import Delta, Usage
from backend.llm.wire.event_stream import ERROR
from backend.llm.wire.failures import classify_error, error_status, plain_words
from backend.llm.wire.usage import read_progress, read_usage

DONE: Final = "[DONE]"

_DEPTH: Final = 6
_NO_TELLING: Final = ("", "null", "none")
_THOUGHT_TYPES: Final = ("thinking", "reasoning", "thought", "redacted_thinking")
_THOUGHT_FIELDS: Final = ("reasoning_content", "reasoning", "thinking", "thought")
_CONTENT_FIELDS: Final = ("content", "text", "value")
_REFUSAL: Final = "refusal"


class NotAnAnswerError(ValueError):
    """What the server sent is not what such a server says."""


class Chunk(Struct, frozen=True, kw_only=True):
    """One event of an answer.

    Attributes:
        finish: Why the answer ends with it; "" when it does not.
        fault: What it reports when it is an error, in the words of `detail`.
        detail: Words for people that came without an answer, too.
        choice: Which of several answers it is a part of.
        is_piece: Whether it is part of an answer at all.
        is_message: Whether its text came as a whole message.
        is_done: Whether nothing comes after it.
        is_refusal: Whether its text is a refusal to answer.
        calls_tool: Whether the model wants a tool.
        read: Which part of the question is read; None when it does not say.
        usage: How many tokens were counted so far; None when it does not say.
    """

    delta: Delta = field(default_factory=Delta)
    finish: str = ""
    fault: EngineFault | None = None
    detail: str = ""
    choice: int = 0
    is_piece: bool = False
    is_message: bool = False
    is_done: bool = False
    is_refusal: bool = False
    calls_tool: bool = False
    read: float | None = None
    usage: Usage | None = None


def read_chunk(data: str, name: str = "") -> Chunk:
    """Read the data of one event; what has nothing to do with an answer is empty.

    Raises:
        NotAnAnswerError: It is a broken piece of something.
    """
    if data == DONE:
        return Chunk(is_done=True)
    try:
        payload = json.loads(data)
    except (ValueError, RecursionError) as exc:
        if name == ERROR:
            return _error(data)
        if data.startswith("{"):
            raise NotAnAnswerError("an event is broken") from exc
        return Chunk()
    if isinstance(payload, list):
        # Gemini wraps its errors so.
        payload = next((entry for entry in payload if isinstance(entry, Mapping)), None)
    if name == ERROR:
        return _error(payload)
    return _read_object(payload) if isinstance(payload, Mapping) else Chunk()


def _read_object(data: Mapping[str, object]) -> Chunk:
    choice = _choice(data)
    if _reports_error(data, has_choice=choice is not None):
        delta, _ = _said(choice or {})
        return _error(data, delta)
    read, usage = read_progress(data), read_usage(data)
    if choice is None:
        return Chunk(detail=plain_words(data), read=read, usage=usage)
    if _is_telling(choice.get("error")):
        return _error(choice, _said(choice)[0])
    delta, is_message = _said(choice)
    said = _spoken(choice)
    refused = said.get(_REFUSAL)
    refusal = "" if isinstance(refused, int | float) else _plain(refused)
    index = choice.get("index")
    return Chunk(
        delta=Delta(delta.text or refusal, delta.reasoning),
        finish=_finish(choice, data),
        choice=index if isinstance(index, int) else 0,
        is_piece=True,
        is_message=is_message,
        is_refusal=bool(refusal.strip()),
        calls_tool=bool(said.get("tool_calls") or said.get("function_call")),
        read=read,
        usage=usage,
    )


def _choice(data: Mapping[str, object]) -> Mapping[str, object] | None:
    """Return the choice of an event, the first one if there are several."""
    choices = data.get("choices")
    if isinstance(choices, Mapping):
        return choices
    if isinstance(choices, list):
        found = [choice for choice in choices if isinstance(choice, Mapping)]
        first = [choice for choice in found if not choice.get("index")]
        return next(iter(first or found), {} if choices else None)
    # Ollama's own way, and that of servers without choices.
    spoken = isinstance(data.get("message"), Mapping) or isinstance(
        data.get("delta"), Mapping
    )
    return data if spoken else None


def _spoken(choice: Mapping[str, object]) -> Mapping[str, object]:
    for name in ("delta", "message"):
        said = choice.get(name)
        if isinstance(said, Mapping) and said:
            return said
        if words := _written(said):
            return {"content": words}
    return {"content": choice.get("text")}


def _said(choice: Mapping[str, object]) -> tuple[Delta, bool]:
    """Return what a choice says, and whether as a whole message."""
    said = _spoken(choice)
    text, thoughts = "", ""
    for name in _CONTENT_FIELDS:
        text, thoughts = _content(said.get(name))
        if text or thoughts:
            break
    text = text or _plain(choice.get("text"))
    own = next(filter(None, (_plain(said.get(n)) for n in _THOUGHT_FIELDS)), "")
    own = own or _plain(said.get("reasoning_details"))
    # Each of Ollama's own pieces is such a message.
    is_message = said is choice.get("message") and choice.get("done") is not False
    return Delta(text, own or thoughts), is_message


def _content(value: object, depth: int = _DEPTH) -> tuple[str, str]:
    """Return text and thoughts of a content: words, or parts of several kinds."""
    if words := _written(value):
        return words, ""
    if isinstance(value, list) and depth:
        parts = [_content(part, depth - 1) for part in value]
        return "".join(text for text, _ in parts), "".join(own for _, own in parts)
    if not isinstance(value, Mapping) or not depth:
        return "", ""
    if value.get("type") in _THOUGHT_TYPES or value.get("thought") is True:
        return "", _plain(value)
    return _plain(value), ""


def _plain(value: object, depth: int = _DEPTH) -> str:
    """Return the words of a value, whatever they are wrapped in."""
    if words := _written(value):
        return words
    if isinstance(value, list) and depth:
        return "".join(_plain(part, depth - 1) for part in value)
    if not isinstance(value, Mapping) or not depth:
        return ""
    names = (*_CONTENT_FIELDS, *_THOUGHT_FIELDS, "summary", _REFUSAL)
    return next(filter(None, (_plain(value.get(n), depth - 1) for n in names)), "")


def _written(value: object) -> str:
    """Return text; a number is what a loose server makes of text with digits alone."""
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else ""


def _finish(choice: Mapping[str, object], data: Mapping[str, object]) -> str:
    reasons = [choice.get("finish_reason"), data.get("done_reason")]
    reasons.append("stop" if data.get("done") is True else "")
    words = (reason.strip().lower() for reason in reasons if isinstance(reason, str))
    return next((word for word in words if word not in _NO_TELLING), "")


def _reports_error(data: Mapping[str, object], *, has_choice: bool) -> bool:
    if _is_telling(data.get("error")):
        return True
    if has_choice:
        return False
    kinds = [data.get(name) for name in ("object", "type", "status", "event")]
    if any(isinstance(kind, str) and kind.lower() == ERROR for kind in kinds):
        return True
    code = data.get("code") or data.get("status")
    is_code = str(code).isdecimal() and str(code)[0] in "45"
    says_why = _is_telling(data.get("detail")) or _is_telling(data.get("errors"))
    return says_why or (is_code and _is_telling(data.get("message")))


def _is_telling(value: object) -> bool:
    """Whether an error is one: some servers send empty ones with every event."""
    if isinstance(value, Mapping):
        return any(map(_is_telling, value.values()))
    return bool(value)


def _error(data: object, delta: Delta | None = None) -> Chunk:
    fault, words = classify_error(data, error_status(data))
    return Chunk(delta=delta or Delta(), fault=fault, detail=words)
