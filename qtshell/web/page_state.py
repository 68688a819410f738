"""The life of the page as one pure function: state, event, effect.

Standard library only. The view owns the page and the timers; every decision is
taken here.

    BLANK ─▶ LOADING ◀─▶ SHOWN ─▶ DISCARDED
                ▲  ◀─ MOVING ◀─▶
                └─ CRASHED ◀─ (its process died) ─▶ LOST
"""

from dataclasses import dataclass, replace
from enum import Enum

from qtshell.web.crash_policy import after_crash


class PageState(Enum):
    """What there is of the page."""

    BLANK = "no sidecar yet"
    LOADING = "loading"
    SHOWN = "shown"
    MOVING = "shown until the page of another origin takes its place"
    DISCARDED = "discarded to save memory"
    CRASHED = "waiting to be loaded again"
    LOST = "crashed for good"


class PageEvent(Enum):
    """What happens to the page."""

    TRUSTED_HERE = "the same origin serves"
    TRUSTED_ELSEWHERE = "another origin serves"
    OPENED = "a path was opened"
    ARRIVED = "a page of the sidecar was loaded"
    FAILED = "it was not loaded"
    RETRY_DUE = "time to try again"
    LEFT = "its document goes, and told what is typed"
    HIDDEN = "hidden for long"
    PROCESS_DIED = "its process died"
    PAUSE_OVER = "the pause after a crash is over"
    RELOADED = "the user asks for it again"


class PageEffect(Enum):
    """What the view does about it."""

    LOAD = "load"
    HOLD_KEYS = "hold what is typed until it is shown"
    SHOW = "show"
    RETRY = "try again soon"
    DISCARD = "discard"
    PAUSE = "load again after the pause"
    GIVE_UP = "give up"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLife:
    """Everything the next decision depends on.

    Attributes:
        place: What was typed and where, for the next page that arrives.
        crashes: When its process died lately.
        pause_ms: How long the latest crash is waited out.
    """

    state: PageState = PageState.BLANK
    place: str = ""
    crashes: tuple[int, ...] = ()
    pause_ms: int = 0

    @property
    def is_loaded(self) -> bool:
        """Whether a page of the sidecar is there."""
        return self.state in (PageState.SHOWN, PageState.MOVING)


Step = tuple[PageLife, tuple[PageEffect, ...]]


def step(life: PageLife, event: PageEvent, *, place: str = "", now_ms: int = 0) -> Step:
    """Move the life by one event; what does not fit the state changes nothing.

    Args:
        life: Before the event.
        event: What happened.
        place: What LEFT and HIDDEN told.
        now_ms: When PROCESS_DIED happened.
    """
    match event:
        case PageEvent.TRUSTED_HERE | PageEvent.TRUSTED_ELSEWHERE:
            return _on_trusted(life, event)
        case PageEvent.OPENED:
            return _load(life)
        case PageEvent.RELOADED:
            return _load(replace(life, crashes=()))
        case PageEvent.ARRIVED:
            shown = replace(life, state=PageState.SHOWN, place="")
            return shown, (PageEffect.SHOW,)
        case PageEvent.PROCESS_DIED:
            return _on_death(life, now_ms)
        case (
            PageEvent.FAILED
            | PageEvent.RETRY_DUE
            | PageEvent.LEFT
            | PageEvent.HIDDEN
            | PageEvent.PAUSE_OVER
        ):
            return _on_answer(life, event, place)


def _on_trusted(life: PageLife, event: PageEvent) -> Step:
    elsewhere = event is PageEvent.TRUSTED_ELSEWHERE
    if life.is_loaded and elsewhere:
        life, effects = _load(replace(life, state=PageState.MOVING))
        return life, (PageEffect.HOLD_KEYS, *effects)
    if not elsewhere and (life.is_loaded or life.state is PageState.DISCARDED):
        return life, ()
    return _load(replace(life, state=PageState.LOADING))


def _on_answer(life: PageLife, event: PageEvent, place: str) -> Step:
    match life.state, event:
        case (
            PageState.SHOWN
            | PageState.MOVING
            | PageState.LOADING
            | PageState.DISCARDED,
            PageEvent.FAILED,
        ):
            return replace(life, state=PageState.LOADING), (PageEffect.RETRY,)
        case (PageState.LOADING, PageEvent.RETRY_DUE) | (
            PageState.CRASHED,
            PageEvent.PAUSE_OVER,
        ):
            return _load(life)
        case PageState.MOVING | PageState.LOADING, PageEvent.LEFT:
            # Only now: until it goes, the page can be typed into.
            return replace(life, place=place), ()
        case PageState.SHOWN, PageEvent.HIDDEN if place:
            away = replace(life, state=PageState.DISCARDED, place=place)
            return away, (PageEffect.DISCARD,)
        case _:
            return life, ()


def _on_death(life: PageLife, now_ms: int) -> Step:
    crashes, pause_ms = after_crash(life.crashes, now_ms)
    if pause_ms is None:
        lost = replace(life, state=PageState.LOST, crashes=crashes)
        return lost, (PageEffect.GIVE_UP,)
    after = replace(life, state=PageState.CRASHED, crashes=crashes, pause_ms=pause_ms)
    return after, (PageEffect.PAUSE,)


def _load(life: PageLife) -> Step:
    """Load; what is there stays until the page arrives."""
    stays = life.is_loaded or life.state is PageState.BLANK
    state = life.state if stays else PageState.LOADING
    return replace(life, state=state), (PageEffect.LOAD,)
