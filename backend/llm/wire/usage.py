"""Reads what a server tells of its work: how far it has read, what it counted."""

from collections.abc import Mapping
from typing import Final

from backend.llm.engine import Usage

USAGE: Final[dict[str, object]] = {"stream_options": {"include_usage": True}}
"""Asks a server to count the tokens of an answer."""
TELLING: Final = USAGE | {"return_progress": True}
"""Asks llama.cpp also how far it has read; others near by pay no heed to it."""
_MOST: Final = 2**31


def read_progress(data: Mapping[str, object]) -> float | None:
    """Return which part of a question is read, up to 1, as llama.cpp tells it.

    What it remembers of an earlier question counts as nothing to be read.
    """
    report = data.get("prompt_progress")
    if not isinstance(report, Mapping):
        return None
    cached = _count(report.get("cache")) or 0
    total, processed = _count(report.get("total")), _count(report.get("processed"))
    if total is None or processed is None or total <= cached:
        return None
    return min(max((processed - cached) / (total - cached), 0), 1)


def read_usage(data: Mapping[str, object]) -> Usage | None:
    """Return the tokens an event counts; Ollama's own way has them outside."""
    report = data.get("usage")
    report = report if isinstance(report, Mapping) else {}
    names = (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"))
    prompt, answer = (
        next(filter(None, (_count(report.get(name)) for name in of)), None)
        for of in names
    )
    prompt = prompt or _count(data.get("prompt_eval_count"))
    answer = answer or _count(data.get("eval_count"))
    return Usage(prompt or 0, answer or 0) if prompt or answer else None


def _count(data: object) -> int | None:
    return data if type(data) is int and 0 <= data < _MOST else None
