"""Notes: written with autosave, listed, deleted."""

import asyncio
from typing import TYPE_CHECKING, Final

from backend.errors import InvalidInputError, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.store.models import Note
    from backend.store.notes import NoteStore

PAGE_SIZE: Final = 50
MAX_NOTE_CHARS: Final = 100_000
FOLD_AFTER_S: Final = 2.0
"""A note changes, for its history, when the typing rests this long."""
FOLD_WITHIN_S: Final = 20.0
"""And also when it never rests."""


class NoteService:
    """What a person does with notes."""

    def __init__(self, notes: "NoteStore") -> None:
        self._notes = notes
        self._folding: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._typing_since: float | None = None

    async def page(
        self, before: str | None = None, limit: int = PAGE_SIZE
    ) -> "Sequence[Note]":
        """Return notes, newest first."""
        await self.fold_drafts()
        return await asyncio.to_thread(self._notes.page, before=before, limit=limit)

    async def get(self, note_id: str) -> "Note":
        """Return one note as it was typed last.

        Raises:
            NotFoundError: There is none, or it is in the trash.
        """
        await self.fold_drafts()
        return await asyncio.to_thread(self._notes.get, note_id)

    async def create(self, body: str) -> "Note":
        """Keep a text as a new note.

        Raises:
            InvalidInputError: It is empty or too long.
        """
        body = _checked(body)
        if not body.strip():
            raise InvalidInputError("There is nothing to save: the text is empty.")
        return await asyncio.to_thread(self._notes.create, body=body)

    async def write(self, note_id: str, body: str) -> None:
        """Keep what is typed into a note, which begins with its first text.

        Raises:
            InvalidInputError: It is too long.
            NotFoundError: The note is in the trash.
        """
        await asyncio.to_thread(self._notes.keep, note_id, _checked(body))
        self._fold_soon()

    async def fold_drafts(self) -> None:
        """Make what is typed the text of its notes."""
        await asyncio.to_thread(self._fold_now)

    async def delete(self, note_id: str) -> str:
        """Move a note to the trash; return the transaction to undo.

        Raises:
            NotFoundError: There is none, or it is there already.
        """
        await self.fold_drafts()
        return await asyncio.to_thread(self._notes.delete, note_id)

    def _fold_now(self) -> None:
        for note_id in self._notes.unfolded():
            self._notes.fold(note_id)

    def _fold_soon(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._typing_since = self._typing_since or now
        if self._folding:
            self._folding.cancel()
        at = min(now + FOLD_AFTER_S, self._typing_since + FOLD_WITHIN_S)
        self._folding = loop.call_at(at, self._fold)

    def _fold(self) -> None:
        self._typing_since = None
        task = asyncio.create_task(self._try_to_fold(), name="fold notes")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _try_to_fold(self) -> None:
        try:
            await self.fold_drafts()
        except StoreError:
            # What was typed is stored; it becomes the note at the next reading.
            return


def _checked(body: str) -> str:
    body = body.replace("\r\n", "\n")
    if len(body) > MAX_NOTE_CHARS:
        raise InvalidInputError(
            f"This note has {len(body):,} characters; the limit is "
            f"{MAX_NOTE_CHARS:,}. Move a part of it into another note."
        )
    return body
