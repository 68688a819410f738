"""The life of the sidecar as one pure function: phase, event, effect.

Standard library only. The supervisor owns the process and the clock; every decision
is taken here.

    STOPPED ─▶ LAUNCHING ─▶ PROBING ─▶ READY ◀─▶ UNRESPONSIVE
                   ▲            │         │            │
                WAITING ◀── (exited, or ENDING until it is dead)
                   └─▶ FAILED, after five failures in a minute, or a minute in vain
    STOP leads from everywhere, by STOPPING where a process lives, to STOPPED.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final


class Phase(Enum):
    """Where the sidecar is in its life."""

    STOPPED = "stopped"
    LAUNCHING = "launching"
    PROBING = "probing"
    READY = "ready"
    UNRESPONSIVE = "unresponsive"
    ENDING = "ending"
    WAITING = "waiting"
    FAILED = "failed"
    STOPPING = "stopping"


class Event(Enum):
    """What happened; the first four are wishes of the user."""

    START = "start"
    RESTART = "restart"
    RESTART_SAFELY = "restart safely"
    STOP = "stop"
    NOT_STARTED = "not started"
    HANDSHAKE_RECEIVED = "handshake received"
    MISMATCHED = "mismatched"
    PROVED = "proved"
    DISPROVED = "disproved"
    EXITED = "exited"
    BAD_REQUEST_ABORT = "aborted by a bad request"
    OUT_OF_MEMORY = "out of memory"
    DEADLINE = "deadline"
    WOKE = "woke"


class Effect(Enum):
    """What the supervisor must do."""

    SPAWN = "spawn"
    PROBE = "probe"
    BEAT = "beat"
    CANCEL_PROBES = "cancel probes"
    CLOSE_STDIN = "close stdin"
    DUMP = "dump"
    TERMINATE = "terminate"
    KILL = "kill"


class Reason(Enum):
    """Why the sidecar failed last, as a sentence for the user."""

    CRASHED = "Hearth's background process stopped unexpectedly."
    BAD_REQUEST_ABORT = (
        "Another program on this computer sends Hearth invalid requests, which stop "
        "its background process."
    )
    OUT_OF_MEMORY = (
        "Hearth's background process needed more memory than it may use. "
        "Another program on this computer may be sending it too much."
    )
    SILENT = "Hearth's background process did not report within 20 seconds."
    MISMATCHED = "Another process answered instead of Hearth's background process."
    UNPROVED = "Hearth's background process could not be verified."
    HUNG = "Hearth's background process stopped answering."
    NOT_STARTED = "Hearth's background process could not be started."


DEADLINES_MS: Final[dict[Phase, int]] = {
    Phase.LAUNCHING: 20_000,
    Phase.PROBING: 10_000,
    Phase.READY: 2_000,
    Phase.UNRESPONSIVE: 1_500,
}
"""How long a phase may wait; for the last two, the time between heartbeats.

The last one is shorter, so that a hang is over within nine seconds, restart included.
"""

STOP_SEQUENCE: Final[tuple[tuple[Effect, int], ...]] = (
    (Effect.CLOSE_STDIN, 3_000),
    (Effect.TERMINATE, 2_000),
    (Effect.KILL, 2_000),
)
"""How a process is ended, each step with its patience; the last one repeats."""

DUMP_MS: Final = 150
BACKOFF_MS: Final = (0, 0, 250, 500, 1_000, 2_000, 4_000)
"""The pause before the next start, by the number of failures remembered."""

ABORT_PAUSE_MS: Final = 250
"""The pause after a malformed request, which is no fault of the sidecar's.

