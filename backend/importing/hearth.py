"""Hearth's own export, described in FORMAT.md; ids and times stay as they are."""

import re
import time
from dataclasses import fields, replace
from typing import Any, Final, TypeVar

from backend.errors import InvalidInputError
from backend.importing.limits import MAX_MESSAGE_BYTES
from backend.importing.records import (
    ConversationRow,
    MessageRow,
    NoteRow,
    Skip,
    Tally,
)
from backend.importing.values import as_dict, as_list

FORMAT: Final = "hearth-export"
VERSION: Final = 1

_ID: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
_DAY_MS: Final = 86_400_000
_ALLOWED: Final = {
    "title_source": {"none", "text", "model", "user"},
    "role": {"user", "assistant"},
    "state": {"complete", "stopped", "interrupted", "failed"},
}
_R = TypeVar("_R", ConversationRow, MessageRow, NoteRow)


def check_version(version: object) -> None:
    """Refuse a newer format.

    Raises:
        InvalidInputError: A newer Hearth wrote it.
    """
    if not isinstance(version, int) or not 1 <= version <= VERSION:
        raise InvalidInputError(
            "This file was exported by a newer version of Hearth. Update Hearth, then "
            "import it again."
        )


def read_conversation(item: object, tally: Tally) -> ConversationRow | None:
    """Return a conversation with those of its messages that can be read."""
    told = as_dict(item)
    head = {k: v for k, v in told.items() if k != "messages"}
    row = _row(ConversationRow, head, tally)
    if row is None:
        return None
    messages: dict[str, MessageRow] = {}
    for entry in as_list(told.get("messages")):
        message = as_dict(entry) | {"conversation_id": row.id}
        if found := _row(MessageRow, message, tally):
            tally.skip(Skip.TWICE, found.id in messages)
            messages.setdefault(found.id, found)
    return replace(row, messages=tuple(messages.values()))


def read_note(item: object, tally: Tally) -> NoteRow | None:
    """Return a note."""
    return _row(NoteRow, as_dict(item), tally)


def _row(kind: type[_R], told: dict[str, Any], tally: Tally) -> _R | None:
    kinds = {field.name: field.type for field in fields(kind)}
    try:
        row = kind(**told)
    except TypeError:
        tally.skip(Skip.UNREADABLE)
        return None
    if not all(_fits(name, kinds[name], value) for name, value in told.items()):
        tally.skip(Skip.UNREADABLE)
        return None
    if any(_is_too_long(value) for value in told.values()):
        tally.skip(Skip.TOO_LONG)
        return None
    return row


def _fits(name: str, kind: object, value: object) -> bool:
    if kind is int:
        return type(value) is int and 0 <= value <= _latest_ms()
    if not isinstance(value, str):
        return False
    if name in {"id", "conversation_id", "latest"}:
        return _is_id(value)
    return value in _ALLOWED.get(name, {value})


def _is_id(value: str) -> bool:
    """Whether it is a UUIDv7 of the past: later ones would push every new id along."""
    if not _ID.fullmatch(value):
        return False
    return int(value.replace("-", "")[:12], 16) <= _latest_ms()


def _latest_ms() -> int:
    return time.time_ns() // 1_000_000 + _DAY_MS


def _is_too_long(value: object) -> bool:
    return (
        isinstance(value, str)
        and len(value.encode("utf-8", "surrogatepass")) > MAX_MESSAGE_BYTES
    )
