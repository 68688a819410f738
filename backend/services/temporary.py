"""What a person does with temporary conversations, besides talking in them."""

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from backend.ids import kept_id

if TYPE_CHECKING:
    from backend.store.chat.temporary import TemporaryStore
    from backend.store.database import Database
    from backend.store.history.changes import ChangeStore
    from backend.store.models import Conversation


class TemporaryService:
    """Begins temporary conversations, and keeps one when asked; methods block."""

    def __init__(
        self, temporary: "TemporaryStore", database: "Database", changes: "ChangeStore"
    ) -> None:
        """Keep what is to be kept in a database, with its changes."""
        self._temporary = temporary
        self._database = database
        self._changes = changes

    def begin(self) -> str:
        """Return the id of one that has no messages yet."""
        return self._temporary.begin()

    def all(self) -> "Sequence[Conversation]":
        """Return those of this run, the newest first."""
        return self._temporary.all()

    async def holds(self, ids: Collection[str]) -> bool:
        """Whether something with one of these ids, or a transaction, is temporary.

        Raises:
            GoneError: It was, in an earlier run.
        """
        return await asyncio.to_thread(self._temporary.holds, ids)

    def keep(self, conversation_id: str) -> str:
        """Make an ordinary conversation of one; return its id.

        Raises:
            NotFoundError: There is none.
            ConflictError: An answer is being written in it.
        """
        return self._temporary.keep(conversation_id, self._database)

    def keep_no_longer(self, conversation_id: str) -> None:
        """Take that back: nothing of it stays on the disk.

        Raises:
            ConflictError: Something was said in it since.
        """
        self._temporary.take_back(conversation_id, self._database)
        self._changes.forget("conversation", kept_id(conversation_id))
