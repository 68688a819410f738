"""Slow is not dead: what is waited for, how long, and that Stop ends every wait."""

import asyncio
import math
import selectors
import threading
import time
from collections.abc import Callable
from contextlib import aclosing

import pytest
from msgspec.structs import replace

from backend.errors import EngineFault
from backend.llm.engine import Delta
from backend.llm.wire.limits import BUILT_IN, FAR, NEAR, Limits
from backend.llm.wire.patience import patience
from tests.helpers.asking import ASK, LET_GO_S, QUICK, answer_of, ask, engine_at
from tests.helpers.model_server import (
    HEAD,
    Exchange,
    FakeModelServer,
    Script,
    event,
    in_turn,
    refuse,
    stall_after,
)

HI = event({"content": "Hi"})
PAUSE_S = 5
"""The shortest of what is waited for below."""
LOADING = refuse(503, {"message": "Loading model", "type": "unavailable_error"})


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock does not wait: the next timer is due at once.

    Attributes:
        leaps: Moments at which the clock jumps ahead by so many seconds: the computer
            slept, and its clock went on.
    """

    def __init__(self, leaps: dict[float, float]) -> None:
        super().__init__()
        self._now = 0.0
        self._leaps = dict(leaps)

    def time(self) -> float:
        return self._now

    def call_at(
        self, when: float, callback: Callable[..., object], *args: object, **_: object
    ) -> asyncio.TimerHandle:
        return super().call_at(when, callback, *args)

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self._now = max(self._now, self._scheduled[0].when())  # type: ignore[attr-defined]
            for moment in [m for m in self._leaps if m <= self._now]:
                self._now += self._leaps.pop(moment)
        super()._run_once()  # type: ignore[misc]


def patience_of(seconds: float, leaps: dict[float, float], until: float) -> float:
    """Return when patience ended, waiting for what comes at a moment."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        try:
            async with patience(seconds):
                while loop.time() < until:
                    await asyncio.sleep(0.5)
        except TimeoutError:
            return -loop.time()
        return loop.time()

    with asyncio.Runner(loop_factory=lambda: SkippingLoop(leaps)) as runner:
        return runner.run(main())


def test_patience_ends_when_its_time_is_over() -> None:
    assert patience_of(60, {}, until=1000) == pytest.approx(-60, abs=1)
    assert patience_of(0.25, {}, until=1000) == pytest.approx(-0.25, abs=0.6)
    assert patience_of(60, {}, until=59) == pytest.approx(59, abs=1)
    assert patience_of(math.inf, {}, until=10_000) >= 10_000


def test_a_night_asleep_counts_for_nothing() -> None:
    night = 8 * 3600.0
    ended = -patience_of(60, {30: night}, until=2 * night)
    assert night + 55 < ended < night + 63
    assert patience_of(60, {30: night}, until=night + 50) > night


def test_signs_of_life_give_new_patience() -> None:
    signs = 0

    async def main() -> float:
        nonlocal signs
        loop = asyncio.get_running_loop()
        try:
            async with patience(10, lambda: signs):
                for _ in range(5):
                    await asyncio.sleep(8)
                    signs += 1
                await asyncio.sleep(100)
        except TimeoutError:
            return loop.time()
        return math.inf

    with asyncio.Runner(loop_factory=lambda: SkippingLoop({})) as runner:
        assert 48 < runner.run(main()) < 53


def test_the_limits_of_a_place_are_those_of_slow_computers() -> None:
    assert {NEAR.first_byte_s, NEAR.stall_s, NEAR.wordless_s} == {math.inf}
    assert NEAR.loading_s >= 600
    assert FAR.first_byte_s >= 300
    assert FAR.loading_s >= 60
    # llama.cpp sends a comment every 30 s while it works.
    assert BUILT_IN.stall_s > 60
    assert FAR.line_bytes == NEAR.line_bytes == 16 * 1024 * 1024


PACE_S = 0.1


