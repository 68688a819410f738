"""When is exchanged: soon after a change, seldom while a place cannot be reached."""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from backend.errors import HearthError
from backend.runtime.side_threads import SideThreads

if TYPE_CHECKING:
    from backend.services.sync.pairing_moment import SyncMoment

log = logging.getLogger("hearth.sync")

PAIRING_EVERY_S: Final = 0.5
SOON_S: Final = 1.0
"""While somebody may see it, or something was new a short while ago."""
SOON_LOOKS: Final = 120
UNSEEN_S: Final = 15.0
"""While nobody sees it, as the window is hidden."""
FAILED_S: Final = 3.0
LONGEST_S: Final = 300.0
"""As seldom is looked at what cannot be reached."""
_HANGS_AFTER_S: Final = 60.0
_HANGS: Final = (
    "The folder or server does not answer. Check the drive or the network; Hearth goes "
    "on by itself."
)


class Pace:
    """Does step after step in a thread of its own, for as long as it runs."""

    def __init__(
        self,
        step: Callable[[], float | None],
        moment: "SyncMoment",
        changed: Callable[[], object],
    ) -> None:
        """Say what a step is: it returns when the next is due, None when called."""
        self._step = step
        self._now = moment
        self._changed = changed
        self._side = SideThreads(1)
        self._failures = 0
        self._quiet_looks = 0
        self._is_due = False
        self._wake: Callable[[], object] = lambda: None

    def pause_s(self, *, is_quiet: bool) -> float:
        """Return how long to wait after a look, which found nothing new if quiet."""
        self._quiet_looks = self._quiet_looks + 1 if is_quiet else 0
        is_watched = self._now.report.is_in_view or self._quiet_looks < SOON_LOOKS
        return SOON_S if is_watched else UNSEEN_S

    def soon(self) -> None:
        """Do the next step now, if one is due at all and the last one did not fail."""
        if self._is_due and not self._failures:
            self._wake()

    def hurry(self) -> None:
        """Do the next step now, whatever failed before."""
        self._failures = 0
        self._wake()

    async def keep(self) -> None:
        """Go on until this is cancelled."""
        woken, loop = asyncio.Event(), asyncio.get_running_loop()
        self._wake = lambda: loop.call_soon_threadsafe(woken.set)
        while True:
            woken.clear()
            pause_s = await self.step_beside()
            self._is_due = pause_s is not None
            try:
                async with asyncio.timeout(pause_s):
                    await woken.wait()
            except TimeoutError:
                continue

    async def step_beside(self) -> float | None:
        """Do a step in a thread; return how long to wait then, None for a call."""
        before = self._now.problem
        try:
            pause_s = await self._side.run("devices", self._step, _HANGS_AFTER_S)
            self._now.problem, self._failures = "", 0
        except TimeoutError:
            self._now.problem, pause_s = _HANGS, self._later()
        except HearthError as exc:
            log.info("nothing was exchanged: %s", exc)
            self._now.problem, pause_s = str(exc), self._later()
        if self._now.problem != before:
            self._changed()
        return pause_s

    def _later(self) -> float:
        """Return when to look again after one more failure: the more, the later.

        By chance a little more or less, so that not all computers come at once.
        """
        self._failures += 1
        doubled = FAILED_S * 2.0 ** min(self._failures - 1, 10)
        return min(doubled, LONGEST_S) * random.uniform(0.75, 1.25)  # noqa: S311 no secret
