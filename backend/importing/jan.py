"""Jan's threads: a folder each, with `thread.json` and `messages.jsonl`."""

from collections.abc import Iterable
from typing import Any

from backend.importing.records import Said, Skip, Talk, Tally
from backend.importing.values import (
    as_dict,
    as_list,
    as_ms,
    as_text,
    first_text,
    split_thoughts,
    take,
    texts,
    thoughts,
)


def read(item: object, messages: Iterable[object], name: str, tally: Tally) -> Talk:
    """Return one thread.

    Args:
        item: The value of `thread.json`.
        messages: The values of `messages.jsonl`.
        name: The folder's name, which identifies the thread when the file does not.
        tally: Counts what is left out.
    """
    told = as_dict(item)
    said: list[Said] = []
    for number, message in enumerate(map(as_dict, messages)):
        content = message.get("content")
        text, reasoning = split_thoughts(texts(content))
        images = [p for p in as_list(content) if as_dict(p).get("type") == "image_url"]
        tally.skip(Skip.ATTACHMENT, len(images))
        candidate = Said(
            key=first_text(message.get("id"), str(number)),
            role=as_text(message.get("role")),
            text=text,
            reasoning=first_text(thoughts(content), reasoning),
            at_ms=as_ms(message.get("created_at")),
            model=_model(message, told),
        )
        take(said, candidate, tally)
    title = first_text(told.get("title"), as_dict(told.get("metadata")).get("title"))
    at_ms = as_ms(told.get("created"))
    key = first_text(told.get("id"), name)
    return Talk(key=key, title=title, at_ms=at_ms, said=tuple(said))


def _model(message: dict[str, Any], thread: dict[str, Any]) -> str:
    if message.get("role") != "assistant":
        return ""
    assistants = [as_dict(one) for one in as_list(thread.get("assistants"))]
    models = [as_dict(one.get("model")).get("id") for one in assistants]
    told = as_dict(message.get("metadata")).get("modelId")
    return first_text(told, as_dict(thread.get("model")).get("id"), *models)
