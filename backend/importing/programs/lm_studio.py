"""LM Studio's conversations: one file each, with versions of every message."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from backend.importing.markup import joined, paragraphs
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
)
from backend.text.thoughts import split_thoughts

_ASKED: Final = "toolcallrequest"
_GAVE: Final = "toolcallresult"
_BECAME: Final = "toolstatus"


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
    tools = _Tools(steps)
    written = [texts(version.get("content"))]
    thought: list[str] = []
    for step in steps:
        thought += [used_tool(*tool, tally) for tool in tools.of(step)]
        if step.get("type") == "contentBlock":
            is_thought = as_dict(step.get("style")).get("type") == "thinking"
            words = texts(_words_in(step.get("content")))
            (thought if is_thought else written).append(words)
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


def _words_in(content: object) -> list[Any]:
    """Return the parts of a block without the tags around them."""
    return [p for p in as_list(content) if not as_dict(p).get("isStructural")]


class _Tools:
    """What tools were asked in an answer, each with what it gave.

    A result says which request it is for; where it does not, or no longer, it is for
    the first that has none. What became of a call is said by a step of its own.
    """

    def __init__(self, steps: list[dict[str, Any]]) -> None:
        parts = [part for step in steps for part in _tool_parts(step)]
        self._given = [part for part in parts if _kind(part) == _GAVE]
        self._failures = [part for part in parts if _kind(part) == _BECAME]
        self._asked = [part for part in parts if _kind(part) == _ASKED]
        self._gave = {id(part): self._taken_for(part) for part in self._asked}
        self._gave |= {
            id(part): self._given.pop(0)
            for part in self._asked
            if self._given and not self._gave[id(part)] and not self._failure(part)
        }

    def of(self, step: dict[str, Any]) -> list[tuple[str, object, object]]:
        """Return name, request and result of the tools of one step."""
        used: list[tuple[str, object, object]] = []
        for part in _tool_parts(step):
            if _kind(part) == _ASKED:
                asked = part.get("parameters", part.get("arguments"))
                gave = _result(self._gave[id(part)]) or self._failure(part)
                used.append((as_text(part.get("name")), asked, gave))
            elif any(part is left for left in self._given):
                used.append((as_text(part.get("name")), "", _result(part)))
        return used

    def _taken_for(self, asked: dict[str, Any]) -> dict[str, Any]:
        for at, given in enumerate(self._given):
            if _names(asked) & _names(given):
                return self._given.pop(at)
        return {}

    def _failure(self, asked: dict[str, Any]) -> str:
        for became in self._failures:
            if _names(asked) & _names(became):
                status = as_dict(as_dict(became.get("statusState")).get("status"))
                return failed(status.get("error"))
        return ""


def _tool_parts(step: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what of a step is about tools: the step itself, or parts of it."""
    return [p for p in (step, *map(as_dict, as_list(step.get("content")))) if _kind(p)]


def _kind(part: dict[str, Any]) -> str:
    kind = as_text(part.get("type")).lower()
    return next((each for each in (_ASKED, _GAVE, _BECAME) if each in kind), "")


def _names(part: dict[str, Any]) -> set[str]:
    """Return what a call is named by, each with the kind of the name."""
    named = {
        ("id", part.get("toolCallRequestId")),
        ("id", part.get("toolCallId")),
        ("id", part.get("id")),
        ("call", part.get("callId")),
    }
    return {f"{kind}:{name}" for kind, name in named if isinstance(name, str | int)}


def _result(part: dict[str, Any]) -> object:
    """Return what a tool gave: its words, which may stand in JSON as parts."""
    content = part.get("content")
    with suppress(ValueError):
        parts = json.loads(content) if isinstance(content, str) else content
        if words := texts(parts) if isinstance(parts, list) else "":
            return words
    return content


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
