"""Jan's threads: a folder each, with `thread.json` and `messages.jsonl`."""

from collections.abc import Iterable
from typing import Any, Final

from backend.importing.markup import paragraphs
from backend.importing.records import (
    ImportCounts,
    Skip,
    SourceConversation,
    SourceMessage,
)
from backend.importing.said import Said, leave_out, used_tool
from backend.importing.values import (
    as_dict,
    as_list,
    as_ms,
    as_text,
    failed,
    first_text,
    names_of,
    texts,
    thoughts,
)
from backend.text.thoughts import split_thoughts

_STATES: Final = {"error": "failed", "stopped": "stopped", "pending": "interrupted"}
_FILES: Final = frozenset({"image_url", "image", "file"})


def read(
    item: object, messages: Iterable[object], name: str, tally: ImportCounts
) -> SourceConversation:
    """Return one thread.

    Args:
        item: The value of `thread.json`.
        messages: The values of `messages.jsonl`.
        name: The folder's name, which identifies the thread when the file does not.
        tally: Counts what is left out.
    """
    data = as_dict(item)
    said = Said(tally)
    for number, entry in enumerate(messages):
        if isinstance(entry, dict):
            said.take(_said(str(number), entry, data, tally))
        else:
            leave_out(Skip.UNREADABLE_MESSAGE, tally)
    title = first_text(data.get("title"), as_dict(data.get("metadata")).get("title"))
    at_ms = as_ms(data.get("created"))
    key = first_text(data.get("id"), name)
    return SourceConversation(
        key=key, title=title, at_ms=at_ms, said=said.messages, shown=said.last
    )


def _said(
    number: str, message: dict[str, Any], thread: dict[str, Any], tally: ImportCounts
) -> SourceMessage:
    content = message.get("content")
    parts = [as_dict(part) for part in as_list(content)]
    files = [part for part in parts if as_text(part.get("type")) in _FILES]
    tools = [p for p in parts if as_text(p.get("type")) in {"tool_call", "tool_use"}]
    used = [
        used_tool(as_text(p.get("tool_name")), p.get("input"), p.get("output"), tally)
        for p in tools
    ]
    role = as_text(message.get("role"))
    text, reasoning = texts(content), thoughts(content)
    if role == "assistant":
        text, inside = split_thoughts(text)
        reasoning = reasoning or inside
    state = _STATES.get(as_text(message.get("status")), "complete")
    metadata = as_dict(message.get("metadata"))
    error = failed(first_text(message.get("error"), metadata.get("error")))
    return SourceMessage(
        key=first_text(message.get("id"), number),
        role=role,
        text=text,
        reasoning=paragraphs(reasoning, *used),
        at_ms=as_ms(message.get("created_at")),
        model=_model(message, thread),
        state=state if role == "assistant" else "complete",
        error=error or "It failed." if state == "failed" else "",
        files=tuple(names_of(files + as_list(message.get("attachments")))),
    )


def _model(message: dict[str, Any], thread: dict[str, Any]) -> str:
    assistants = [as_dict(one) for one in as_list(thread.get("assistants"))]
    models = [as_dict(one.get("model")).get("id") for one in assistants]
    model_id = as_dict(message.get("metadata")).get("modelId")
    return first_text(model_id, as_dict(thread.get("model")).get("id"), *models)
