"""LM Studio's conversations: one file each, with versions of every message."""

from dataclasses import replace
from typing import Any

from backend.importing.markup import joined, paragraphs
from backend.importing.records import (
    ImportCounts,
    Skip,
    SourceConversation,
    SourceMessage,
)
from backend.importing.said import Said, leave_out
from backend.importing.values import (
    as_dict,
    as_list,
    as_ms,
    as_text,
    first_text,
    names_of,
    texts,
)
from backend.text.thoughts import split_thoughts


def read(item: object, name: str, tally: ImportCounts) -> SourceConversation:
    """Return one conversation.

    Args:
        item: The file's value.
        name: The file's name, which is all that identifies the conversation.
        tally: Counts what is left out.
    """
    data = as_dict(item)
    messages = [as_dict(one) for one in as_list(data.get("messages"))]
    heard = [_versions(str(n), one, tally) for n, one in enumerate(messages)]
    chosen = [_chosen(message) for message in messages]
    dated = _dated([of[at] for of, at in zip(heard, chosen, strict=True)])
    said, shown = Said(tally), ""
    for versions, at, shown_one in zip(heard, chosen, dated, strict=True):
        versions[at] = shown_one
        for candidate in versions:
            said.take(candidate, candidate.key, shown)
        shown = shown_one.key
    if as_text(data.get("systemPrompt")).strip():
        leave_out(Skip.INSTRUCTIONS, tally)
    return SourceConversation(
        key=name.rpartition("/")[2],
        title=as_text(data.get("name")),
        at_ms=as_ms(data.get("createdAt")),
        said=said.messages,
        shown=said.at(shown),
        place=name,
    )


def _versions(
    key: str, message: dict[str, Any], tally: ImportCounts
) -> list[SourceMessage]:
    """Return all that was said in one place; the first is named by the place alone."""
    versions = as_list(message.get("versions")) or [{}]
    return [
        _said(f"{key}/{number}" if number else key, as_dict(version), tally)
        for number, version in enumerate(versions)
    ]


def _chosen(message: dict[str, Any]) -> int:
    """Return which version of a message was shown."""
    at, count = message.get("currentlySelected"), len(as_list(message.get("versions")))
    return at if isinstance(at, int) and 0 <= at < count else max(0, count - 1)


def _dated(heard: list[SourceMessage]) -> list[SourceMessage]:
    """Give a question, whose time is not kept, that of the answer to it.

    The first was asked when the conversation began.
    """
    after: int | None = None
    dated: list[SourceMessage] = []
    for said in reversed(heard[1:]):
        after = said.at_ms or (after if said.role == "user" else None)
        dated.append(replace(said, at_ms=after) if after else said)
    return [*heard[:1], *reversed(dated)]


def _said(key: str, version: dict[str, Any], tally: ImportCounts) -> SourceMessage:
    steps = [as_dict(step) for step in as_list(version.get("steps"))]
    blocks = [step for step in steps if step.get("type") == "contentBlock"]
    written = [texts(version.get("content"))]
    thought: list[str] = []
    for block in blocks:
        is_thought = as_dict(block.get("style")).get("type") == "thinking"
        words = texts(_parts_in(block.get("content"), tally))
        (thought if is_thought else written).append(words)
    tally.skip(Skip.TOOL, sum("tool" in as_text(s.get("type")).lower() for s in steps))
    contents = [version, *blocks]
    parts = [as_dict(p) for c in contents for p in as_list(c.get("content"))]
    files = [p for p in parts if as_text(p.get("type")) in {"file", "image"}]
    role = as_text(version.get("role"))
    text = joined(written)
    if role == "assistant":
        text, inside = split_thoughts(text)
        thought.append(inside)
    sender = as_dict(version.get("senderInfo"))
    generated = [as_dict(block.get("genInfo")) for block in blocks]
    models = [info.get("indexedModelIdentifier") for info in generated]
    return SourceMessage(
        key=key,
        role=role,
        text=text,
        reasoning=paragraphs(*(piece.strip() for piece in thought)),
        at_ms=_began(steps),
        model=first_text(*models, sender.get("senderName")),
        state=_state(generated),
        files=tuple(names_of(files)),
    )


def _parts_in(content: object, tally: ImportCounts) -> list[Any]:
    """Return the parts of a block without the tags around them, and count tools."""
    parts = [p for p in as_list(content) if not as_dict(p).get("isStructural")]
    kinds = (as_text(as_dict(part).get("type")).lower() for part in parts)
    tally.skip(Skip.TOOL, sum("tool" in kind for kind in kinds))
    return parts


def _state(generated: list[dict[str, Any]]) -> str:
    """Return how an answer ended."""
    reasons = [as_dict(info.get("stats")).get("stopReason") for info in generated]
    return "stopped" if "userStopped" in reasons[-1:] else "complete"


def _began(steps: list[dict[str, Any]]) -> int | None:
    """Return when an answer began: its steps are named by their time and a number."""
    for step in steps:
        head = as_text(step.get("stepIdentifier")).partition("-")[0]
        if head.isascii() and head.isdigit() and len(head) <= len("1700000000000"):
            return as_ms(int(head))
    return None
