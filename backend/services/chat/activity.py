"""Tells the shell how answers go: what grows, what has ended, in whose conversation."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from backend.services.chat.answers import Audience
from backend.services.chat.growing import Growing

if TYPE_CHECKING:
    from backend.store.change_log import RowChange

ENDED_KEPT: Final = 64
_LOOK_AGAIN_S: Final = 3_600.0
_SHOWN_BY_SHELL: Final = {"conversation", "action"}


class Ended(Struct, frozen=True):
    """An answer that has ended.

    Attributes:
        seq: Rises with every change, also over restarts.
        seconds: How long it took.
    """

    seq: int
    message_id: str
    conversation_id: str
    seconds: float


class News(Struct, frozen=True):
    """How answers go, as of a sequence number."""

    seq: int
    growing: int
    ended: Sequence[Ended]


class PageAudience(Audience, Protocol):
    """Shows pages also what was committed, and what was read."""

    def committed(self, changes: "Sequence[RowChange]") -> None:
        """Show what a transaction changed."""

    def read_by_user(self) -> None:
        """Show that a conversation is no longer unread."""


class Bell:
    """Wakes everybody who waits for it now."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake them; who waits later waits for the next time."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """Return when it rings, or after so many seconds; then it is False."""
        with suppress(TimeoutError):
            return await asyncio.wait_for(self._rung.wait(), seconds)
        return False


class AnswerActivity:
    """Listens to the answers in front of another audience; lives on the event loop."""

    def __init__(self, audience: PageAudience) -> None:
        self._audience = audience
        self._growing: dict[str, tuple[Growing, float]] = {}
        self._ended: deque[Ended] = deque(maxlen=ENDED_KEPT)
        self._unread: set[str] = set()
        # As the events' numbers: exact in JSON, and above those of earlier runs.
        self._seq = time.time_ns() // 1000
        self._changed = Bell()
        self._grown = Bell()

    def committed(self, changes: "Sequence[RowChange]") -> None:
        """Pass it on, and wake the shell when it shows what changed."""
        try:
            self._audience.committed(changes)
        finally:
            if any(change.table in _SHOWN_BY_SHELL for change in changes):
                self._change()

    def began(self, answer: Growing) -> None:
        """Count the answer."""
        self._growing[answer.message_id] = (answer, time.monotonic())
        try:
            self._audience.began(answer)
        finally:
            self._change()

    def grew(self, answer: Growing) -> None:
        """Wake who waits for its text."""
        try:
            self._audience.grew(answer)
        finally:
            self._grown.ring()

    async def ended(self, answer: Growing) -> None:
        """Remember that it ended."""
        try:
            await self._audience.ended(answer)
        finally:
            self._end(answer)

    def storage_failed(self, sentence: str) -> None:
        """Pass it on."""
        self._audience.storage_failed(sentence)

    def is_answering(self, conversation_id: str) -> bool:
        """Whether an answer is being written in a conversation."""
        # Pages are made in threads, and answers begin and end meanwhile.
        growing = tuple(self._growing.values())
        return any(answer.conversation_id == conversation_id for answer, _ in growing)

    async def until_answering(self, *, answering: bool) -> None:
        """Return as soon as an answer is being written, or none is."""
        while bool(self._growing) is not answering:
            await self._changed.wait(_LOOK_AGAIN_S)

    def is_unread(self, conversation_id: str) -> bool:
        """Whether an answer ended in a conversation that was not read since."""
        return conversation_id in self._unread

    def read(self, conversation_id: str) -> None:
        """Take note that the user sees a conversation."""
        if conversation_id in self._unread:
            self._unread.discard(conversation_id)
            self._audience.read_by_user()

    async def news(self, since: int, wait_s: float) -> News:
        """Return how answers go, after a change if `since` is up to date.

        Whoever asks for the first time says 0 and hears nothing about what has ended.
        """
        if since == self._seq:
            await self._changed.wait(wait_s)
        ended = [answer for answer in self._ended if 0 < since < answer.seq]
        return News(self._seq, len(self._growing), ended)

    def growing(self, message_id: str) -> Growing | None:
        """Return a growing answer; None when it does not grow."""
        answer, _ = self._growing.get(message_id, (None, 0.0))
        return answer

    async def until_grown(self, wait_s: float) -> bool:
        """Return when any answer grows or ends, or False after so many seconds."""
        return await self._grown.wait(wait_s)

    def _change(self) -> None:
        self._seq += 1
        self._changed.ring()

    def _end(self, answer: Growing) -> None:
        growing, began_at = self._growing.get(answer.message_id, (None, 0.0))
        if growing is not answer:  # it is being written again already
            return
        del self._growing[answer.message_id]
        seconds = time.monotonic() - began_at
        self._seq += 1
        self._unread.add(answer.conversation_id)
        self._ended.append(
            Ended(self._seq, answer.message_id, answer.conversation_id, seconds)
        )
        self._change()
        self._grown.ring()
