"""LM Studio's conversations: one file each, with versions of every message."""

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


def read(item: object, name: str, tally: Tally) -> Talk | None:
    """Return one conversation.

    Args:
        item: The file's value.
        name: The file's name, which is all that identifies the conversation.
        tally: Counts what is left out.
    """
    told = as_dict(item)
    said: list[Said] = []
    for number, message in enumerate(map(as_dict, as_list(told.get("messages")))):
        versions = as_list(message.get("versions"))
        chosen = message.get("currentlySelected")
        index = (
            chosen if isinstance(chosen, int) and 0 <= chosen < len(versions) else -1
        )
        version = as_dict(versions[index]) if versions else {}
        tally.skip(Skip.BRANCH, max(0, len(versions) - 1))
        take(said, _said(str(number), version, tally), tally)
    return Talk(
        key=name,
        title=as_text(told.get("name")),
        at_ms=as_ms(told.get("createdAt")),
        said=tuple(said),
    )


def _said(key: str, version: dict[str, Any], tally: Tally) -> Said:
    steps = [as_dict(step) for step in as_list(version.get("steps"))]
    blocks = [step for step in steps if step.get("type") == "contentBlock"]
    written = [texts(version.get("content"))]
    thought: list[str] = []
    for block in blocks:
        is_thought = as_dict(block.get("style")).get("type") == "thinking"
        (thought if is_thought else written).append(texts(block.get("content")))
    contents = [version, *blocks]
    parts = [p for c in contents for p in as_list(c.get("content"))]
    files = [p for p in parts if as_dict(p).get("type") in {"file", "image"}]
    tally.skip(Skip.ATTACHMENT, len(files))
    text, reasoning = split_thoughts("\n\n".join(piece for piece in written if piece))
    thought.append(reasoning)
    sender = as_dict(version.get("senderInfo"))
    generated = (as_dict(block.get("genInfo")) for block in blocks)
    models = [info.get("indexedModelIdentifier") for info in generated]
    return Said(
        key=key,
        role=as_text(version.get("role")),
        text=text,
        reasoning="\n\n".join(piece for piece in thought if piece),
        at_ms=_began(steps),
        model=first_text(*models, sender.get("senderName")),
    )


def _began(steps: list[dict[str, Any]]) -> int | None:
    """Return when an answer began: its steps are named by their time and a number."""
    for step in steps:
        head = as_text(step.get("stepIdentifier")).partition("-")[0]
        if head.isascii() and head.isdigit() and len(head) <= len("1700000000000"):
            return as_ms(int(head))
    return None
