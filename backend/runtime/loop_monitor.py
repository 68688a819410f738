"""Measures how long the handlers' loop stands still, which holds up every request."""

import asyncio
import logging
from collections import deque
from typing import Final

log = logging.getLogger("hearth.sidecar")

EVERY_S: Final = 1.0
"""Not more often, as each look wakes an idle computer."""
REMEMBERED: Final = 60
"""How many measurements count: those of the last minute."""
LOGGED_MS: Final = 1_000


class LoopWatch:
    """Wakes up on the loop again and again, and sees how late it is."""

    def __init__(self) -> None:
        self._lags_ms: deque[int] = deque(maxlen=REMEMBERED)
        self._task: asyncio.Task[None] | None = None

    @property
    def worst_ms(self) -> int:
        """The longest delay of the last minute."""
        return max(self._lags_ms, default=0)

    def begin(self) -> None:
        """Watch the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            lag_ms = round((loop.time() - due) * 1_000)
            self._lags_ms.append(lag_ms)
            if lag_ms >= LOGGED_MS:
                log.warning("all requests were held up for %d ms", lag_ms)
