"""Looks at values of any type without ever failing."""

import math
import re
import time
from datetime import UTC, datetime
from typing import Any, Final

from backend.importing.limits import MAX_MESSAGE_BYTES
from backend.importing.records import Said, Skip, Tally

_MS_FROM: Final = 100_000_000_000
"""Numbers from here on are milliseconds: as seconds they would be after 5138."""
_DAY_MS: Final = 86_400_000
_THOUGHT = re.compile(
    r"<details type=\"reasoning\"[^>]*>(?P<details>.*?)</details>"
    r"|<think>(?P<think>.*?)</think>",
    re.DOTALL,
)
_SUMMARY = re.compile(r"<summary>.*?</summary>", re.DOTALL)
_QUOTE = re.compile(r"^(?:>|&gt;) ?", re.MULTILINE)


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
    return ms if 0 < ms <= time.time() * 1000 + _DAY_MS else None


def texts(parts: object) -> str:
    """Join the texts of a content made of parts, or return it when it is text."""
    if isinstance(parts, str):
        return parts
    found = [
        part if isinstance(part, str) else _text_in(part) for part in as_list(parts)
    ]
    return "\n\n".join(text for text in found if text)


def thoughts(parts: object) -> str:
    """Join the parts of a content that are reasoning."""
    found = (as_dict(part) for part in as_list(parts))
    return "\n\n".join(
        first_text(part.get("text"), part.get("thinking"))
        for part in found
        if part.get("type") in {"reasoning", "thinking"}
    )


def split_thoughts(text: str) -> tuple[str, str]:
    """Return the text and the reasoning that some programs write into it."""
    found = [
        _QUOTE.sub("", _SUMMARY.sub("", match["details"] or match["think"] or ""))
        for match in _THOUGHT.finditer(text)
    ]
    if not found:
        return text, ""
    return _THOUGHT.sub("", text).strip(), "\n\n".join(t.strip() for t in found).strip()


def take(said: list[Said], candidate: Said, tally: Tally) -> bool:
    """Add a message, unless there is a reason to leave it out; return whether."""
    if candidate.role not in {"user", "assistant"}:
        tally.skip(Skip.INSTRUCTIONS)
    elif not candidate.text.strip() and not candidate.reasoning.strip():
        tally.skip(Skip.NO_TEXT)
    elif _size(candidate.text) > MAX_MESSAGE_BYTES:
        tally.skip(Skip.TOO_LONG)
    else:
        said.append(candidate)
        return True
    return False


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _text_in(part: object) -> str:
    inner = as_dict(part)
    if inner.get("type") in {"reasoning", "thinking"}:
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
