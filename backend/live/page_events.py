"""Which rows a transaction changed, and so which events pages must hear: one table."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, cast

from backend.store.message_state import MessageState

if TYPE_CHECKING:
    from backend.store.change_log import RowChange
    from backend.store.models import Message

MANY: Final = 20
"""Of more messages at once the pages are not told one by one: they fetch the log."""

_NOUNS: Final = {
    "conversation": "conversations",
    "note": "notes",
    "action": "actions",
    "engine": "engines",
}
_SHOWN: Final = {"text", "reasoning", "state", "error", "engine", "model"}
_MODEL_SETTINGS: Final = "model"


class _Part(Enum):
    """What a change of a message is in its conversation."""

    ADDED = auto()
    CHANGED = auto()
    REMOVED = auto()
    ELSEWHERE = auto()
    """It is in the log, though not at its end."""
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class PageEvents:
    """What pages must hear of one transaction.

    Attributes:
        nouns: What is listed otherwise than before: pages fetch it.
        logs: The conversations whose messages pages fetch.
        added: Messages at the end of their conversation.
        changed: Messages with another text or state.
        removed: The ids of messages that left.
    """

    nouns: Set[str]
    logs: Set[str]
    added: "Sequence[Message]"
    changed: "Sequence[Message]"
    removed: Sequence[str]


def events_of(changes: "Sequence[RowChange]") -> PageEvents:
    """Return what pages must hear of a transaction."""
    nouns = {noun for change in changes for noun in _nouns(change)}
    parts = _parts(changes)
    if len(parts) > MANY:
        logs = {message.conversation_id for message, _ in parts}
        return PageEvents(nouns, logs, (), (), ())

    def of(part: _Part) -> "list[Message]":
        return [message for message, its in parts if its is part]

    return PageEvents(
        nouns,
        logs={message.conversation_id for message in of(_Part.ELSEWHERE)},
        added=of(_Part.ADDED),
        changed=of(_Part.CHANGED),
        removed=[message.id for message in of(_Part.REMOVED)],
    )


def _nouns(change: "RowChange") -> Set[str]:
    nouns = {_NOUNS[change.table]} if change.table in _NOUNS else set[str]()
    if change.table == "setting" and change.row:
        nouns |= {"engines"} if change.row.id.startswith(_MODEL_SETTINGS) else set()
    is_new = change.before is None
    if change.row is None or ("deleted_at" in change.after and not is_new):
        nouns |= {"trash"}
    return nouns


def _parts(changes: "Sequence[RowChange]") -> "list[tuple[Message, _Part]]":
    ours = [change for change in changes if change.table == "message" and change.row]
    answering = {
        cast("Message", change.row).conversation_id
        for change in ours
        if change.before is None and change.after["state"] == MessageState.STREAMING
    }
    parts: dict[str, tuple[Message, _Part]] = {}
    for change in ours:
        message = cast("Message", change.row)
        part = _part(message, change, message.conversation_id in answering)
        if part is not _Part.NOTHING:
            # A message that is added or gone is so whatever else becomes of it.
            parts.setdefault(message.id, (message, part))
    # A session knows no order; an id is as old as its message.
    return [parts[message_id] for message_id in sorted(parts)]


def _part(message: "Message", change: "RowChange", is_asked: bool) -> _Part:  # noqa: FBT001 private
    is_new = change.before is None
    if message.deleted_at is not None:
        is_moved = "deleted_at" in change.after and not is_new
        return _Part.REMOVED if is_moved else _Part.NOTHING
    if is_new:
        return _Part.ADDED if is_asked else _Part.ELSEWHERE
    if "deleted_at" in change.after:
        return _Part.ELSEWHERE
    return _Part.CHANGED if _SHOWN & change.after.keys() else _Part.NOTHING
