"""Waits for something, for as long as this computer was awake meanwhile."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

_TICK_S: Final = 1.0


@asynccontextmanager
async def patience(
    seconds: float, signs_of_life: Callable[[], int] = lambda: 0
) -> AsyncIterator[None]:
    """End what is inside with a TimeoutError after so many seconds.

    Args:
        seconds: May be infinite.
        signs_of_life: A number; the seconds begin again whenever it has changed.
    """
    if math.isinf(seconds):
        yield
        return
    async with asyncio.timeout(None) as deadline:
        count = _Count(seconds, signs_of_life, deadline)
        try:
            yield
        finally:
            count.stop()


class _Count:
    """Counts time in small steps; a step that took far longer counts as one.

    Then the computer slept, and what is waited for had no chance. On some systems the
    clocks of event loops go on meanwhile.
    """

    def __init__(
        self,
        seconds: float,
        signs_of_life: Callable[[], int],
        deadline: asyncio.Timeout,
    ) -> None:
        self._seconds = self._left = seconds
        self._signs_of_life = signs_of_life
        self._seen = signs_of_life()
        self._deadline = deadline
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._timer = self._wait()

    def stop(self) -> None:
        self._timer.cancel()

    def _wait(self) -> asyncio.TimerHandle:
        return self._loop.call_later(min(self._left, _TICK_S), self._tick)

    def _tick(self) -> None:
        now, signs = self._loop.time(), self._signs_of_life()
        self._left -= min(now - self._last, 2 * _TICK_S)
        self._last = now
        if signs != self._seen:
            self._left, self._seen = self._seconds, signs
        if self._left <= 0:
            self._deadline.reschedule(now)
        else:
            self._timer = self._wait()
