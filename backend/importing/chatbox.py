"""Chatbox's export: an object with one member for each session."""

from collections.abc import Iterator
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

MARKS = frozenset({"__exported_items", "chat-sessions-list", "chat-sessions"})


def holds_session(name: str) -> bool:
    """Whether a member of the export is a session, or one of the old list of them."""
    return name.startswith("session:") or name == "chat-sessions"


def read(item: object, tally: Tally) -> Iterator[Talk]:
    """Return a session and the earlier threads kept in it."""
    told = as_dict(item)
    key = as_text(told.get("id"))
    title = as_text(told.get("name"))
    for thread in map(as_dict, as_list(told.get("threads"))):
        name = first_text(thread.get("name"), title)
        yield _talk(f"{key}/{as_text(thread.get('id'))}", name, thread, tally)
    yield _talk(key, first_text(told.get("threadName"), title), told, tally)
    forks = as_dict(told.get("messageForksHash")).values()
    tally.skip(Skip.BRANCH, sum(map(_hidden_in, forks)))


def _talk(key: str, title: str, told: dict[str, Any], tally: Tally) -> Talk:
    said: list[Said] = []
    for number, message in enumerate(map(as_dict, as_list(told.get("messages")))):
        parts = message.get("contentParts")
        written = texts(parts) or texts(message.get("content"))
        text, reasoning = split_thoughts(written)
        images = [p for p in as_list(parts) if as_dict(p).get("type") == "image"]
        tally.skip(Skip.ATTACHMENT, len(images) + len(as_list(message.get("files"))))
        candidate = Said(
            key=first_text(message.get("id"), str(number)),
            role=as_text(message.get("role")),
            text=text,
            reasoning=first_text(
                thoughts(parts), message.get("reasoningContent"), reasoning
            ),
            at_ms=as_ms(message.get("timestamp")),
            model=as_text(message.get("model")),
        )
        take(said, candidate, tally)
    at_ms = as_ms(told.get("createdAt"))
    return Talk(key=key, title=title, at_ms=at_ms, said=tuple(said))


def _hidden_in(fork: object) -> int:
    lists = as_list(as_dict(fork).get("lists"))
    return sum(len(as_list(as_dict(one).get("messages"))) for one in lists)
