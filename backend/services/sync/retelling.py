"""How often all is told again because a place has lost it: not for ever.

A place that is set back, or that lies, could have a computer send all it has again and
again. The first times are free, then more and more time passes in between.
"""

from dataclasses import replace
from typing import Final

from backend.ids import now_ms
from backend.store.sync.state import SyncState
from backend.sync.transport import TransportError

FREE: Final = 3
HOUR_MS: Final = 3600 * 1000
_DAY_MS: Final = 24 * HOUR_MS
_FORGIVEN_MS: Final = 7 * _DAY_MS

_LOST: Final = "The {where} has lost what this computer sent {times} times."
_COPIED: Final = (
    "There is a copy of this computer's data that is used too, or it was restored from "
    "a backup: {times} times the {where} had something else from it than it sent."
)


class HeldBackError(TransportError):
    """All is to be told once more, and that has happened too often."""


def pause_after(times: int, free: int = FREE) -> int:
    """Return how long to wait after something was done so often, in milliseconds."""
    return 0 if times < free else min(HOUR_MS << min(times - free, 8), _DAY_MS)


def pause_ms(state: SyncState, free: int = FREE) -> int:
    """Return how long it is until all may be told again."""
    pause = pause_after(state.agains, free)
    # A clock that was set back holds nobody back for longer.
    return min(max(0, state.again_at + pause - now_ms()), pause)


def counted(state: SyncState) -> SyncState:
    """Return the state in which all is told once more."""
    now = now_ms()
    is_rare = now - state.again_at > _FORGIVEN_MS
    return replace(state, agains=1 if is_rare else state.agains + 1, again_at=now)


def held_back(state: SyncState, pause: int, *, is_copy: bool) -> HeldBackError:
    """Return what is said while it waits.

    Args:
        state: As it is.
        pause: How long it is, in milliseconds.
        is_copy: Not the place has lost something, but another one writes as this.
    """
    where = "server" if state.server else "folder"
    hours = pause / HOUR_MS
    when = "less than an hour" if hours < 1 else f"about {hours:.0f} hours"
    if 1 <= hours < 1.5:  # noqa: PLR2004 it is said as one
        when = "about an hour"
    why, what_helps = _LOST, f"use another {where}"
    if is_copy:
        why, what_helps = _COPIED, "use one of the two alone"
    return HeldBackError(
        f"{why.format(where=where, times=state.agains)} So that not everything is sent "
        f"for ever, it is sent again in {when}, or when you choose Sync now. Nothing "
        f"here is lost, and what others write still comes. If it goes on, {what_helps}."
    )
