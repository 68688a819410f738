"""Keeps the store and the tasks that write answers in agreement."""

import asyncio
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from backend.errors import ConflictError, StoreError
from backend.services.chat.answers import AnswerService
from backend.store.states.message_state import MessageState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from backend.store.messages import MessageStore
    from backend.store.rows import AnyMessage

BUSY: Final = (
    "An answer is still being written in this conversation. Your text is kept: wait "
    "for the answer or stop it, then send again."
)
_READINGS: Final = 3
_BEGINNING_S: Final = 0.01
_PATIENCE: Final = 50


class Beginnings:
    """The conversations in which an answer begins just now."""

    def __init__(self, messages: "MessageStore", answers: AnswerService) -> None:
        self._messages = messages
        self._answers = answers
        self._beginning: set[str] = set()
        self._new = 0

    @contextmanager
    def new(self) -> "Iterator[None]":
        """Let a conversation begin, which has no id before it is stored."""
        self._new += 1
        try:
            yield
        finally:
            self._new -= 1

    @contextmanager
    def one(self, conversation_id: str, *, alone: bool = False) -> "Iterator[None]":
        """Let only one answer of a conversation begin at a time.

        Args:
            conversation_id: The conversation.
            alone: Nor may another one be written meanwhile.

        Raises:
            ConflictError: Another one is in the way.
        """
        is_written = alone and self._answers.is_answering(conversation_id)
        if is_written or conversation_id in self._beginning:
            raise ConflictError(BUSY)
        self._beginning.add(conversation_id)
        try:
            yield
        finally:
            self._beginning.discard(conversation_id)

    async def check_end(self, conversation_id: str) -> None:
        """Refuse to go on from an answer that is being written.

        Raises:
            ConflictError: It is what is shown last; in other branches it may grow.
        """
        if self._answers.is_answering(conversation_id):
            read = partial(self._messages.of_conversation, conversation_id, limit=1)
            found = await asyncio.to_thread(read)
            if any(self._answers.is_growing(message.id) for message in found):
                raise ConflictError(BUSY)

    async def read(
        self, read: "Callable[[], Sequence[AnyMessage]]"
    ) -> "Sequence[AnyMessage]":
        """Read messages in a state of the store that agrees with the tasks.

        A message still marked as being written, which no task writes any more, ended
        between the reading and now: it is read again. If it stays so, its end could
        not be stored, and it is ended here.
        """
        found = await self._read_begun(read)
        for reading in range(_READINGS):
            left = [message for message in found if self.is_left(message)]
            if not left:
                break
            if reading and not self._new and not self._is_beginning(left):
                with suppress(StoreError):
                    await self.end(left)
            found = await self._read_begun(read)
        return found

    def is_left(self, message: "AnyMessage") -> bool:
        """Whether a message is marked as being written and no task writes it."""
        is_open = message.state is MessageState.STREAMING
        return is_open and not self._answers.is_growing(message.id)

    async def end(self, left: "Sequence[AnyMessage]") -> None:
        """End messages that no task writes, with what was stored of them."""
        ids = [message.id for message in left]
        await asyncio.to_thread(self._messages.interrupt, ids)

    async def _read_begun(
        self, read: "Callable[[], Sequence[AnyMessage]]"
    ) -> "Sequence[AnyMessage]":
        found = await asyncio.to_thread(read)
        for _ in range(_PATIENCE):  # an engine may take its time to open
            if not self._is_beginning(found):
                break
            await asyncio.sleep(_BEGINNING_S)
            found = await asyncio.to_thread(read)
        return found

    def _is_beginning(self, found: "Sequence[AnyMessage]") -> bool:
        return any(message.conversation_id in self._beginning for message in found)
