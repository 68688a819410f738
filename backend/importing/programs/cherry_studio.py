"""Cherry Studio's backup: topics of messages, whose words lie in blocks beside them.

It holds the keys of model servers too: the parts in which they are stay text.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from backend.importing.markup import fenced, joined, paragraphs, titled
from backend.importing.records import (
    ImportCounts,
    Skip,
    SourceConversation,
    SourceFolder,
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
)

OPENED: Final = frozenset({"indexedDB"})
TOPICS: Final = "indexedDB.topics"
_BLOCKS: Final = "indexedDB.message_blocks"
_STORED: Final = "persist:cherry-studio"
_STATES: Final = {
    "error": "failed",
    "paused": "stopped",
    "pending": "interrupted",
    "processing": "interrupted",
    "searching": "interrupted",
}
_FILES: Final = frozenset({"image", "file"})
_USUAL: Final = "default"
_CHOSEN: Final = ("foldSelected", "useful")
"""What marks the answer that is shown of several."""


def holds_topics(key: str, item: object) -> bool:
    """Whether a member of a file tells that it is such a backup."""
    return key in {TOPICS, _BLOCKS} or (
        key == "localStorage" and _STORED in as_dict(item)
    )


class Topics:
    """What topics are made of: it may stand behind them, and so is collected first."""

    def __init__(self, tally: ImportCounts) -> None:
        """Begin a backup.

        Args:
            tally: Counts what is left out.
        """
        self._tally = tally
        self._topics: dict[str, dict[str, Any]] = {}
        self._folders: dict[str, SourceFolder] = {}
        self._blocks: dict[str, dict[str, Any]] = {}

    def look(self, key: str, item: object) -> None:
        """Take what topics will be made of."""
        if key == "localStorage":
            self._look_at_assistants(as_text(as_dict(item).get(_STORED)))
        elif key == _BLOCKS:
            block = as_dict(item)
            self._blocks[as_text(block.get("id"))] = block

    def read(self, item: object) -> Iterator[SourceConversation]:
        """Return the conversation of a topic."""
        topic = as_dict(item)
        key = as_text(topic.get("id"))
        head = self._topics.get(key, {})
        said = Said(self._tally)
        answered, above, below = "", "", ""
        for number, entry in enumerate(as_list(topic.get("messages"))):
            if not isinstance(entry, dict):
                leave_out(Skip.UNREADABLE_MESSAGE, self._tally)
                continue
            candidate = self._said(str(number), entry)
            asked = as_text(entry.get("askId"))
            # Several answers to one question are of models asked at the same time.
            is_beside = bool(asked) and asked == answered
            if not is_beside:
                above, answered = below, asked
            said.take(candidate, candidate.key, above)
            if not is_beside or any(entry.get(mark) is True for mark in _CHOSEN):
                below = candidate.key
        yield SourceConversation(
            key=key,
            title=first_text(head.get("name"), topic.get("name")),
            at_ms=as_ms(head.get("createdAt")) or as_ms(topic.get("createdAt")),
            said=said.messages,
            shown=said.at(below),
            is_pinned=bool(head.get("pinned")),
            folder=self._folders.get(key),
        )

    def _look_at_assistants(self, stored: str) -> None:
        """Take the titles of topics, and the assistants they are listed below.

        What else is stored there is not even parsed.
        """
        slices = _parsed(stored)
        kept = _parsed(as_text(slices.get("assistants")))
        assistants = [*as_list(kept.get("assistants")), kept.get("defaultAssistant")]
        for assistant in map(as_dict, assistants):
            topics = [*map(as_dict, as_list(assistant.get("topics")))]
            folder = _folder(assistant)
            has_prompt = bool(folder and folder.instructions)
            self._tally.skip(Skip.PROMPT, has_prompt and not topics)
            for topic in topics:
                key = as_text(topic.get("id"))
                self._topics.setdefault(key, topic)
                if folder:
                    self._folders.setdefault(key, folder)

    def _said(self, number: str, message: Mapping[str, Any]) -> SourceMessage:
        ids = map(as_text, as_list(message.get("blocks")))
        blocks = [self._blocks[one] for one in ids if one in self._blocks]
        thought = [as_text(b.get("content")) for b in blocks if _kind(b) == "thinking"]
        files = [b.get("file") or b for b in blocks if _kind(b) in _FILES]
        used = [_used(b, self._tally) for b in blocks if _kind(b) == "tool"]
        self._tally.skip(Skip.TOOL, sum(_kind(b) == "citation" for b in blocks))
        role = as_text(message.get("role"))
        state = _STATES.get(as_text(message.get("status")), "complete")
        if role != "assistant":
            state = "complete"
        model = as_dict(message.get("model"))
        return SourceMessage(
            key=first_text(message.get("id"), number),
            role=role,
            text=joined(filter(None, map(_words, blocks)))
            or as_text(message.get("content")),
            reasoning=paragraphs(*thought, *used),
            at_ms=as_ms(message.get("createdAt")),
            model=first_text(
                message.get("modelId"), model.get("id"), model.get("name")
            ),
            state=state,
            error=_fault_in(blocks) if state == "failed" else "",
            files=tuple(names_of(files)),
        )


def _folder(assistant: Mapping[str, Any]) -> SourceFolder | None:
    """Return an assistant as a folder; the one that is always there is none."""
    key, name = as_text(assistant.get("id")), as_text(assistant.get("name"))
    prompt = as_text(assistant.get("prompt"))
    if not name or (key == _USUAL and not prompt):
        return None
    return SourceFolder(key=key or name, name=name, instructions=prompt)


def _used(block: Mapping[str, Any], tally: ImportCounts) -> str:
    raw = as_dict(as_dict(block.get("metadata")).get("rawMcpToolResponse"))
    name = first_text(block.get("toolName"), as_dict(raw.get("tool")).get("name"))
    asked = block.get("arguments") or raw.get("arguments")
    return used_tool(name, asked, block.get("content") or raw.get("response"), tally)


def _kind(block: Mapping[str, Any]) -> str:
    return as_text(block.get("type"))


def _fault_in(blocks: Sequence[Mapping[str, Any]]) -> str:
    faults = (failed(b.get("error")) for b in blocks if _kind(b) == "error")
    return first_text(*faults, failed({}))


def _words(block: Mapping[str, Any]) -> str:
    """Return what a block says, as Markdown."""
    words = as_text(block.get("content"))
    match _kind(block):
        case "main_text":
            return words
        case "code":
            return fenced(words, as_text(block.get("language"))) if words else ""
        case "translation":
            return titled("Translation", words) if words else ""
        case _:
            return ""


def _parsed(text: str) -> dict[str, Any]:
    try:
        return as_dict(json.loads(text)) if text else {}
    except (ValueError, RecursionError):
        return {}
