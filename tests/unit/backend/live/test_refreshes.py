"""Pages hear at once of one change, and of many the less often the longer they last."""

import asyncio
import selectors
from itertools import pairwise

from backend.live.refreshes import AT_LEAST_S, AT_MOST_S, Refreshes
from backend.web.events import EventHub


class Skipping(selectors.DefaultSelector):
    """Waits for nothing: its clock jumps to what is due next."""

    now = 0.0

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0)


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop with that clock."""

    def __init__(self) -> None:
        self._clock = Skipping()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def test_a_long_row_of_changes_is_heard_once_a_second_in_the_end() -> None:
    async def run() -> list[float]:
        hub, loop = EventHub(), asyncio.get_running_loop()
        refreshes, heard = Refreshes(hub), list[float]()

        async def change() -> None:
            before = hub.seq
            refreshes.add({"conversations"})
            await asyncio.sleep(0.01)
            if hub.seq != before:
                heard.append(loop.time())

        for _ in range(1_000):
            await change()
        await asyncio.sleep(2 * AT_MOST_S)
        quiet, seq = loop.time(), hub.seq
        await change()
        assert hub.seq == seq + 1
        assert heard[-1] - quiet < AT_LEAST_S
        return heard[:-1]

    loop = SkippingLoop()
    try:
        heard = loop.run_until_complete(run())
    finally:
        loop.close()
    pauses = [later - earlier for earlier, later in pairwise(heard)]
    assert 10 < len(heard) < 20
    assert pauses[0] < 2 * AT_LEAST_S
    assert max(pauses) <= AT_MOST_S + 0.02


def test_an_answer_that_begins_goes_before_lists() -> None:
    async def run() -> None:
        hub, loop = EventHub(), asyncio.get_running_loop()
        refreshes, begun, seq = Refreshes(hub), loop.time(), hub.seq
        refreshes.add({"conversations"}, is_busy=True)
        refreshes.add({"notes"})
        assert hub.seq == seq
        while hub.seq == seq:
            await asyncio.sleep(0.01)
        assert loop.time() - begun < AT_LEAST_S + 0.02
        assert hub.seq == seq + 2  # one for each list

    loop = SkippingLoop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
