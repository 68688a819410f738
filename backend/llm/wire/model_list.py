"""Reads the list of models a server gives, as many kinds of servers write it."""

import json
from collections.abc import Mapping
from typing import Final

from backend.llm.listed_model import ListedModel, ModelTask
from backend.llm.wire.answer_events import NotAnAnswerError
from backend.llm.wire.contexts import context_in, value_at

MAX_ID_CHARS: Final = 300

_IDS: Final = ("id", "model", "name")
_CHAT: Final = ("chat", "language", "llm", "vlm", "text", "code")
_TASKS: Final[Mapping[str, ModelTask]] = {
    **dict.fromkeys(_CHAT, ModelTask.CHAT),
    # Anthropic calls every entry so.
    "model": ModelTask.UNKNOWN,
    **dict.fromkeys(("embedding", "embeddings"), ModelTask.EMBEDDING),
    **dict.fromkeys(("rerank", "reranker"), ModelTask.RERANKING),
    **dict.fromkeys(("audio", "transcribe", "tts", "stt"), ModelTask.SPEECH),
    **dict.fromkeys(("image", "video"), ModelTask.IMAGES),
}
"""What servers call the type of a model; another word is another task."""
_BYTES: Final = (("size",), ("size_bytes",), ("meta", "size"))
_TAKES: Final = (
    ("input_modalities",),
    ("architecture", "input_modalities"),
    ("supported_input_modalities",),
)
_SEES: Final = {"vision", "image_input"}
_THINKS: Final = {"reasoning", "thinking", "include_reasoning"}
_ABILITIES: Final = (("capabilities",), ("supported_parameters",))


def read_model_list(body: str) -> list[ListedModel]:
    """Read the answer of `/models`; an entry that is no model is skipped.

    The list stands under `data`, under `models`, or alone. Models the server itself
    says do not chat come last.

    Raises:
        NotAnAnswerError: It is no list of models.
    """
    entries, keys = _entries(body)
    found = {id_: _model(id_, entry) for entry in entries if (id_ := _id(entry, keys))}
    if entries and not found:
        raise NotAnAnswerError("no entry is a model")
    chat = (ModelTask.CHAT, ModelTask.UNKNOWN)
    return sorted(found.values(), key=lambda model: model.task not in chat)


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


def _model(id_: str, entry: object) -> ListedModel:
    if not isinstance(entry, Mapping):
        return ListedModel(id=id_)
    takes = {word for path in _TAKES for word in _words(value_at(entry, path))}
    can = {word for path in _ABILITIES for word in _words(value_at(entry, path))}
    return ListedModel(
        id=id_,
        task=_task(entry),
        context=context_in(entry) or 0,
        bytes=_count(entry, _BYTES),
        sees=_sees(entry, takes, can),
        thinks=bool(can & _THINKS),
    )


def _sees(entry: Mapping[str, object], takes: set[str], can: set[str]) -> bool | None:
    """Return whether a model takes pictures; who names what it takes names these too.

    LM Studio tells those that do by their type, and Mistral says no in words.
    """
    if entry.get("type") == "vlm" or "image" in takes or can & _SEES:
        return True
    abilities = entry.get("capabilities")
    denies = isinstance(abilities, Mapping) and abilities.get("vision") is False
    is_known = bool(takes) or denies or entry.get("type") == "llm"
    return False if is_known else None


def _task(entry: Mapping[str, object]) -> ModelTask:
    kind, can = entry.get("type"), entry.get("capabilities")
    if isinstance(can, Mapping) and can.get("completion_chat") is False:
        return ModelTask.OTHER
    if isinstance(can, list) and "embedding" in can and "completion" not in can:
        return ModelTask.EMBEDDING
    if not isinstance(kind, str):
        return ModelTask.UNKNOWN
    return _TASKS.get(kind.lower(), ModelTask.OTHER)


def _count(entry: Mapping[str, object], paths: tuple[tuple[str, ...], ...]) -> int:
    found = (value_at(entry, path) for path in paths)
    return next((n for n in found if type(n) is int and n > 0), 0)


def _words(value: object) -> set[str]:
    """Return the words of a list, or the names that are true in an object."""
    if isinstance(value, Mapping):
        return {name for name, is_so in value.items() if _is_true(is_so)}
    words = value if isinstance(value, list) else []
    return {word for word in words if isinstance(word, str)}


def _is_true(value: object) -> bool:
    if isinstance(value, Mapping):
        value = value.get("supported")
    return value is True
