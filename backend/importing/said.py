"""Takes the messages of a foreign conversation, each after the one it follows."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from backend.importing.markup import paragraphs
from backend.importing.records import (
    ImportCounts,
    Skip,
    SourceConversation,
    SourceMessage,
)
from backend.importing.values import first_text, is_too_long, tool_words

_NOTHING: Final = ("{}", "[]")
"""What a tool was asked that needs nothing."""


class Said:
    """The messages taken of a conversation so far.

    Attributes:
        messages: Those, each behind the one it follows.
        last: The key of the last one; "" for none.
    """

    def __init__(self, tally: ImportCounts) -> None:
        """Begin a conversation.

        Args:
            tally: Counts what is taken, and what is left out.
        """
        self._tally = tally
        self._keys: set[str] = set()
        self._above: dict[str, str] = {}
        self.messages: list[SourceMessage] = []
        self.last = ""

    def take(
        self, candidate: SourceMessage, node: str = "", below: str | None = None
    ) -> bool:
        """Add a message, unless there is a reason to leave it out; return whether.

        Args:
            candidate: The message.
            node: What it is called in the tree of its source.
            below: The node it stands below; None for the one taken last.
        """
        above = self.at(below)
        tally, candidate = self._tally, _shown(candidate)
        tally.found += 1
        tally.skip(Skip.ATTACHMENT, len(candidate.files), candidate.files)
        why = _why_not(candidate)
        if why:
            tally.skip(why)
        else:
            key = candidate.key
            while key in self._keys:
                key = f"{key}/{len(self._keys)}"
            self._keys.add(key)
            self.messages.append(replace(candidate, key=key, after=above))
            self.last = above = key
        if node:
            self._above[node] = above
        return not why

    def at(self, node: str | None) -> str:
        """Return the key of what was taken at a node, or next above it, or last."""
        return self.last if node is None else self._above.get(node, "")

    def pass_over(self, node: str, below: str | None) -> None:
        """Let what stands below a node that is no message follow what is above it."""
        self._above[node] = self.at(below)


def keyed(
    entries: Iterable[object], name: str, tally: ImportCounts
) -> dict[str, dict[str, Any]]:
    """Return messages by what they are called, or by their place.

    Args:
        entries: The messages in the order of the file.
        name: What the name of a message is called in it.
        tally: Counts what is no message, or comes twice.
    """
    found: dict[str, dict[str, Any]] = {}
    for number, message in enumerate(entries):
        if not isinstance(message, dict):
            leave_out(Skip.UNREADABLE_MESSAGE, tally)
            continue
        key = first_text(message.get(name), str(number))
        if key in found and found[key] == message:
            leave_out(Skip.TWICE_MESSAGE, tally)
        else:
            found[key if key not in found else f"{key}/{number}"] = message
    return found


def leave_out(why: Skip, tally: ImportCounts, count: int = 1) -> None:
    """Count messages that are no part of the talk."""
    tally.found += count
    tally.skip(why, count)


def without_bare_files(
    talk: SourceConversation, tally: ImportCounts
) -> SourceConversation:
    """Leave out files that stand alone at an end: no answer is about them."""
    kept: list[SourceMessage] = []
    followed: set[str] = set()
    shown = talk.shown
    for one in reversed(talk.said):
        if one.is_only_files and one.key not in followed:
            tally.skip(Skip.NO_TEXT)
            shown = one.after if shown == one.key else shown
        else:
            kept.append(one)
            followed.add(one.after)
    return replace(talk, said=kept[::-1], shown=shown)


def _why_not(candidate: SourceMessage) -> Skip | None:
    """Return why a message is left out."""
    if candidate.role not in {"user", "assistant"}:
        return Skip.INSTRUCTIONS
    if not (candidate.text + candidate.reasoning + candidate.error).strip():
        return Skip.NO_TEXT
    if is_too_long(candidate.text) or is_too_long(candidate.reasoning):
        return Skip.TOO_LONG
    return None


def _shown(said: SourceMessage) -> SourceMessage:
    """Return it with words for files that stand alone, so that no answer does."""
    if not said.files or said.text.strip() or said.role != "user":
        return said
    names = ", ".join(name for name in said.files if name) or "a file or an image"
    text = f"*Attached, but not in the export: {names}*"
    return replace(said, text=text, is_only_files=True)


def used_tool(name: str, asked: object, gave: object, tally: ImportCounts) -> str:
    """Return what a tool was asked and gave, as it is folded into an answer."""
    result = f"{name}: result" if name else "Result"
    asked = "" if asked in _NOTHING else asked
    words = paragraphs(tool_words(name, asked, "json"), tool_words(result, gave))
    tally.skip(Skip.TOOL, not words, [name])
    return words
