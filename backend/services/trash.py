"""The trash: 30 days to change one's mind, then everything in it goes for good."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from backend.errors import NotFoundError, StoreError
from backend.ids import now_ms

if TYPE_CHECKING:
    from backend.store.history.changes import ChangeStore
    from backend.store.history.trash import Discarded, TrashStore

log = logging.getLogger("hearth.trash")

PAGE_SIZE: Final = 50
KEPT_DAYS: Final = 30
PURGE_EVERY_S: Final = 60 * 60.0
_DAY_MS: Final = 24 * 60 * 60 * 1000


class TrashService:
    """What a person does with what was deleted."""

    def __init__(
        self,
        trash: "TrashStore",
        changes: "ChangeStore",
        *,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._trash = trash
        self._changes = changes
        self._clock = clock

    def page(
        self, before: tuple[int, str] | None = None, limit: int = PAGE_SIZE
    ) -> "Sequence[Discarded]":
        """Return what is in the trash, latest first."""
        parameters = {"before": before} if before else {}
        return self._trash.page(limit=limit, **parameters)

    def days_left(self, since: int) -> int:
        """Return for how many days something stays that was changed last at a time."""
        return max(0, KEPT_DAYS - (self._clock() - since) // _DAY_MS)

    def restore(self, table: str, row_id: str) -> str:
        """Take something out of the trash; return the transaction to undo.

        Raises:
            NotFoundError: It is not there.
        """
        _check(table)
        return self._trash.restore(table, row_id)

    def forget(self, table: str, row_id: str) -> None:
        """Delete something in the trash for good.

        Raises:
            NotFoundError: It is not there.
        """
        _check(table)
        self._trash.check(table, row_id)
        self._changes.forget_all([(table, row_id)])

    def empty(self) -> None:
        """Delete everything that is in the trash now for good."""
        while there := self._trash.expired(self._clock() + 1):
            self._changes.forget_all(there)

    def purge(self) -> None:
        """Delete permanently what has been in the trash for 30 days.

        Every computer does so by itself, and none where it was taken out meanwhile.
        What a person changed on a computer that had not heard that it was deleted
        stays for 30 days from then.
        """
        before = self._clock() - KEPT_DAYS * _DAY_MS
        while expired := self._trash.expired(before, changed=before):
            self._changes.forget_all(expired, is_shared=False)
        self._changes.drop_unmade(before)

    async def keep_clean(self) -> None:
        """Purge now and then, for as long as this runs."""
        while True:
            try:
                await asyncio.to_thread(self.purge)
            except StoreError as exc:
                log.warning("the trash was not purged: %s", exc)
            await asyncio.sleep(PURGE_EVERY_S)


def _check(table: str) -> None:
    if table not in {"conversation", "note", "message", "folder", "assistant"}:
        raise NotFoundError("This is not in the trash.")
