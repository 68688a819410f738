"""What became of a thing: its versions, what each changed, undo and restore."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from backend.errors import NotFoundError
from backend.interface.stored_values import TitleSource
from backend.services.differences import Part, compare

if TYPE_CHECKING:
    from backend.store.history.changes import ChangeStore
    from backend.store.models import Change

_TEXT: Final = {
    "conversation": "title",
    "note": "body",
    "message": "text",
    "assistant": "instructions",
}
"""The field of a thing that its versions are versions of, by table."""
_CREATED: Final = {
    "conversation": "Begun",
    "note": "Written",
    "message": "Written",
    "assistant": "Made",
}
_RENAMED: Final = {
    "user": "Renamed",
    "model": "Title given by the model",
    "text": "Title taken from the text",
}
_TITLE_CHARS: Final = 120
_GONE: Final = "This has no history, or was deleted permanently."


Stop = Callable[[Sequence[str]], Awaitable[None]]
"""Stops those of these answers that are being written."""


class Version(Struct, frozen=True, kw_only=True):
    """A thing as it was after one change.

    Attributes:
        what: What the change was, in a few words.
        is_own: It was changed on this computer.
        is_now: The thing has this text at present.
        has_changed: Its text differs from the version before.
    """

    seq: int
    at: int
    what: str
    text: str
    is_own: bool
    is_now: bool
    has_changed: bool


class History(Struct, frozen=True, kw_only=True):
    """What became of one thing.

    Attributes:
        conversation_id: Where a message is; "" for other things.
        versions: Newest first.
    """

    table: str
    row_id: str
    conversation_id: str
    title: str
    is_deleted: bool
    versions: Sequence[Version]


class HistoryService:
    """Reads the change log and takes back what it tells."""

    def __init__(self, changes: "ChangeStore", stop: Stop) -> None:
        self._changes = changes
        self._stop = stop

    async def undo(self, transaction_id: str) -> str:
        """Take an act back; return the transaction that undoes this in turn.

        An answer that the act began and that is still being written is stopped first.

        Raises:
            NotFoundError: There is nothing to take back.
            ConflictError: It has changed again since.
        """
        await self._stop(
            await asyncio.to_thread(self._changes.messages_of, transaction_id)
        )
        return await asyncio.to_thread(self._changes.undo, transaction_id)

    def compare(
        self, table: str, row_id: str, seq: int, *, with_now: bool
    ) -> list[Part]:
        """Return how a version differs from the one before it, or the present one.

        Raises:
            NotFoundError: There is no such version, or no longer.
        """
        versions = self.of(table, row_id).versions
        at = _index(versions, seq)
        if with_now:
            return compare(versions[at].text, versions[0].text)
        before = versions[at + 1].text if at + 1 < len(versions) else ""
        return compare(before, versions[at].text)

    def restore(self, table: str, row_id: str, seq: int) -> str:
        """Give a thing the text of a version; return the transaction to undo.

        Raises:
            NotFoundError: There is no such version, or no longer.
        """
        _index(self.of(table, row_id).versions, seq)
        return self._changes.restore_version(table, row_id, seq)

    def of(self, table: str, row_id: str) -> History:
        """Return the history of a title, a note, a message or instructions.

        Raises:
            NotFoundError: There is no such thing, or no longer.
        """
        changes = self._changes.of_row(table, row_id) if table in _TEXT else ()
        if not changes:
            raise NotFoundError(_GONE)
        now = {k: v for change in changes for k, v in change.after.items()}
        names = (now.get(name) for name in ("title", "name", "text"))
        first_line = str(next(filter(None, names), "")).strip()
        return History(
            table=table,
            row_id=row_id,
            conversation_id=str(now.get("conversation_id", "")),
            title=first_line.partition("\n")[0][:_TITLE_CHARS],
            is_deleted=now["deleted_at"] is not None,
            versions=_versions(table, changes, self._changes.device_id),
        )


def _versions(table: str, changes: "Sequence[Change]", device_id: str) -> list[Version]:
    texts = _texts(table, changes)
    versions = [
        Version(
            seq=change.seq or 0,
            at=int(change.hlc[:12], 16),
            what=what,
            text=texts[i],
            is_own=change.device_id == device_id,
            is_now=texts[i] == texts[-1],
            has_changed=texts[i] != (texts[i - 1] if i else ""),
        )
        for i, change in enumerate(changes)
        if (what := _what(table, change, is_first=i == 0))
    ]
    return versions[::-1]


def _texts(table: str, changes: "Sequence[Change]") -> list[str]:
    """Return the text after each change."""
    texts: list[str] = []
    for change in changes:
        before = texts[-1] if texts else ""
        texts.append(str(change.after.get(_TEXT[table], before)))
    return texts


def _what(table: str, change: "Change", *, is_first: bool) -> str:
    """Say what a change did; nothing for one that nobody asked for or sees."""
    after = change.after
    if is_first:
        return _CREATED[table]
    if "deleted_at" in after:
        return (
            "Moved to the trash" if after["deleted_at"] else "Restored from the trash"
        )
    if _TEXT[table] not in after:
        return ""
    if table == "conversation":
        return _RENAMED.get(str(after.get("title_source", TitleSource.USER)), "Renamed")
    if "state" in after:
        return "Answer started again" if after["state"] == "streaming" else "Answered"
    return "Edited"


def _index(versions: Sequence[Version], seq: int) -> int:
    for i, version in enumerate(versions):
        if version.seq == seq:
            return i
    raise NotFoundError("This version is no longer there.")
