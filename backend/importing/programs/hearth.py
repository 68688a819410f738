"""Hearth's own export, described in FORMAT.md; ids and times stay as they are."""

import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from typing import Any, Final, TypeVar

from backend.errors import InvalidInputError
from backend.importing.records import (
    BESIDE_ROW,
    ImportCounts,
    ImportedAction,
    ImportedAssistant,
    ImportedAttachment,
    ImportedConversation,
    ImportedFolder,
    ImportedMessage,
    NoteRow,
    Skip,
)
from backend.importing.said import leave_out
from backend.importing.values import (
    as_dict,
    as_list,
    as_text,
    is_too_long,
    latest_ms,
)
from backend.interface.stored_values import TitleSource

FORMAT: Final = "hearth-export"
VERSION: Final = 1

_ID: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
_ALLOWED: Final = {
    "title_source": tuple(TitleSource),
    "state": ("complete", "stopped", "interrupted", "failed"),
}
"""What these may be; another value, of a newer Hearth, counts as the first."""
_R = TypeVar(
    "_R",
    ImportedConversation,
    ImportedMessage,
    NoteRow,
    ImportedAssistant,
    ImportedAction,
    ImportedAttachment,
    ImportedFolder,
)


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


def read_conversation(item: object, tally: ImportCounts) -> ImportedConversation | None:
    """Return a conversation with those of its messages that can be read."""
    data = as_dict(item)
    entries = as_list(data.get("messages"))
    head = _with_parameters({k: v for k, v in data.items() if k != "messages"})
    if "title_source" not in head and head.get("title"):
        head["title_source"] = TitleSource.USER
    row = _row(ImportedConversation, head, tally, Skip.UNREADABLE)
    if row is None:
        leave_out(Skip.UNREADABLE_MESSAGE, tally, len(entries))
        return None
    messages: dict[str, ImportedMessage] = {}
    for entry in entries:
        tally.found += 1
        message = as_dict(entry) | {"conversation_id": row.id}
        if as_text(message.get("role")) not in {"user", "assistant", "summary"}:
            is_known = isinstance(message.get("role"), str)
            why = Skip.INSTRUCTIONS if is_known else Skip.UNREADABLE_MESSAGE
            tally.skip(why)
        elif found := _row(ImportedMessage, message, tally, Skip.UNREADABLE_MESSAGE):
            tally.skip(Skip.TWICE_MESSAGE, found.id in messages)
            messages.setdefault(found.id, found)
    latest = row.latest or max(messages, default=row.id)
    return replace(row, latest=latest, messages=tuple(messages.values()))


def read_note(item: object, tally: ImportCounts) -> NoteRow | None:
    """Return a note."""
    return _row(NoteRow, as_dict(item), tally, Skip.UNREADABLE)


def read_assistant(item: object, tally: ImportCounts) -> ImportedAssistant | None:
    """Return an assistant."""
    data = _with_parameters(as_dict(item))
    return _row(ImportedAssistant, data, tally, Skip.UNREADABLE)


def read_action(item: object, tally: ImportCounts) -> ImportedAction | None:
    """Return a quick action."""
    return _row(ImportedAction, as_dict(item), tally, Skip.UNREADABLE)


def read_folder(item: object, tally: ImportCounts) -> ImportedFolder | None:
    """Return a folder."""
    return _row(ImportedFolder, as_dict(item), tally, Skip.UNREADABLE)


def read_attachment(item: object, tally: ImportCounts) -> ImportedAttachment | None:
    """Return a file of a question; one whose content is another is left out."""
    data = as_dict(item)
    content, text = (as_text(data.pop(name, "")) for name in ("content", "text"))
    row = _row(ImportedAttachment, data, tally, Skip.ATTACHMENT)
    if row is None or not row.message_id or _sum_of(content) != row.sha256:
        tally.skip(Skip.ATTACHMENT, row is not None)
        return None
    return replace(row, content=content, text=text)


def _sum_of(content: str) -> str:
    try:
        return hashlib.sha256(b64decode(content, validate=True)).hexdigest()
    except ValueError:
        return ""


def _with_parameters(data: dict[str, Any]) -> dict[str, Any]:
    """Return fields with how is answered as it is stored: as JSON."""
    if "parameters" not in data:
        return data
    parameters = data["parameters"]
    is_object = isinstance(parameters, Mapping)
    return data | {"parameters": json.dumps(parameters) if is_object else ""}


def _row(
    kind: type[_R], data: dict[str, Any], tally: ImportCounts, unreadable: Skip
) -> _R | None:
    """Return a row of what is known of it; the rest is counted."""
    kinds = {f.name: f.type for f in fields(kind) if f.name not in BESIDE_ROW}
    strange = [name for name in data if name not in kinds]
    tally.skip(Skip.UNKNOWN, len(strange), strange)
    given = _defaults(kind, data) | data
    known = {name: value for name, value in given.items() if name in kinds}
    for name, allowed in _ALLOWED.items():
        if isinstance(known.get(name), str) and known[name] not in allowed:
            tally.skip(Skip.UNKNOWN, 1, [f"{name}: {known[name]}"])
            known[name] = allowed[0]
    if not all(_fits(n, kinds[n], known.get(n)) for n in kinds):
        tally.skip(unreadable)
        return None
    if any(is_too_long(value) for value in known.values() if isinstance(value, str)):
        is_message = kind is ImportedMessage
        tally.skip(Skip.TOO_LONG if is_message else Skip.TOO_LONG_ENTRY)
        return None
    return kind(**known)


def _defaults(kind: type[_R], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what fields count as that are missing: a file may be made by hand.

    Those of other kinds are among them.
    """
    made = {f.name: f.default for f in fields(kind) if f.default is not MISSING}
    begun = data.get("created_at", _ms_of(as_text(data.get("id"))))
    words = dict.fromkeys(("title", "body", "text", "latest", "name"), "")
    times = {"created_at": begun, "updated_at": begun}
    return {"title_source": TitleSource.NONE, **words, **times, **made}


def _fits(name: str, kind: object, value: object) -> bool:
    if kind is int:
        return type(value) is int and 0 <= value <= latest_ms()
    if not isinstance(value, str):
        return name == "parent" and value is None
    if name in {"latest", "message_id"}:
        return not value or _is_id(value)
    if name in {"id", "conversation_id"}:
        return _is_id(value)
    return True


def _ms_of(row_id: str) -> int:
    """Return when an id was made; 0 for what is no id."""
    return int(row_id.replace("-", "")[:12], 16) if _ID.fullmatch(row_id) else 0


def _is_id(value: str) -> bool:
    """Whether it is a UUIDv7 of the past: later ones would push every new id along."""
    return bool(_ID.fullmatch(value)) and _ms_of(value) <= latest_ms()
