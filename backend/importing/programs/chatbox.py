"""Chatbox's export: an object with one member for each session."""

from collections.abc import Iterator
from typing import Any

from backend.importing.markup import link, paragraphs
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

MARKS = frozenset({"__exported_items", "chat-sessions-list"})
"""Members that only this program's export has, besides the sessions."""


def holds_session(name: str) -> bool:
    """Whether a member of the export is a session, or one of the old list of them."""
    return name.startswith("session:") or name == "chat-sessions"


def read(item: object, tally: ImportCounts) -> Iterator[SourceConversation]:
    """Return a session and the earlier threads kept in it."""
    data = as_dict(item)
    key = as_text(data.get("id"))
    title = as_text(data.get("name"))
    for thread in map(as_dict, as_list(data.get("threads"))):
        name = first_text(thread.get("name"), title)
        yield _talk(f"{key}/{as_text(thread.get('id'))}", name, thread, tally)
    yield _talk(key, first_text(data.get("threadName"), title), data, tally)


def _talk(
    key: str, title: str, data: dict[str, Any], tally: ImportCounts
) -> SourceConversation:
    said = Said(tally)
    _hear(data.get("messages"), "", "", said, tally)
    shown = said.last
    forks = as_dict(data.get("messageForksHash"))
    while forks:
        # A fork may be in another one, and one whose message is gone begins anew.
        below = next((one for one in forks if said.at(one)), next(iter(forks)))
        for number, fork in enumerate(_lists_of(forks.pop(below))):
            _hear(fork, below, f"{below}/{number}/", said, tally)
    return SourceConversation(
        key=key,
        title=title,
        at_ms=as_ms(data.get("createdAt")),
        said=said.messages,
        shown=shown,
    )


def _hear(
    entries: object, below: str, place: str, said: Said, tally: ImportCounts
) -> None:
    """Take messages that follow one another, the first of them below a node."""
    for number, entry in enumerate(as_list(entries)):
        if not isinstance(entry, dict):
            leave_out(Skip.UNREADABLE_MESSAGE, tally)
        elif entry.get("isSummary"):
            leave_out(Skip.SUMMARY, tally)
        else:
            candidate = _said(f"{place}{number}", entry, tally)
            said.take(candidate, candidate.key, below)
            below = candidate.key


def _said(number: str, message: dict[str, Any], tally: ImportCounts) -> SourceMessage:
    parts = [as_dict(part) for part in as_list(message.get("contentParts"))]
    text = texts(parts) or texts(message.get("content"))
    role = as_text(message.get("role"))
    reasoning = first_text(thoughts(parts), message.get("reasoningContent"))
    if role == "assistant":
        text, inside = split_thoughts(text)
        reasoning = reasoning or inside
    tools = [p for p in parts if as_text(p.get("type")) in {"tool-call", "app"}]
    used = [
        used_tool(as_text(p.get("toolName")), p.get("args"), p.get("result"), tally)
        for p in tools
    ]
    tally.skip(Skip.NOTICE, sum(p.get("type") == "info" for p in parts))
    files = as_list(message.get("files")) + as_list(message.get("pictures"))
    files += [part for part in parts if part.get("type") == "image"]
    error = failed(message.get("error")) if role == "assistant" else ""
    return SourceMessage(
        key=first_text(message.get("id"), number),
        role=role,
        text=paragraphs(text, _links(message)),
        reasoning=paragraphs(reasoning, *used),
        at_ms=as_ms(message.get("timestamp")),
        model=as_text(message.get("model")),
        state="failed" if error else "complete",
        error=error,
        files=tuple(names_of(files)),
    )


def _links(message: dict[str, Any]) -> str:
    """Return the addresses that were given along with a question."""
    links = [as_dict(one) for one in as_list(message.get("links"))]
    urls = [(as_text(one.get("title")), as_text(one.get("url"))) for one in links]
    return "\n".join(f"- {link(title or url, url)}" for title, url in urls if url)


def _lists_of(fork: object) -> list[object]:
    lists = map(as_dict, as_list(as_dict(fork).get("lists")))
    return [one.get("messages") for one in lists]
