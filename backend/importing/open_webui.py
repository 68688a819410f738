"""Open WebUI's export: a list of chats, each with a tree of messages."""

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
)


def read(item: object, tally: Tally) -> Talk | None:
    """Return the branch of a chat that was shown last."""
    told = as_dict(item)
    chat = as_dict(told.get("chat")) or told
    said: list[Said] = []
    for number, message in enumerate(_shown(chat, tally)):
        text, reasoning = split_thoughts(texts(message.get("content")))
        candidate = Said(
            key=first_text(message.get("id"), str(number)),
            role=as_text(message.get("role")),
            text=text,
            reasoning=reasoning,
            at_ms=as_ms(message.get("timestamp")),
            model=first_text(message.get("model"), message.get("modelName")),
        )
        tally.skip(Skip.ATTACHMENT, len(as_list(message.get("files"))))
        take(said, candidate, tally)
    return Talk(
        key=first_text(told.get("id"), chat.get("id")),
        title=first_text(told.get("title"), chat.get("title")),
        at_ms=as_ms(told.get("created_at")) or as_ms(chat.get("timestamp")),
        said=tuple(said),
    )


def _shown(chat: dict[str, Any], tally: Tally) -> list[dict[str, Any]]:
    history = as_dict(chat.get("history"))
    known = as_dict(history.get("messages"))
    leaf = as_text(history.get("currentId"))
    if leaf not in known:
        return [as_dict(message) for message in as_list(chat.get("messages"))]
    path: dict[str, dict[str, Any]] = {}
    while leaf in known and leaf not in path:
        path[leaf] = as_dict(known[leaf])
        leaf = as_text(path[leaf].get("parentId"))
    tally.skip(Skip.BRANCH, len(known) - len(path))
    return list(reversed(path.values()))
