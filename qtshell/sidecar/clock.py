"""Tells how much time passed, and how much of it the machine slept."""

import time
from typing import Final, Protocol

LATE_MS: Final = 1_000
"""A timer this late means that the whole machine, or the shell, stood still."""

_BOOTTIME: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


class Clock(Protocol):
    """Milliseconds from a fixed point; never set back."""

    def now_ms(self) -> int:
        """Return the time the machine was awake."""
        ...

    def slept_ms(self) -> int:
        """Return the time the machine was suspended, 0 where nobody knows."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now_ms(self) -> int:
        """Return the monotonic clock."""
        return time.monotonic_ns() // 1_000_000

    def slept_ms(self) -> int:
        """Return by how much the boot clock is ahead of the monotonic one."""
        if _BOOTTIME is None:
            return 0
        return (time.clock_gettime_ns(_BOOTTIME) - time.monotonic_ns()) // 1_000_000