Waiting longer would only do for the other program what it is after.
"""

GIVE_UP_AFTER: Final = 5
GIVE_UP_WITHIN_MS: Final = 60_000
RESET_AFTER_MS: Final = 600_000
MISSES_SHOWN: Final = 2
MISSES_HUNG: Final = 3
WAKE_GRACE_MS: Final = 10_000

ALIVE: Final = frozenset(
    {
        Phase.LAUNCHING,
        Phase.PROBING,
        Phase.READY,
        Phase.UNRESPONSIVE,
        Phase.ENDING,
        Phase.STOPPING,
    }
)
"""The phases in which a process exists."""

_SERVING: Final = frozenset({Phase.READY, Phase.UNRESPONSIVE})
_LEAVING: Final = frozenset({Phase.ENDING, Phase.STOPPING})
_REASON_OF_DEATH: Final = {
    Event.EXITED: Reason.CRASHED,
    Event.BAD_REQUEST_ABORT: Reason.BAD_REQUEST_ABORT,
    Event.OUT_OF_MEMORY: Reason.OUT_OF_MEMORY,
    Event.NOT_STARTED: Reason.NOT_STARTED,
}
_REASON_AT_DEADLINE: Final = {
    Phase.LAUNCHING: Reason.SILENT,
    Phase.PROBING: Reason.UNPROVED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """Everything the next decision depends on.

    Attributes:
        deadline_ms: When DEADLINE is due; None while nothing is waited for.
        failures: When it failed lately, oldest first.
        since_ms: When READY was reached, or when trying to reach it began.
        unanswered: Heartbeats sent since the last answer.
        stop_step: Which step of the ladder was taken last.
        reason: Why it failed last; None after the user asked for it.
    """

    phase: Phase = Phase.STOPPED
    deadline_ms: int | None = None
    failures: tuple[int, ...] = ()
    since_ms: int = 0
    unanswered: int = 0
    stop_step: int = 0
    reason: Reason | None = None
    safe_mode: bool = False


Step = tuple[Lifecycle, tuple[Effect, ...]]


def step(state: Lifecycle, event: Event, now_ms: int) -> Step:
    """Move the state by one event; what does not fit the phase changes nothing."""
    match event:
        case Event.START:
            return _on_start(state, now_ms)
        case Event.RESTART | Event.RESTART_SAFELY:
            fresh = _reset(state, safe_mode=event is Event.RESTART_SAFELY)
            return _on_restart(fresh, now_ms)
        case Event.STOP:
            return _on_stop(state, now_ms)
        case Event.DEADLINE:
            return _on_deadline(state, now_ms)
        case Event.WOKE:
            return _on_wake(state, now_ms)
        case _:
            return _on_process(state, event, now_ms)


def _on_start(state: Lifecycle, now_ms: int) -> Step:
    if state.phase in ALIVE and state.phase is not Phase.STOPPING:
        return state, ()
    return _on_restart(_reset(state), now_ms)


def _on_restart(state: Lifecycle, now_ms: int) -> Step:
    fresh = replace(state, since_ms=now_ms)
    if state.phase in _LEAVING:
        return replace(fresh, phase=Phase.ENDING), ()
    if state.phase in ALIVE:
        return _escalate(replace(fresh, phase=Phase.ENDING), 0, now_ms)
    return _launch(fresh, now_ms)


def _on_stop(state: Lifecycle, now_ms: int) -> Step:
    if state.phase in _LEAVING:
        return replace(state, phase=Phase.STOPPING), ()
    if state.phase in ALIVE:
        return _escalate(replace(state, phase=Phase.STOPPING), 0, now_ms)
    return replace(state, phase=Phase.STOPPED, deadline_ms=None), ()


def _on_process(state: Lifecycle, event: Event, now_ms: int) -> Step:
    match event, state.phase:
        case Event.HANDSHAKE_RECEIVED, Phase.LAUNCHING:
            return _enter(state, Phase.PROBING, now_ms), (Effect.PROBE,)
        case Event.MISMATCHED, Phase.LAUNCHING:
            return _end(state, Reason.MISMATCHED, now_ms)
        case Event.PROVED, Phase.PROBING:
            ready = replace(state, since_ms=now_ms, unanswered=0)
            return _enter(ready, Phase.READY, now_ms), ()
        case Event.PROVED, Phase.READY:
            return replace(state, unanswered=0), ()
        case Event.PROVED, Phase.UNRESPONSIVE:
            well = replace(state, unanswered=0, since_ms=now_ms)
            return _enter(well, Phase.READY, now_ms), ()
        case Event.DISPROVED, Phase.PROBING | Phase.READY | Phase.UNRESPONSIVE:
            return _end(state, Reason.UNPROVED, now_ms)
        case (event, phase) if event in _REASON_OF_DEATH and phase in ALIVE:
            return _on_death(state, event, now_ms)
        case _:
            return state, ()


def _on_death(state: Lifecycle, event: Event, now_ms: int) -> Step:
    if state.phase is Phase.STOPPING:
        gone = replace(state, phase=Phase.STOPPED, deadline_ms=None)
    elif state.phase is Phase.ENDING:
        gone = _after_exit(state, now_ms)
    else:
        gone = _after_exit(
            _record_failure(state, _REASON_OF_DEATH[event], now_ms), now_ms
        )
    return gone, (Effect.CANCEL_PROBES,)


def _on_deadline(state: Lifecycle, now_ms: int) -> Step:
    if state.deadline_ms is None or now_ms < state.deadline_ms:
        return state, ()
    if state.phase in _SERVING:
        return _on_beat_due(state, now_ms)
    if state.phase in _LEAVING:
        return _escalate(
            state, min(state.stop_step + 1, len(STOP_SEQUENCE) - 1), now_ms
        )
    if state.phase is Phase.WAITING:
        return _launch(state, now_ms)
    return _end(state, _REASON_AT_DEADLINE[state.phase], now_ms)


def _on_beat_due(state: Lifecycle, now_ms: int) -> Step:
    if state.unanswered >= MISSES_HUNG:
        hung = _record_failure(state, Reason.HUNG, now_ms)
        ending = replace(
            hung,
            phase=Phase.ENDING,
            stop_step=len(STOP_SEQUENCE) - 2,
            deadline_ms=now_ms + DUMP_MS,
        )
        return ending, (Effect.CANCEL_PROBES, Effect.DUMP)
    shown = state.unanswered >= MISSES_SHOWN
    phase = Phase.UNRESPONSIVE if shown else state.phase
    beating = replace(state, unanswered=state.unanswered + 1)
    return _enter(beating, phase, now_ms), (Effect.BEAT,)


def _on_wake(state: Lifecycle, now_ms: int) -> Step:
    """Nothing said before a sleep or a stall of the machine counts as a hang."""
    if state.phase in _SERVING:
        awake = replace(state, unanswered=1, deadline_ms=now_ms + WAKE_GRACE_MS)
        return awake, (Effect.BEAT,)
    if state.phase in _REASON_AT_DEADLINE:
        return _enter(state, state.phase, now_ms), ()
    if state.phase in _LEAVING:
        patience_ms = STOP_SEQUENCE[state.stop_step][1]
        return replace(state, deadline_ms=now_ms + patience_ms), ()
    if state.phase is Phase.WAITING:
        return replace(state, deadline_ms=now_ms), ()
    return state, ()


def _launch(state: Lifecycle, now_ms: int) -> Step:
    return _enter(state, Phase.LAUNCHING, now_ms), (Effect.SPAWN,)


def _enter(state: Lifecycle, phase: Phase, now_ms: int) -> Lifecycle:
    return replace(state, phase=phase, deadline_ms=now_ms + DEADLINES_MS[phase])


def _end(state: Lifecycle, reason: Reason, now_ms: int) -> Step:
    """A process that cannot be used is killed: it has nothing of ours to save."""
    ending = replace(_record_failure(state, reason, now_ms), phase=Phase.ENDING)
    after, effects = _escalate(ending, len(STOP_SEQUENCE) - 1, now_ms)
    return after, (Effect.CANCEL_PROBES, *effects)


def _escalate(state: Lifecycle, stop_step: int, now_ms: int) -> Step:
    effect, patience_ms = STOP_SEQUENCE[stop_step]
    effects = (Effect.CANCEL_PROBES, effect) if stop_step == 0 else (effect,)
    return replace(
        state, stop_step=stop_step, deadline_ms=now_ms + patience_ms
    ), effects


def _record_failure(state: Lifecycle, reason: Reason, now_ms: int) -> Lifecycle:
    served = state.phase in _SERVING
    healthy = served and now_ms - state.since_ms >= RESET_AFTER_MS
    before = () if healthy else state.failures[1 - len(BACKOFF_MS) :]
    own = () if reason is Reason.BAD_REQUEST_ABORT else (now_ms,)
    return replace(
        state,
        failures=(*before, *own),
        reason=reason,
        since_ms=now_ms if served else state.since_ms,
    )


def _after_exit(state: Lifecycle, now_ms: int) -> Lifecycle:
    """Decide, once the process is dead, whether and when the next one starts."""
    recent = [at for at in state.failures if now_ms - at < GIVE_UP_WITHIN_MS]
    aborted = state.reason is Reason.BAD_REQUEST_ABORT
    tried_ms = now_ms - state.since_ms
    in_vain = (aborted or bool(recent)) and tried_ms >= GIVE_UP_WITHIN_MS
    if in_vain or (len(recent) >= GIVE_UP_AFTER and not aborted):
        return replace(state, phase=Phase.FAILED, deadline_ms=None)
    pause_ms = BACKOFF_MS[min(len(state.failures), len(BACKOFF_MS) - 1)]
    if aborted:
        pause_ms = ABORT_PAUSE_MS
    return replace(state, phase=Phase.WAITING, deadline_ms=now_ms + pause_ms)


def _reset(state: Lifecycle, *, safe_mode: bool = False) -> Lifecycle:
    return replace(state, failures=(), reason=None, safe_mode=safe_mode)
