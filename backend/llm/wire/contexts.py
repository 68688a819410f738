"""Reads out of what servers tell how much a model reads at once, in tokens."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

_PLACES: Final = (
    ("default_generation_settings", "n_ctx"),
    ("loaded_context_length",),
    ("meta", "n_ctx"),
    ("n_ctx",),
    ("context_length",),
    ("max_model_len",),
    ("context_window",),
    ("max_context_length",),
    ("max_input_tokens",),
    ("top_provider", "context_length"),
    ("limits", "max_input_tokens"),
    ("meta", "n_ctx_train"),
)
"""What is loaded comes before what the model could."""
_IDS: Final = ("id", "model", "name", "key")
_SET: Final = re.compile(r"^\s*num_ctx\s+(\d+)\s*$", re.MULTILINE)
_LEAST: Final = 16
_MOST: Final = 2**31


def listed_entry(body: str, model: str) -> Mapping[str, object]:
    """Return what a list of models says of one; empty when it says nothing."""
    for entry in _entries(_json(body)):
        if any(entry.get(name) == model for name in _IDS):
            return entry
    return {}


def context_in(entry: Mapping[str, object]) -> int | None:
    """Return the context that an entry of a list names by any of its names."""
    found = (_tokens(value_at(entry, place)) for place in _PLACES)
    return next(filter(None, found), None)


def context_loaded(body: str) -> int | None:
    """Return the context that llama.cpp says one question has."""
    data = _json(body)
    return context_in(data) if isinstance(data, Mapping) else None


def value_at(entry: Mapping[str, object], place: tuple[str, ...]) -> object:
    """Return what stands at a place inside objects; None where there is nothing."""
    value: object = entry
    for name in place:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def context_set(body: str) -> int | None:
    """Return the context that a model of Ollama is always loaded with."""
    data = _json(body)
    parameters = data.get("parameters") if isinstance(data, Mapping) else None
    found = _SET.search(parameters) if isinstance(parameters, str) else None
    return _tokens(int(found[1])) if found else None


def _entries(data: object) -> Iterator[Mapping[str, object]]:
    if isinstance(data, Mapping):
        yield data
        for name in ("data", "models"):
            yield from _entries(data.get(name))
    elif isinstance(data, list):
        yield from (entry for entry in data if isinstance(entry, Mapping))


def _json(body: str) -> object:
    try:
        data: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data


def _tokens(data: object) -> int | None:
    return data if type(data) is int and _LEAST <= data < _MOST else None
