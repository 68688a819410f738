"""What an answer waits for before its first word, and for how long."""

from msgspec import Struct
from msgspec.structs import replace

from backend.llm.engine import Delta, Wait


class Waiting(Struct, frozen=True):
    """What an answer waits for at a moment.

    Attributes:
        wait: What for.
        since: When that began, on a clock that stands still while this computer sleeps.
        began: When the whole waiting began.
        read: Which part of the question is read, up to 1; None when nobody says.
    """

    since: float
    began: float
    wait: Wait = Wait.SERVER
    read: float | None = None

    def after(self, delta: Delta, now: float) -> "Waiting":
        """Return what is waited for once a piece has arrived; words end it for good."""
        if self.wait is Wait.NOTHING:
            return self
        if delta.has_words:
            return replace(self, wait=Wait.NOTHING)
        wait = delta.wait or self.wait
        if wait is not self.wait:
            return replace(self, wait=wait, since=now, read=delta.read)
        return self if delta.read is None else replace(self, read=delta.read)

    def seconds(self, now: float) -> int:
        """Return for how long it has waited for this."""
        return int(max(now - self.since, 0))
