"""The life of the page, told without a page or a clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtshell.web.crash_policy import DELAYS_MS
from qtshell.web.page_state import PageEffect, PageEvent, PageLife, PageState, step

_STATE, _EVENT, _EFFECT = PageState, PageEvent, PageEffect
EVERYWHERE = tuple(PageState)
NOT_LOADED = tuple(s for s in PageState if s not in (_STATE.SHOWN, _STATE.MOVING))

Outcome = tuple[PageState, tuple[PageEffect, ...]]


def _table() -> dict[tuple[PageState, PageEvent], Outcome]:
    """Return what each event does in each state; where it does nothing, nothing."""
    table: dict[tuple[PageState, PageEvent], Outcome] = {
        (state, event): (state, ()) for state in PageState for event in PageEvent
    }
    load: Outcome = (_STATE.LOADING, (_EFFECT.LOAD,))
    for state in EVERYWHERE:
        table[state, _EVENT.ARRIVED] = (_STATE.SHOWN, (_EFFECT.SHOW,))
        table[state, _EVENT.PROCESS_DIED] = (_STATE.CRASHED, (_EFFECT.PAUSE,))
        table[state, _EVENT.OPENED] = table[state, _EVENT.RELOADED] = load
    for state in NOT_LOADED:
        table[state, _EVENT.TRUSTED_ELSEWHERE] = load
        table[state, _EVENT.TRUSTED_HERE] = load
    table[_STATE.DISCARDED, _EVENT.TRUSTED_HERE] = (_STATE.DISCARDED, ())
    for state in (_STATE.BLANK, _STATE.SHOWN, _STATE.MOVING):
        for event in (_EVENT.OPENED, _EVENT.RELOADED):
            table[state, event] = (state, (_EFFECT.LOAD,))
    for state in (_STATE.SHOWN, _STATE.MOVING):
        moves = (_STATE.MOVING, (_EFFECT.HOLD_KEYS, _EFFECT.LOAD))
        table[state, _EVENT.TRUSTED_ELSEWHERE] = moves
    for state in (_STATE.SHOWN, _STATE.MOVING, _STATE.LOADING, _STATE.DISCARDED):
        table[state, _EVENT.FAILED] = (_STATE.LOADING, (_EFFECT.RETRY,))
    table[_STATE.SHOWN, _EVENT.HIDDEN] = (_STATE.DISCARDED, (_EFFECT.DISCARD,))
    table[_STATE.LOADING, _EVENT.RETRY_DUE] = load
    table[_STATE.CRASHED, _EVENT.PAUSE_OVER] = load
    return table


@pytest.mark.parametrize(
    ("before", "event", "outcome"),
    [(state, event, outcome) for (state, event), outcome in _table().items()],
    ids=str,
)
def test_every_event_has_its_outcome_in_every_state(
    before: PageState, event: PageEvent, outcome: Outcome
) -> None:
    life, effects = step(PageLife(state=before), event, place="typed")
    assert (life.state, effects) == outcome


WALK = st.lists(
    st.tuples(
        st.sampled_from(PageEvent),
        st.sampled_from(["", "typed"]),
        st.integers(min_value=0, max_value=90_000),
    ),
    max_size=40,
)


def walked(path: list[tuple[PageEvent, str, int]]) -> tuple[PageLife, int]:
    life, now_ms = PageLife(), 0
    for event, place, after_ms in path:
        now_ms += after_ms
        life, _ = step(life, event, place=place, now_ms=now_ms)
    return life, now_ms


@given(WALK)
def test_no_state_is_without_a_way_to_a_page(
    path: list[tuple[PageEvent, str, int]],
) -> None:
    life, _ = walked(path)
    life, effects = step(life, PageEvent.RELOADED)
    assert effects == (PageEffect.LOAD,)
    assert life.crashes == ()
    life, _ = step(life, PageEvent.ARRIVED)
    assert life.state is PageState.SHOWN


@given(WALK)
def test_what_was_typed_waits_for_the_page_that_arrives(
    path: list[tuple[PageEvent, str, int]],
) -> None:
    life, _ = walked(path)
    kept = step(life, PageEvent.PROCESS_DIED)[0].place
    assert kept == life.place
    assert step(life, PageEvent.ARRIVED)[0].place == ""


def test_what_is_told_last_goes_to_another_origin_also_when_its_page_fails() -> None:
    life = PageLife(state=PageState.SHOWN)
    for event, place in (
        (PageEvent.TRUSTED_ELSEWHERE, ""),
        (PageEvent.LEFT, "typed"),
        (PageEvent.FAILED, ""),
        (PageEvent.RETRY_DUE, ""),
    ):
        life, _ = step(life, event, place=place)
    assert life.place == "typed"


def test_what_a_page_tells_is_not_taken_to_another_one_of_its_origin() -> None:
    shown = PageLife(state=PageState.SHOWN)
    assert step(shown, PageEvent.LEFT, place="typed") == (shown, ())


@given(WALK)
def test_a_page_that_keeps_crashing_is_given_up(
    path: list[tuple[PageEvent, str, int]],
) -> None:
    life, now_ms = walked(path)
    done: tuple[PageEffect, ...] = ()
    for _ in range(len(DELAYS_MS) + 1):
        life, done = step(life, PageEvent.PROCESS_DIED, now_ms=now_ms)
    assert done == (PageEffect.GIVE_UP,)
    assert life.state is PageState.LOST
    for late in (PageEvent.PAUSE_OVER, PageEvent.RETRY_DUE, PageEvent.FAILED):
        assert step(life, late) == (life, ())


def test_a_page_that_cannot_tell_what_is_typed_is_not_discarded() -> None:
    shown = PageLife(state=PageState.SHOWN)
    assert step(shown, PageEvent.HIDDEN, place="") == (shown, ())


def test_each_crash_waits_longer() -> None:
    life, pauses = PageLife(state=PageState.SHOWN), []
    for _ in DELAYS_MS:
        life, _ = step(life, PageEvent.PROCESS_DIED, now_ms=5)
        pauses.append(life.pause_ms)
    assert tuple(pauses) == DELAYS_MS
