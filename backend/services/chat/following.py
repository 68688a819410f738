"""Lets somebody follow an answer: what is new of it, and what takes the place of what.

A follower says how much of the text it has, and by a checksum what: so it can go on at
any place, over another connection or with a sidecar that was started again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from backend.interface.api_types import AnswerPiece, checksum
from backend.services.chat.activity import AnswerActivity
from backend.services.chat.endings import KeptAnswer, is_whole, note_of
from backend.services.chat.growing import Growing
from backend.store.states.message_state import MessageState

if TYPE_CHECKING:
    from backend.store.rows import AnyMessage


class TextChange(NamedTuple):
    """From this position on, the text is now this one."""

    at: int
    text: str


class KnownText(Struct, frozen=True):
    """What a follower has of a text."""

    chars: int = 0
    sum: int = 0

    def right_in(self, text: str) -> int:
        """Return how much of it is right in a text: all or nothing."""
        is_right = self.chars <= len(text) and checksum(text[: self.chars]) == self.sum
        return self.chars if is_right else 0


class FollowerPlace:
    """The place of one follower in a growing answer."""

    def __init__(self, answer: Growing, known: KnownText) -> None:
        self.answer = answer
        self._at = known.chars
        self._right = known.right_in(answer.text)
        self._seen = len(answer.corrections)

    def next(self) -> TextChange | None:
        """Return what the follower lacks; what it has too much begins there as well."""
        fresh = self.answer.corrections[self._seen :]
        self._seen += len(fresh)
        at = min([self._right, *fresh])
        text = self.answer.text_from(at)
        if at == self._at and not text:
            return None
        self._at = self._right = at + len(text)
        return TextChange(at, text)

    @property
    def known(self) -> KnownText:
        """What the follower has, once it has every change."""
        return KnownText(self._at, checksum(self.answer.text[: self._at]))


async def pieces(
    activity: AnswerActivity,
    known: KnownText,
    message_id: str,
    stored: "Callable[[], Awaitable[AnyMessage]]",
    kept: Callable[[], Awaitable[KeptAnswer]],
    keep_alive_s: float,
) -> AsyncIterator[AnswerPiece | None]:
    """Yield an answer piece by piece until it has ended.

    Args:
        activity: Knows the answers that grow.
        known: What the follower has already.
        message_id: The answer.
        stored: Returns it as it is stored now.
        kept: Returns what else became of it when it has ended.
        keep_alive_s: After so many seconds without a piece there is a None.
    """
    while True:
        if growing := activity.growing(message_id):
            reader = FollowerPlace(growing, known)
            async for piece in _growth(activity, reader, keep_alive_s):
                yield piece
            known = reader.known
        message = await stored()
        if message.state is not MessageState.STREAMING:
            break
        # It is stored before it grows, and may be begun again where it ended.
        is_growing = activity.growing(message_id) is not None
        if not is_growing and not await activity.until_grown(keep_alive_s):
            yield None
    at = known.right_in(message.text)
    yield _last_piece(message, TextChange(at, message.text[at:]), await kept())


async def _growth(
    activity: AnswerActivity, reader: FollowerPlace, keep_alive_s: float
) -> AsyncIterator[AnswerPiece | None]:
    """Yield changes as long as an answer grows, and what came with its end."""
    while activity.growing(reader.answer.message_id) is reader.answer:
        if change := reader.next():
            yield _piece(change)
        elif not await activity.until_grown(keep_alive_s):
            yield None
    if change := reader.next():
        yield _piece(change)


def _piece(change: TextChange) -> AnswerPiece:
    return AnswerPiece(at=change.at, text=change.text, state=MessageState.STREAMING)


def _last_piece(
    message: "AnyMessage", change: TextChange, kept: KeptAnswer
) -> AnswerPiece:
    """Return how an answer ended."""
    return AnswerPiece(
        at=change.at,
        text=change.text,
        state=message.state,
        note=" ".join(filter(None, (note_of(message), kept.error))),
        error=kept.error if is_whole(message) else note_of(message),
        outcome=kept.outcome,
        model=message.model,
    )
