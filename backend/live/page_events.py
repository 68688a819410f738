"""Which rows a transaction changed, and so which events pages must hear: one table."""

from collections.abc import Sequence, Set
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct

from backend.store.branches.tree import PATH
from backend.store.states.message_state import MessageState

if TYPE_CHECKING:
    from backend.store.change_log import RowChange
    from backend.store.rows import AnyMessage

MANY: Final = 20
"""For more messages at once the pages get no single events: they fetch the log."""

_NOUNS: Final = {
    "conversation": "conversations",
    "folder": "conversations",
    "note": "notes",
    "action": "actions",
    "assistant": "assistants",
    "engine": "engines",
    "attachment": "attachments",
}
_SHOWN: Final = {"text", "reasoning", "state", "error", "engine", "model"}
_MODEL_SETTINGS: Final = "model"


class PageEvents(Struct, frozen=True):
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
    added: "Sequence[AnyMessage]"
    changed: "Sequence[AnyMessage]"
    removed: Sequence[str]


def events_of(changes: "Sequence[RowChange]") -> PageEvents:
    """Return what pages must hear of a transaction."""
    nouns = {noun for change in changes for noun in _nouns(change)}
    moved = {str(c.after["conversation_id"]) for c in changes if c.table == PATH}
    logs, removed = moved | _with_other_assistant(changes), list[str]()
    added: list[AnyMessage] = []
    changed: list[AnyMessage] = []
    ours = _messages(changes)
    answering = {m.conversation_id for m, change in ours if _begins(m, change)}
    for message, change in ours:
        is_moved = "deleted_at" in change.after
        if change.before is None and message.conversation_id in answering - moved:
            added.append(message)
        elif is_moved and message.deleted_at is not None:
            removed.append(message.id)
        elif change.before is None or is_moved:
            # It is among others, in the place its id has.
            logs.add(message.conversation_id)
        elif _SHOWN & change.after.keys():
            changed.append(message)
        if change.before is not None and _moves_line(message, change):
            logs.add(message.conversation_id)
    if len(ours) > MANY:
        logs, added, changed, removed = {m.conversation_id for m, _ in ours}, [], [], []
    return PageEvents(nouns, logs, added, changed, removed)


def _with_other_assistant(changes: "Sequence[RowChange]") -> set[str]:
    """Return the conversations that say who answers from here on."""
    return {
        change.row.id
        for change in changes
        if change.row and change.before and _has_other_assistant(change)
    }


def _has_other_assistant(change: "RowChange") -> bool:
    return change.table == "conversation" and "assistant_id" in change.after


def _messages(
    changes: "Sequence[RowChange]",
) -> "list[tuple[AnyMessage, RowChange]]":
    """Return the messages, the oldest first: a session knows no order."""
    first: dict[str, tuple[AnyMessage, RowChange]] = {}
    for change in changes:
        if change.table == "message" and change.row:
            first.setdefault(change.row.id, (cast("AnyMessage", change.row), change))
    return [first[row_id] for row_id in sorted(first)]


def _moves_line(message: "AnyMessage", change: "RowChange") -> bool:
    """Whether the line that shows from where on a model reads may stand elsewhere."""
    is_other = bool({"state", "deleted_at"} & change.after.keys())
    return "reads_from" in change.after or (bool(message.reads_from) and is_other)


def _begins(message: "AnyMessage", change: "RowChange") -> bool:
    return change.before is None and message.state is MessageState.STREAMING


def _nouns(change: "RowChange") -> Set[str]:
    nouns = {_NOUNS[change.table]} if change.table in _NOUNS else set[str]()
    if change.table == "setting" and change.row:
        nouns |= {"engines"} if change.row.id.startswith(_MODEL_SETTINGS) else set()
    if change.before and _has_other_assistant(change):
        nouns |= {"engines"}
    is_gone = change.row is None and change.table != PATH
    if is_gone or ("deleted_at" in change.after and change.before):
        nouns |= {"trash"}
    return nouns
