"""Where conversations are listed: pinned, archived, in a folder; one or several."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from backend.errors import InvalidInputError
from backend.ids import NEW, now_ms
from backend.services.chat.answers import AnswerService
from backend.services.chat.folders import FolderService

if TYPE_CHECKING:
    from backend.store.conversations import ConversationStore
    from backend.store.models import Conversation, Folder
    from backend.store.rows import ConversationRow

PAGE_SIZE: Final = 50
MAX_AT_ONCE: Final = 2_000


class Arrange(StrEnum):
    """What is done to conversations, as the page names it."""

    PIN = "pin"
    UNPIN = "unpin"
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    MOVE = "move"
    DELETE = "delete"


class Arranged(Struct, frozen=True):
    """What was done in one act.

    Attributes:
        transaction_id: Undoes all of it.
        conversations: As they became.
        folder: Where they were moved; None for out of every folder.
    """

    transaction_id: str
    conversations: "Sequence[Conversation]"
    folder: "Folder | None" = None


class ArrangingService:
    """Lists conversations by where they are, and moves them."""

    def __init__(
        self,
        conversations: "ConversationStore",
        folders: FolderService,
        answers: AnswerService,
        act: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._conversations = conversations
        self._folders = folders
        self._answers = answers
        self._act = act

    def page(
        self, place: str = "", before: str | None = None, limit: int = PAGE_SIZE
    ) -> "Sequence[ConversationRow]":
        """Return conversations of a place that are not pinned, newest first."""
        return self._conversations.page(before=before, limit=limit, place=place)

    def pinned(self, folder_id: str = "") -> "Sequence[ConversationRow]":
        """Return what is pinned: in a folder, or "" for everywhere."""
        return self._conversations.pinned(folder_id)

    def is_any_archived(self) -> bool:
        """Whether there is anything in the archive."""
        return self._conversations.is_any_archived()

    async def arrange(
        self, what: Arrange, ids: Sequence[str], folder_id: str = ""
    ) -> Arranged:
        """Do the same to several conversations, all in one act.

        Args:
            what: What is done.
            ids: The conversations; those that are gone already are left alone.
            folder_id: Where to move them: a folder, `NEW` for a new one, "" for none.

        Raises:
            NotFoundError: None of them is there, or the folder is not.
            InvalidInputError: There are none, or too many.
        """
        if not 0 < len(ids) <= MAX_AT_ONCE:
            raise InvalidInputError(f"Choose 1 to {MAX_AT_ONCE:,} conversations.")
        if what is Arrange.DELETE:
            for row_id in ids:
                await self._answers.stop(row_id)
        return await asyncio.to_thread(self._arrange, what, ids, folder_id)

    def _arrange(self, what: Arrange, ids: Sequence[str], folder_id: str) -> Arranged:
        with self._act():
            folder = self._folder(folder_id) if what is Arrange.MOVE else None
            fields = _fields(what, folder.id if folder else "")
            rows, done = self._conversations.arrange(ids, **fields)
        return Arranged(done, rows, folder)

    def _folder(self, folder_id: str) -> "Folder | None":
        if folder_id == NEW:
            return self._folders.create()
        return self._folders.get(folder_id) if folder_id else None


def _fields(what: Arrange, folder_id: str) -> dict[str, str | int | None]:
    match what:
        case Arrange.PIN:
            # Who pins something wants to see it.
            return {"pinned_at": now_ms(), "archived_at": 0}
        case Arrange.UNPIN:
            return {"pinned_at": 0}
        case Arrange.ARCHIVE:
            return {"archived_at": now_ms()}
        case Arrange.UNARCHIVE:
            return {"archived_at": 0}
        case Arrange.MOVE:
            return {"folder_id": folder_id, "archived_at": 0}
        case Arrange.DELETE:
            return {"deleted_at": now_ms()}