def paced(*steps: bytes, after: int = 0) -> Script:
    """Send one step after the other, each after a moment; the head comes late, too."""

    def script(exchange: Exchange) -> None:
        pause = threading.Event()
        for _ in range(after):
            pause.wait(PACE_S)
        exchange.send(HEAD)
        for step in steps:
            pause.wait(PACE_S)
            exchange.send(step)

    return script


PACED = replace(QUICK, first_byte_s=0.5, stall_s=0.5, wordless_s=30)

ALIVE: dict[str, tuple[bytes, ...]] = {
    "comments before the first word": (*[b": ping\n\n"] * 9, HI, event({}, "stop")),
    "a role before the first word": (
        event({"role": "assistant"}),
        *[b": ping\n\n"] * 9,
        HI,
        event({}, "stop"),
    ),
    "comments between words": (HI, *[b": ping\n\n"] * 9, event({}, "stop")),
    "half an event": (HI[:9], HI[9:20], HI[20:], event({}, "stop")),
}


@pytest.mark.parametrize("steps", ALIVE.values(), ids=ALIVE)
def test_signs_of_life_keep_an_answer_alive(steps: tuple[bytes, ...]) -> None:
    text, error, _ = ask(paced(*steps), limits=PACED)
    assert (text, error) == ("Hi", None)


def test_a_role_alone_is_no_first_word() -> None:
    steps = (event({"role": "assistant"}), *[b""] * 5, HI, event({}, "stop"))
    limits = replace(QUICK, first_byte_s=10, stall_s=0.3)
    assert ask(paced(*steps), limits=limits)[:2] == ("Hi", None)


def test_pings_without_a_word_end_one_day_far_away() -> None:
    limits = replace(QUICK, wordless_s=0.5)
    _, error, _ = ask(paced(*[b": ping\n\n"] * 99), limits=limits)
    assert error is not None
    assert error.fault is EngineFault.TIMEOUT


@pytest.mark.parametrize(
    "second",
    [
        paced(HI, event({}, "stop"), after=12),
        paced(*[b""] * 12, HI, event({}, "stop")),
    ],
    ids=["before the headers", "after the headers"],
)
def test_one_answer_is_a_sign_of_life_for_the_next(second: Script) -> None:
    """One slot serves one answer after the other, and says nothing meanwhile."""
    limits = replace(QUICK, first_byte_s=0.5)
    first = paced(*[HI] * 12, event({}, "stop"))

    async def main(server: FakeModelServer) -> list[str]:
        engine = engine_at(server.url, limits)

        async def text() -> str:
            deltas = [delta async for delta in engine.stream("m", ASK)]
            return "".join(delta.text for delta in deltas)

        busy = asyncio.create_task(text())
        while not server.requests:
            await asyncio.sleep(0.01)
        both = list(await asyncio.gather(busy, text()))
        await engine.close()
        return both

    with FakeModelServer(first, second) as server:
        assert asyncio.run(main(server)) == ["Hi" * 12, "Hi"]


HURRY = 300


class HurriedSelector(selectors.DefaultSelector):
    """Waits only for a moment of what it is asked to wait."""

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout and timeout / HURRY)


class HurriedLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock goes that much faster."""

    def __init__(self) -> None:
        super().__init__(HurriedSelector())

    def time(self) -> float:
        return super().time() * HURRY


@pytest.mark.parametrize("limits", [NEAR, FAR], ids=["near", "far"])
def test_eleven_minutes_are_no_reason_to_end_an_answer(limits: Limits) -> None:
    def slow(exchange: Exchange) -> None:
        pause = threading.Event()
        pause.wait(150 / HURRY)
        exchange.send(HEAD)
        for _ in range(22):
            pause.wait(30 / HURRY)
            exchange.send(HI)
        exchange.send(event({}, "stop"))

    async def main(url: str) -> tuple[str, float]:
        clock = asyncio.get_running_loop().time
        began = clock()
        # Only to connect takes real time.
        patient = replace(limits, connect_s=limits.connect_s * HURRY)
        got, error = await answer_of(url, ASK, patient)
        assert error is None
        return "".join(delta.text for delta in got), clock() - began

    with (
        FakeModelServer(slow) as server,
        asyncio.Runner(loop_factory=HurriedLoop) as runner,
    ):
        text, seconds = runner.run(main(server.url))
    assert text == "Hi" * 22
    assert seconds >= 150 + 11 * 60


@pytest.mark.parametrize("is_here", [True, False], ids=["near", "far"])
def test_where_a_server_is_decides_how_long_it_may_be_silent(
    monkeypatch: pytest.MonkeyPatch, is_here: bool
) -> None:
    async def is_near(_: str) -> bool:
        return is_here

    hasty = replace(QUICK, first_byte_s=0.2, stall_s=0.2)
    monkeypatch.setattr("backend.llm.openai_compatible.FAR", hasty)
    if not is_here:
        monkeypatch.setattr("backend.llm.openai_compatible.is_near", is_near)
    script = paced(*[b""] * 6, HI, *[b""] * 6, event({}, "stop"), after=4)
    text, error, _ = ask(script, limits=None)
    assert (text, error is None) == ("Hi" * is_here, is_here)


def loading_for(times: int) -> Script:
    return in_turn(*[LOADING] * times, lambda e: e.say("Hi"))


def test_a_model_that_loads_is_waited_for() -> None:
    limits = replace(QUICK, loading_s=60, loading_waits_s=(0.01, 0.02))
    text, error, server = ask(loading_for(20), limits=limits)
    assert (text, error) == ("Hi", None)
    assert len(server.requests) == 21


def test_a_model_that_loads_is_waited_for_far_away_too() -> None:
    words = refuse(503, {"message": "Model x is currently loading"}, "Retry-After: 0")
    limits = replace(FAR, loading_waits_s=(0.01,))
    text, error, _ = ask(in_turn(*[words] * 9, lambda e: e.say("Hi")), limits=limits)
    assert (text, error) == ("Hi", None)


def test_a_server_near_that_is_not_there_yet_is_waited_for() -> None:
    away = in_turn(*[lambda e: e.answer(503, "")] * 9, lambda e: e.say("Hi"))
    limits = replace(QUICK, unavailable_s=60)
    assert ask(away, limits=limits)[:2] == ("Hi", None)


def test_pauses_grow_and_end_when_the_time_is_over() -> None:
    limits = replace(QUICK, loading_s=0.5, loading_waits_s=(0.01, 0.05, 0.2))
    _, error, server = ask(LOADING, limits=limits)
    assert error is not None
    assert error.fault is EngineFault.LOADING
    assert "loading" in str(error)
    assert len(server.requests) == 5  # after 0.01, 0.06, 0.26, 0.46 s


WAITS: dict[str, Script] = {
    "silence": Exchange.hang,
    "headers": stall_after(HEAD),
    "a word": stall_after(HEAD, HI),
    "a reason": stall_after(HEAD, HI, event({}, "stop")),
    "loading": LOADING,
    "a pause": refuse(429, {"message": "slow"}, f"Retry-After: {PAUSE_S}"),
}


@pytest.mark.parametrize("limits", [None, FAR], ids=["near", "far"])
@pytest.mark.parametrize("script", WAITS.values(), ids=WAITS)
def test_stop_ends_every_wait_at_once(script: Script, limits: Limits | None) -> None:
    async def main(server: FakeModelServer) -> float:
        reading = asyncio.create_task(answer_of(server.url, ASK, limits))
        while not server.requests:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        started = time.monotonic()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        if script in (Exchange.hang, WAITS["headers"], WAITS["a word"]):
            assert await asyncio.to_thread(server.requests[0].gone.wait, LET_GO_S)
        return time.monotonic() - started

    with FakeModelServer(script) as server:
        assert asyncio.run(main(server)) < PAUSE_S


def test_closing_the_iterator_lets_go_of_the_server() -> None:
    async def main(server: FakeModelServer) -> None:
        engine = engine_at(server.url)
        async with aclosing(engine.stream("m", ASK)) as deltas:
            assert await anext(deltas) == Delta("Hi")
        assert await asyncio.to_thread(server.requests[0].gone.wait, LET_GO_S)
        await engine.close()

    with FakeModelServer(stall_after(HEAD, HI)) as server:
        asyncio.run(main(server))
