"""A value of another type than expected costs itself, and no conversation."""

import copy
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from backend.importing.programs import (
    chatbot_ui,
    chatbox,
    chatgpt,
    claude,
    deepseek,
    jan,
    lm_studio,
    open_webui,
)
from backend.importing.records import ImportCounts
from tests.helpers import export_samples

ODD: Final[tuple[object, ...]] = (
    None,
    7,
    1.5,
    True,
    "x",
    [],
    {},
    [None],
    [1],
    {"a": 1},
    10**30,
)
Place = tuple[str | int, ...]

REFERENCE = {
    "matched_text": "\ue200cite\ue202a\ue201",
    "items": [{"title": "T", "url": "https://example.com"}],
}


def _chatgpt() -> dict[str, Any]:
    data = export_samples.chatgpt()
    nodes = data["mapping"]
    nodes["1"]["message"]["metadata"] = {"attachments": [{"id": "a", "name": "n"}]}
    image = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://a"}
    nodes["1"]["message"]["content"]["parts"].append(image)
    nodes["5"]["message"]["metadata"] = {
        "content_references": [REFERENCE],
        "citations": [{"start_ix": 0, "end_ix": 3, "metadata": {"url": "u"}}],
        "finish_details": {"type": "interrupted"},
    }
    nodes["3"]["message"] |= {
        "recipient": "canmore.create_textdoc",
        "content": {"content_type": "text", "parts": ['{"name": "n", "content": "X"}']},
    }
    nodes["5"]["message"]["content"]["parts"] = [
        f"A {REFERENCE['matched_text']}【1†a】"
    ]
    return data


def _claude() -> dict[str, Any]:
    data = export_samples.claude()
    call = {"command": "create", "id": "a", "title": "T", "content": "X"}
    data["chat_messages"][1]["content"] += [
        {"type": "tool_use", "name": "artifacts", "input": call},
        {"type": "text", "text": "x", "citations": [{"details": {"url": "u"}}]},
    ]
    data["chat_messages"][1] |= {"parent_message_uuid": "m1"}
    return data


def _open_webui() -> dict[str, Any]:
    data = export_samples.open_webui()
    data["meta"] = {"tags": ["a"]}
    data["chat"]["history"]["messages"]["b"] |= {
        "output": [
            {"type": "message", "content": [{"text": "x"}]},
            {"type": "reasoning", "summary": [{"text": "s"}]},
        ],
        "error": {"content": "e"},
        "files": [{"name": "f"}],
    }
    return data


def _deepseek() -> dict[str, Any]:
    message = {
        "fragments": [{"type": "THINK", "content": "t"}, {"type": "SEARCH"}],
        "files": [{"file_name": "f"}],
        "inserted_at": "2025-01-01T00:00:00Z",
    }
    node = {"parent": None, "message": message}
    return {"id": "d", "title": "T", "mapping": {"1": node}, "current_node": "1"}


def _chatbox() -> dict[str, Any]:
    data: dict[str, Any] = export_samples.chatbox()["session:box-1"]
    fork = {"lists": [{"messages": [{"id": "1"}]}]}
    links = [{"title": "T", "url": "https://example.com"}]
    data["messages"][1] |= {"links": links, "files": [{"name": "f"}]}
    return data | {"messageForksHash": {"q": fork}}


CHATBOT_UI = {
    "id": 1,
    "name": "T",
    "messages": [{"role": "user", "content": "Q"}],
    "folderId": None,
}
THREAD = export_samples.JAN_THREAD | {"messages": export_samples.JAN_MESSAGES}
READERS: dict[str, tuple[Any, Callable[[Any, ImportCounts], object]]] = {
    "ChatGPT": (_chatgpt(), chatgpt.read),
    "Claude": (_claude(), claude.read),
    "Open WebUI": (_open_webui(), open_webui.read),
    "LM Studio": (export_samples.lm_studio(), lambda i, t: lm_studio.read(i, "x", t)),
    "Jan": (THREAD, lambda i, t: jan.read(i, _list(i), "x", t)),
    "Chatbox": (_chatbox(), lambda i, t: [*chatbox.read(i, t)]),
    "DeepSeek": (_deepseek(), deepseek.read),
    "Chatbot UI": (CHATBOT_UI, chatbot_ui.read),
}


def _list(thread: Any) -> list[object]:  # noqa: ANN401 JSON
    messages = thread.get("messages") if isinstance(thread, dict) else None
    return messages if isinstance(messages, list) else []


def places(value: object, place: Place = ()) -> Iterator[Place]:
    """Yield where there is something in a value."""
    yield place
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*place, key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from places(inner, (*place, number))


def changed(value: Any, place: Place, odd: object) -> Any:  # noqa: ANN401 JSON
    """Return a copy with another value in one place."""
    if not place:
        return odd
    whole = copy.deepcopy(value)
    inner = whole
    for key in place[:-1]:
        inner = inner[key]
    if isinstance(inner, tuple):
        return whole
    inner[place[-1]] = copy.deepcopy(odd)
    return whole


@pytest.mark.parametrize("program", READERS)
def test_a_value_of_another_type_costs_no_conversation(program: str) -> None:
    data, read = READERS[program]
    assert read(data, ImportCounts())
    for place in places(data):
        for odd in ODD:
            try:
                read(changed(data, place, odd), ImportCounts())
            except Exception as exc:  # noqa: BLE001 told with its place
                pytest.fail(f"{odd!r} at {place}: {exc!r}")
