"""The life of the sidecar, told without a process or a clock."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtshell.sidecar.lifecycle import (
    ABORT_PAUSE_MS,
    ALIVE,
    BACKOFF_MS,
    DEADLINES_MS,
    RESET_AFTER_MS,
    Effect,
    Event,
    Lifecycle,
    Phase,
    Reason,
    step,
)

DEATHS = {Event.EXITED, Event.BAD_REQUEST_ABORT, Event.OUT_OF_MEMORY, Event.NOT_STARTED}


@dataclass
class World:
    """Processes and time, as the supervisor would have them."""

    state: Lifecycle = field(default_factory=Lifecycle)
    now_ms: int = 1_000
    running: int = 0
    proved: bool = False
    done: list[Effect] = field(default_factory=list)

    def feed(self, event: Event, after_ms: int = 0) -> None:
        """Let time pass, let something happen, and do what is decided."""
        self.now_ms += after_ms
        if event in DEATHS:
            self.running -= 1
        before = self.state.phase
        self.state, effects = step(self.state, event, self.now_ms)
        for effect in effects:
            self.done.append(effect)
            if effect is Effect.SPAWN:
                self.running += 1
                self.proved = False
        if event is Event.PROVED and before is Phase.PROBING:
            self.proved = True

    def wait(self) -> None:
        """Let the deadline pass."""
        assert self.state.deadline_ms is not None
        self.feed(Event.DEADLINE, max(0, self.state.deadline_ms - self.now_ms))

    def boot(self) -> None:
        """Come up without trouble."""
        self.feed(Event.START)
        self.feed(Event.HANDSHAKE_RECEIVED, 100)
        self.feed(Event.PROVED, 10)
        assert self.state.phase is Phase.READY

    def is_in(self, phase: Phase) -> bool:
        """Whether this is the phase now."""
        return self.state.phase is phase

    def possible(self, event: Event) -> bool:
        """Whether the world could make this happen now."""
        needs_process = DEATHS | {
            Event.HANDSHAKE_RECEIVED,
            Event.MISMATCHED,
            Event.PROVED,
            Event.DISPROVED,
        }
        return self.running > 0 or event not in needs_process


WALK = st.lists(
    st.tuples(st.sampled_from(Event), st.sampled_from([0, 40, 300, 2_500, 21_000])),
    max_size=60,
)


def walked(path: list[tuple[Event, int]]) -> World:
    """Go through a sequence of events and look around after each."""
    world = World()
    for event, after_ms in path:
        if world.possible(event):
            world.feed(event, after_ms)
            check(world)
    return world


def check(world: World) -> None:
    """What must hold at every moment."""
    phase = world.state.phase
    assert world.running in (0, 1), "two sidecars"
    assert (world.running == 1) == (phase in ALIVE)
    if phase in (Phase.READY, Phase.UNRESPONSIVE):
        assert world.proved, "a page would be loaded from an unproved port"
    at_rest = phase in (Phase.STOPPED, Phase.FAILED)
    assert at_rest == (world.state.deadline_ms is None), "waits for nothing"


@given(WALK)
def test_there_are_never_two_and_none_serves_unproved(
    path: list[tuple[Event, int]],
) -> None:
    walked(path)


@given(WALK)
def test_the_user_can_always_stop(path: list[tuple[Event, int]]) -> None:
    world = walked(path)
    world.feed(Event.STOP)
    for _ in range(4):
        if world.state.phase is Phase.STOPPING:
            world.wait()
    if world.running:
        assert world.done[-1] is Effect.KILL
        world.feed(Event.EXITED)
    assert world.is_in(Phase.STOPPED)


@given(WALK)
def test_the_user_can_always_start_again(path: list[tuple[Event, int]]) -> None:
    world = walked(path)
    world.feed(Event.RESTART)
    if world.running and world.state.phase is Phase.ENDING:
        world.feed(Event.EXITED)
        world.wait()
    world.feed(Event.HANDSHAKE_RECEIVED)
    world.feed(Event.PROVED)
    assert world.is_in(Phase.READY)


def test_restarts_wait_longer_each_time_and_five_in_a_minute_give_up() -> None:
    world = World()
    world.feed(Event.START)
    pauses = []
    for _ in range(4):
        world.feed(Event.EXITED, 100)
        assert world.state.deadline_ms is not None
        pauses.append(world.state.deadline_ms - world.now_ms)
        world.wait()
    assert pauses == [0, 250, 500, 1_000]
    world.feed(Event.EXITED, 100)
    assert world.is_in(Phase.FAILED)
    assert world.state.reason is Reason.CRASHED


def test_failures_far_apart_are_tolerated_with_the_longest_pause() -> None:
    world = World()
    world.boot()
    for _ in range(9):
        world.feed(Event.EXITED, 120_000)
        world.wait()
        world.feed(Event.HANDSHAKE_RECEIVED)
        world.feed(Event.PROVED)
    world.feed(Event.EXITED, 120_000)
    assert world.state.deadline_ms == world.now_ms + BACKOFF_MS[-1]


def test_another_program_cannot_make_it_give_up_by_malformed_requests() -> None:
    world = World()
    world.boot()
    for _ in range(50):
        world.feed(Event.BAD_REQUEST_ABORT, 1_000)
        assert world.state.deadline_ms == world.now_ms + ABORT_PAUSE_MS
        assert world.state.reason is Reason.BAD_REQUEST_ABORT
        world.wait()
        world.feed(Event.HANDSHAKE_RECEIVED)
        world.feed(Event.PROVED)
    world.feed(Event.EXITED, 1_000)
    assert world.state.deadline_ms == world.now_ms


def test_a_minute_in_which_every_start_is_struck_down_is_enough() -> None:
    world = World()
    world.boot()
    began = world.now_ms
    while world.state.phase is not Phase.FAILED:
        world.feed(Event.BAD_REQUEST_ABORT, 700)
        if world.is_in(Phase.WAITING):
            world.wait()
            world.feed(Event.HANDSHAKE_RECEIVED)
    assert world.state.reason is Reason.BAD_REQUEST_ABORT
    assert 60_000 <= world.now_ms - began < 65_000


def test_ten_minutes_of_health_forgive() -> None:
    world = World()
    world.boot()
    for _ in range(3):
        world.feed(Event.EXITED, 1_000)
        world.wait()
        world.feed(Event.HANDSHAKE_RECEIVED)
        world.feed(Event.PROVED)
    world.feed(Event.EXITED, RESET_AFTER_MS)
    assert world.state.deadline_ms == world.now_ms


def test_silence_has_its_own_reason_and_ends_after_a_minute() -> None:
    world = World()
    world.feed(Event.START)
    starts = 0
    while world.state.phase is not Phase.FAILED:
        starts += 1
        world.wait()
        assert world.state.reason is Reason.SILENT
        assert world.done[-1] is Effect.KILL
        world.feed(Event.EXITED)
        if world.state.phase is Phase.WAITING:
            world.wait()
    assert starts == 3


def test_three_missed_beats_show_then_dump_then_kill_within_nine_seconds() -> None:
    world = World()
    world.boot()
    world.done.clear()
    began = world.now_ms
    phases = []
    while Effect.KILL not in world.done:
        world.wait()
        phases.append(world.state.phase)
    assert world.done == [
        *[Effect.BEAT] * 3,
        Effect.CANCEL_PROBES,
        Effect.DUMP,
        Effect.KILL,
    ]
    assert Phase.UNRESPONSIVE in phases
    assert world.state.reason is Reason.HUNG
    assert world.now_ms - began < 8_500


def test_an_answer_in_time_makes_it_well_again() -> None:
    world = World()
    world.boot()
    for _ in range(3):
        world.wait()
    assert world.is_in(Phase.UNRESPONSIVE)
    world.feed(Event.PROVED, 100)
    assert world.is_in(Phase.READY)
    assert world.state.unanswered == 0


def test_a_sleep_of_the_machine_is_no_hang() -> None:
    world = World()
    world.boot()
    for _ in range(3):
        world.wait()
    world.feed(Event.WOKE, 2_000)
    assert world.state.unanswered == 1
    world.feed(Event.DEADLINE, 5_000)
    assert world.is_in(Phase.UNRESPONSIVE)
    world.feed(Event.PROVED)
    assert world.is_in(Phase.READY)


def test_quitting_asks_then_terminates_then_kills_within_five_seconds() -> None:
    world = World()
    world.boot()
    world.done.clear()
    began = world.now_ms
    world.feed(Event.STOP)
    world.wait()
    world.wait()
    stop_sequence = [
        Effect.CANCEL_PROBES,
        Effect.CLOSE_STDIN,
        Effect.TERMINATE,
        Effect.KILL,
    ]
    assert world.done == stop_sequence
    assert world.now_ms - began == 5_000


def test_a_restart_by_the_user_waits_for_the_death_of_the_old_one() -> None:
    world = World()
    world.boot()
    world.feed(Event.RESTART_SAFELY)
    assert world.is_in(Phase.ENDING)
    assert world.done.count(Effect.SPAWN) == 1
    world.feed(Event.EXITED, 50)
    world.wait()
    assert world.done.count(Effect.SPAWN) == 2
    assert world.state.safe_mode
    assert world.state.failures == ()


@pytest.mark.parametrize("phase", [Phase.LAUNCHING, Phase.PROBING])
def test_a_deadline_that_comes_early_is_none(phase: Phase) -> None:
    state = Lifecycle(phase=phase, deadline_ms=DEADLINES_MS[phase])
    assert step(state, Event.DEADLINE, 10) == (state, ())


def test_health_is_counted_from_when_it_came_back() -> None:
    world = World()
    world.boot()
    world.feed(Event.EXITED, 1_000)
    world.wait()
    world.feed(Event.HANDSHAKE_RECEIVED, 100)
    world.feed(Event.PROVED, 10)
    while not world.is_in(Phase.UNRESPONSIVE):
        world.wait()
    world.feed(Event.PROVED, RESET_AFTER_MS)
    # Well for a moment only, however long ago it was proved first.
    world.feed(Event.EXITED, 1_000)
    assert len(world.state.failures) == 2
