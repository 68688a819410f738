"""Reads the list of models a server gives, as many kinds of servers write it."""

import json
from collections.abc import Mapping
from typing import Final

from backend.llm.wire.answer_events import NotAnAnswerError

MAX_ID_CHARS: Final = 300

_IDS: Final = ("id", "model", "name")
_CHAT_TYPES: Final = ("chat", "language", "llm", "vlm", "text", "code", "model")


def read_model_list(body: str) -> list[str]:
    """Read the ids out of the answer of `/models`; an entry that is none is skipped.

    The list stands under `data`, under `models`, or alone. Models the server itself
    says do not chat come last.

    Raises:
        NotAnAnswerError: It is no list of models.
    """
    entries, keys = _entries(body)
    ids = {id_: _chats(entry) for entry in entries if (id_ := _id(entry, keys))}
    if entries and not ids:
        raise NotAnAnswerError("no entry is a model")
    return sorted(ids, key=lambda id_: not ids[id_])


def _entries(body: str) -> tuple[list[object], tuple[str, ...]]:
    """Return the entries, and under which names an entry may have its id."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise NotAnAnswerError("this is no JSON") from exc
    if isinstance(data, dict) and not data.get("error"):
        for name, keys in (("data", _IDS[:1]), ("models", _IDS)):
            if isinstance(data.get(name), list):
                return data[name], keys
        # Ollama says null when it has no model.
        if data.get("object") == "list" and not data.get("data"):
            return [], ()
    # An empty array alone may be anything.
    if not isinstance(data, list) or not data:
        raise NotAnAnswerError("no list of models")
    return data, _IDS


def _id(entry: object, keys: tuple[str, ...]) -> str:
    names: list[object] = [entry]
    if isinstance(entry, Mapping):
        names = [entry.get(key) for key in keys]
    found = next((name for name in names if isinstance(name, str) and name), "")
    # Half a character cannot be sent back, and a line break is no part of a name.
    usable = found.isprintable() and len(found) <= MAX_ID_CHARS
    return found if usable else ""


def _chats(entry: object) -> bool:
    if not isinstance(entry, Mapping):
        return True
    kind, can = entry.get("type"), entry.get("capabilities")
    if isinstance(can, Mapping) and can.get("completion_chat") is False:
        return False
    return not isinstance(kind, str) or kind.lower() in _CHAT_TYPES
