"""When is exchanged: when called or something is stored, and later after failures."""

import asyncio

import pytest

from backend.services.sync.pace import (
    FAILED_S,
    LONGEST_S,
    SOON_LOOKS,
    SOON_S,
    UNSEEN_S,
    Pace,
)
from backend.services.sync.pairing_moment import SyncMoment
from backend.services.sync.shell_report import ShellReport
from backend.sync.transport import TransportError


class Steps:
    """Answers as it is told to, and counts."""

    def __init__(self, *outcomes: float | Exception | None) -> None:
        self.outcomes = iter(outcomes)
        self.moment = SyncMoment()
        self.heard = 0
        self.done = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.pace = Pace(self.step, self.moment, self.hear)

    def hear(self) -> None:
        self.heard += 1

    def step(self) -> float | None:
        self.loop.call_soon_threadsafe(self.done.set)
        outcome = next(self.outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def next(self) -> None:
        await asyncio.wait_for(self.done.wait(), 30)
        self.done.clear()


def test_failures_make_it_rarer_and_one_that_goes_well_ends_that() -> None:
    async def test() -> None:
        away = TransportError("Away.")
        steps = Steps(*[away] * 12, 1.0, away)
        waits = [await steps.pace.step_beside() for _ in range(14)]
        assert waits[12] == 1.0
        failed = [wait for wait in waits[:12] if wait]
        for count, wait in enumerate(failed):
            usual = min(FAILED_S * 2**count, LONGEST_S)
            assert usual * 0.75 <= wait <= usual * 1.25
        assert waits[13]
        assert waits[13] <= FAILED_S * 1.25
        assert steps.heard == 3
        assert steps.moment.problem == "Away."

    asyncio.run(test())


def test_while_nobody_looks_and_nothing_is_new_it_is_looked_at_less_often() -> None:
    moment = SyncMoment(report=ShellReport(is_in_view=False))
    pace = Pace(lambda: None, moment, lambda: None)
    for _ in range(2):
        waits = [pace.pause_s(is_quiet=True) for _ in range(SOON_LOOKS)]
        assert waits == [*[SOON_S] * (SOON_LOOKS - 1), UNSEEN_S]
        assert pace.pause_s(is_quiet=False) == SOON_S


def test_while_the_window_is_in_view_what_comes_is_seen_within_a_second() -> None:
    moment = SyncMoment()
    pace = Pace(lambda: None, moment, lambda: None)
    waits = {pace.pause_s(is_quiet=True) for _ in range(2 * SOON_LOOKS)}
    assert waits == {SOON_S}
    moment.report.is_in_view = False
    assert pace.pause_s(is_quiet=True) == UNSEEN_S
    moment.report.is_in_view = True
    assert pace.pause_s(is_quiet=True) == SOON_S


@pytest.mark.parametrize("call", ["hurry", "soon"])
def test_what_was_stored_is_told_at_once(call: str) -> None:
    async def test() -> None:
        steps = Steps(3_600.0, 3_600.0)
        going = asyncio.create_task(steps.pace.keep())
        await steps.next()
        while not steps.pace._is_due:
            await asyncio.sleep(0)
        getattr(steps.pace, call)()
        await steps.next()
        going.cancel()

    asyncio.run(test())


def test_where_nothing_is_exchanged_a_commit_costs_no_step() -> None:
    async def test() -> None:
        steps = Steps(None, 3_600.0)
        going = asyncio.create_task(steps.pace.keep())
        await steps.next()
        woken: list[object] = []
        steps.pace._wake = lambda: woken.append(1)
        steps.pace.soon()
        assert woken == []
        going.cancel()

    asyncio.run(test())
