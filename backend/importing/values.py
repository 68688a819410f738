"""Looks at values of any type without ever failing."""

import json
import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from backend.importing.limits import MAX_MESSAGE_BYTES
from backend.importing.markup import fenced, joined, paragraphs, titled

_MS_FROM: Final = 100_000_000_000
"""Numbers from here on are milliseconds: as seconds they would be after 5138."""
_TOOL_CHARS: Final = 50_000
"""What a tool gave is no part of the talk, and may be a whole file."""
_DAY_MS: Final = 86_400_000
_THINKING: Final = frozenset({"reasoning", "thinking", "think"})
_NO_WORDS: Final = frozenset({"info", "tool-call", "tool_call", "tool_use", "app"})
_NAMES: Final = ("name", "file_name", "filename", "fileName", "fileIdentifier", "title")


def as_dict(value: object) -> dict[str, Any]:
    """Return it when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Return it when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """Return it when it is text, else nothing."""
    return value if isinstance(value, str) else ""


def first_text(*values: object) -> str:
    """Return the first that is text and not empty."""
    return next((value for value in values if isinstance(value, str) and value), "")


def as_ms(value: object) -> int | None:
    """Return a moment in ms, given in seconds, ms or ISO 8601; None when it is none."""
    if isinstance(value, str):
        value = _iso(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value):
        return None
    ms = int(value if value >= _MS_FROM else value * 1000)
    return ms if 0 < ms <= latest_ms() else None


def latest_ms() -> int:
    """Return the last moment that can be meant: a clock may be a day ahead."""
    return time.time_ns() // 1_000_000 + _DAY_MS


def is_too_long(text: str) -> bool:
    """Whether a text is larger than any message, note or quick action may be."""
    return len(text.encode("utf-8", "surrogatepass")) > MAX_MESSAGE_BYTES


def texts(parts: object) -> str:
    """Join the texts of a content made of parts, or return it when it is text."""
    if isinstance(parts, str):
        return parts
    return joined(
        part if isinstance(part, str) else _text_in(part) for part in as_list(parts)
    )


def thoughts(parts: object) -> str:
    """Join the parts of a content that are reasoning."""
    found = (as_dict(part) for part in as_list(parts))
    return paragraphs(
        *(thought_in(one) for one in found if as_text(one.get("type")) in _THINKING)
    )


def tool_words(name: str, content: object, language: str = "") -> str:
    """Return what a tool was asked, or gave, as a block; "" for nothing or too much.

    Args:
        name: The tool.
        content: Text, parts of text, or any value of JSON.
        language: Of a text.
    """
    words = content if isinstance(content, str) else texts(content)
    if content and not words:
        words, language = json.dumps(content, ensure_ascii=False, indent=1), "json"
    if not words.strip() or len(words) > _TOOL_CHARS:
        return ""
    return titled(name, fenced(words, language))


def thought_in(part: Mapping[str, Any]) -> str:
    """Return the words of a part that is reasoning, in whatever form it has them."""
    for name in ("text", "thinking", "think", "reasoning", "content", "summary"):
        thought = part.get(name)
        if isinstance(thought, dict):
            thought = thought.get("value")
        if isinstance(thought, list):
            thought = joined(
                first_text(one, as_dict(one).get("text")) for one in thought
            )
        if words := as_text(thought):
            return words
    return ""


def names_of(files: object) -> list[str]:
    """Return what attached files are called; "" for one without a name."""
    return [
        first_text(*(as_dict(file).get(name) for name in _NAMES))
        or as_text(as_dict(as_dict(file).get("file")).get("filename"))
        for file in as_list(files)
    ]


def failed(error: object) -> str:
    """Return the words of an error that an answer ended with; "" for none."""
    if isinstance(error, dict):
        inner = error.get("error")
        error = first_text(
            error.get("content"), error.get("message"), as_dict(inner).get("message")
        )
        error = error or "It failed."
    return as_text(error) or ("It failed." if error is True else "")


def _text_in(part: object) -> str:
    inner = as_dict(part)
    if as_text(inner.get("type")) in _THINKING | _NO_WORDS:
        return ""
    text = inner.get("text")
    return (
        as_text(as_dict(text).get("value")) if isinstance(text, dict) else as_text(text)
    )


def _iso(text: str) -> float | None:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
