"""Gives imported rows ids that are the same at every import and sort by their time."""

import hashlib
import time
from operator import attrgetter
from typing import Final

from backend.ids import COUNTER_BITS, RANDOM_BITS, uuid7
from backend.importing.records import (
    ImportedAction,
    ImportedAssistant,
    ImportedAttachment,
    ImportedConversation,
    ImportedFolder,
    ImportedMessage,
    NoteRow,
    Row,
    Source,
    SourceConversation,
    SourceFolder,
    SourceNote,
)
from backend.interface.stored_values import TitleSource

_NO_DATE_MS: Final = 946_684_800_000
"""1 January 2000: where the ids of what has no date begin."""


def made_id(stamp: int, key: str) -> str:
    """Return a UUIDv7 whose random part is made from a key.

    Args:
        stamp: Milliseconds, and a counter in the lowest 12 bits.
        key: What the source calls it.
    """
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    chance = int.from_bytes(digest[:8]) >> (64 - RANDOM_BITS)
    return uuid7(stamp, chance)


def folder_of(source: Source, folder: SourceFolder) -> ImportedFolder:
    """Return a folder with an id; no source tells when it was made."""
    now = time.time_ns() // 1_000_000
    return ImportedFolder(
        id=made_id(_NO_DATE_MS << COUNTER_BITS, f"{source}/folder/{folder.key}"),
        created_at=now,
        updated_at=now,
        name=folder.name,
        instructions=folder.instructions,
    )


def note_of(source: Source, note: SourceNote) -> NoteRow:
    """Return a note with an id and times."""
    at = note.at_ms or time.time_ns() // 1_000_000
    stamp = (note.at_ms or _NO_DATE_MS) << COUNTER_BITS
    return NoteRow(
        id=made_id(stamp, f"{source}/note/{note.key}"),
        created_at=at,
        updated_at=at,
        title=note.title,
        body=note.body,
    )


def assign_ids(source: Source, talk: SourceConversation) -> ImportedConversation:
    """Return a conversation with ids and times.

    Ids rise from a message to what follows it, because messages are read in the order
    of their ids, even where the times of the source do not rise. What has no date
    counts as said now, but its ids do not depend on when it is imported.
    """
    begin = talk.at_ms or next((s.at_ms for s in talk.said if s.at_ms), None)
    name = talk.key or f"{talk.title}/{talk.said[0].text}"
    prefix = f"{source}/{name}"
    stamp = (begin or _NO_DATE_MS) << COUNTER_BITS
    conversation_id = made_id(stamp, prefix)
    now = time.time_ns() // 1_000_000
    stamps = {"": stamp}
    asked = {"": ""}
    newest = dict[str, int]()
    rows: dict[str, ImportedMessage] = {}
    for said in talk.said:
        before = stamps[said.after]
        # Versions without a date stay in the order in which they come.
        before = before if said.at_ms else newest.get(said.after, before)
        stamp = max((said.at_ms or 0) << COUNTER_BITS, before + 1)
        stamps[said.key] = newest[said.after] = stamp
        at = stamp >> COUNTER_BITS if begin else now
        is_answer = said.role == "assistant"
        rows[said.key] = row = ImportedMessage(
            id=made_id(stamp, f"{prefix}/{said.key}"),
            conversation_id=conversation_id,
            created_at=at,
            updated_at=at,
            role=said.role,
            text=said.text,
            reasoning=said.reasoning,
            engine=source if is_answer else "",
            model=said.model if is_answer else "",
            state=said.state,
            error=said.error,
            reply_to=asked[said.after] if is_answer else "",
            parent=rows[said.after].id if said.after else "",
        )
        asked[said.key] = asked[said.after] if is_answer else row.id
    messages = sorted(rows.values(), key=attrgetter("id"))
    last = messages[-1]
    return ImportedConversation(
        id=conversation_id,
        created_at=begin or now,
        updated_at=last.created_at,
        title=talk.title,
        title_source=TitleSource.USER if talk.title else TitleSource.NONE,
        latest=last.id if begin else made_id(now << COUNTER_BITS, prefix),
        shown_leaf=rows[talk.shown].id,
        pinned_at=last.created_at if talk.is_pinned else 0,
        archived_at=last.created_at if talk.is_archived else 0,
        folder_id=folder_of(source, talk.folder).id if talk.folder else "",
        messages=tuple(messages),
        is_whole=talk.is_whole,
    )


def print_of(row: Row) -> int:
    """Return a number that tells whether two rows with one id say the same."""
    match row:
        case ImportedConversation():
            said = [(m.id, m.text, m.reasoning) for m in row.messages]
            return hash((row.title, tuple(said)))
        case NoteRow():
            return hash((row.title, row.body))
        case ImportedAssistant():
            return hash((row.name, row.instructions))
        case ImportedAction():
            return hash((row.name, row.prompt))
        case ImportedFolder():
            return hash((row.name, row.instructions))
        case ImportedAttachment():
            return hash(row.sha256)
