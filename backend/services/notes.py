"""Notes: written with autosave, listed, deleted."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Never

from backend.errors import InvalidInputError, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.store.change_log import RowChange
    from backend.store.models import Note
    from backend.store.notes import NoteStore

PAGE_SIZE: Final = 50
NOTE: Final = "note"
SAVED: Final = "Saved as a note."
MAX_NOTE_CHARS: Final = 100_000
FOLD_AFTER_S: Final = 2.0
"""A note changes, for its history, when the typing rests this long."""
FOLD_WITHIN_S: Final = 20.0
"""And also when it never rests."""


class NoteService:
    """What a person does with notes."""

    def __init__(self, notes: "NoteStore") -> None:
        self._notes = notes
        self._loop: asyncio.AbstractEventLoop | None = None
        self._typed = asyncio.Event()
        self._marks: dict[str, str] | None = None
        self._marked = 0

    def mark(self, message_id: str, text: str) -> str:
        """Keep a message as a note, which marks it; return the transaction to undo.

        Raises:
            InvalidInputError: It is too long.
        """
        return self._notes.mark(message_id, _checked(text))

    def marks(self) -> "Mapping[str, str]":
        """Return the marked messages, each with a note of it.

        To find them all rows are read, so they are kept until one changes.
        """
        while (marks := self._marks) is None:
            before, marks = self._marked, self._notes.marks()
            if before == self._marked:
                self._marks = marks
        return marks

    def committed(self, changes: "Sequence[RowChange]") -> None:
        """Forget which messages are marked when that may have changed."""
        if any(
            change.table == NOTE and getattr(change.row, "message_id", True)
            for change in changes
        ):
            self._marked, self._marks = self._marked + 1, None

    def page(
        self, before: str | None = None, limit: int = PAGE_SIZE
    ) -> "Sequence[Note]":
        """Return notes, newest first."""
        self.fold_drafts()
        return self._notes.page(before=before, limit=limit)

    def get(self, note_id: str) -> "Note":
        """Return one note as it was typed last.

        Raises:
            NotFoundError: There is none, or it is in the trash.
        """
        self.fold_drafts()
        return self._notes.get(note_id)

    def create(self, body: str) -> "Note":
        """Keep a text as a new note.

        Raises:
            InvalidInputError: It is empty or too long.
        """
        body = _checked(body)
        if not body.strip():
            raise InvalidInputError("There is nothing to save: the text is empty.")
        return self._notes.create(body=body)

    def write(self, note_id: str, body: str) -> None:
        """Keep what is typed into a note, which begins with its first text.

        Raises:
            InvalidInputError: It is too long.
            NotFoundError: The note is in the trash.
        """
        self._notes.keep(note_id, _checked(body))
        if self._loop:
            self._loop.call_soon_threadsafe(self._typed.set)

    def fold_drafts(self) -> None:
        """Make what is typed the text of its notes."""
        for note_id in self._notes.unfolded():
            self._notes.fold(note_id)

    def delete(self, note_id: str) -> str:
        """Move a note to the trash; return the transaction to undo.

        Raises:
            NotFoundError: There is none, or it is there already.
        """
        self.fold_drafts()
        return self._notes.delete(note_id)

    async def keep_folded(self) -> None:
        """Fold what is typed whenever the typing rests, for as long as this runs."""
        self._loop = asyncio.get_running_loop()
        while True:
            await self._typed.wait()
            with suppress(TimeoutError):
                await self._rest()
            # What cannot be stored now stays typed; the next reading folds it.
            with suppress(StoreError):
                await asyncio.to_thread(self.fold_drafts)

    async def _rest(self) -> Never:
        async with asyncio.timeout(FOLD_WITHIN_S):
            while True:
                self._typed.clear()
                async with asyncio.timeout(FOLD_AFTER_S):
                    await self._typed.wait()


def _checked(body: str) -> str:
    body = body.replace("\r\n", "\n")
    if len(body) > MAX_NOTE_CHARS:
        raise InvalidInputError(
            f"This note has {len(body):,} characters; the limit is "
            f"{MAX_NOTE_CHARS:,}. Move a part of it into another note."
        )
    return body
