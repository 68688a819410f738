"""Bugs that are put into the exchange on purpose: each must be found.

`python -m tests.helpers.sync_bugs` tries courses that are known, then random runs, with
each of them until something fails.
"""

import contextlib
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.services.sync import rounds, sealing
from backend.store.clock import HybridClock
from backend.store.sync import forgetting, inbox, outbox
from backend.store.sync import sync as sync_store
from backend.sync.group import SyncGroup
from tests.helpers.sync_courses import COURSES
from tests.helpers.synced import opened
from tests.helpers.three_computers import random_steps, run

Bug = Callable[[pytest.MonkeyPatch], None]
MOST_RUNS = 120


def what_came_twice_counts_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inbox, "_KNOWN", f"{inbox._KNOWN} and 0")


def the_last_to_arrive_wins(patch: pytest.MonkeyPatch) -> None:
    def take(fold: Any, hlc: str, fields: Any) -> Any:  # noqa: ANN401 as it is
        fold.fields.update(fields)
        fold.clocks.update(dict.fromkeys(fields, hlc))
        return dict(fields)

    patch.setattr(inbox._Fold, "take", take)


def the_clock_does_not_follow_what_came(patch: pytest.MonkeyPatch) -> None:
    follow = HybridClock.not_before

    def not_before(clock: HybridClock, reading: str) -> None:
        if "-" not in reading:
            follow(clock, reading)

    patch.setattr(HybridClock, "not_before", not_before)


def what_is_ours_is_passed_over(patch: pytest.MonkeyPatch) -> None:
    def settled(session: Any, _authors: Any, after: int) -> int:  # noqa: ANN401 as it is
        return int(session.connection().exec_driver_sql(outbox._LAST).scalar() or after)

    patch.setattr(sync_store, "settled", settled)


def nobody_sees_that_a_place_was_set_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rounds, "is_set_back", lambda _look, _there: False)


def answers_are_sent_while_they_are_written(patch: pytest.MonkeyPatch) -> None:
    query = outbox._MINE.replace("is not 'streaming'", "is not 'never'")
    assert query != outbox._MINE
    patch.setattr(outbox, "_MINE", query)


def an_answer_ends_without_its_beginning(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "_begun", lambda _session, _change: ())
    # Asking for what never came would mend it.
    nobody_asks_for_what_was_left_out(patch)


def what_is_searched_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inbox, "_folded", lambda _row: {})


def the_tree_is_not_laid_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inbox, "lay_out", lambda _session, _name: None)


def the_place_is_kept_before_the_rows(patch: pytest.MonkeyPatch) -> None:
    received = sync_store.SyncStore.received

    def early(store: Any, state: Any, kept: Any, ops: Any, *more: Any) -> int:  # noqa: ANN401 as it is
        with store._database.write() as session:
            if peers := more[0]:
                session.run(sync_store._PEER, [tuple(peer) for peer in peers])
        return received(store, state, kept, ops, *more)

    patch.setattr(sync_store.SyncStore, "received", early)


def what_is_gone_comes_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inbox, "drop_gone", lambda _session, _table, _by_row: None)


def what_was_before_it_was_deleted_stays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inbox, "drop_what_was", lambda _session, _ops: {})


def what_others_deleted_stays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sync_store, "still_there", lambda _session: [])


def deleting_is_not_sent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(forgetting, "FORGETTABLE", frozenset())


def only_the_latest_name_is_ours(patch: pytest.MonkeyPatch) -> None:
    about = outbox._about

    def of_one(authors: Any, after: int, upto: int = 2**53) -> Any:  # noqa: ANN401 as it is
        return about(authors[-1:], after, upto)

    patch.setattr(outbox, "_about", of_one)


def a_key_stands_behind_what_is_sealed_under_it(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sealing, "_is_no_key", lambda _control: False)


def keys_are_heard_in_their_turn_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rounds.SyncRounds, "_hear_keys", lambda *_given: None)


def a_new_key_may_be_older_than_another(patch: pytest.MonkeyPatch) -> None:
    rotated = SyncGroup.rotated

    def at_that_time(group: SyncGroup, at: str) -> SyncGroup:
        made = rotated(group, at)
        name = (made.epochs.keys() - group.epochs.keys()).pop()
        epoch = made.epochs[name]._replace(at=at)
        return replace(made, epochs={**made.epochs, name: epoch})

    patch.setattr(SyncGroup, "rotated", at_that_time)


def nobody_asks_for_what_was_left_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sync_store, "missed", lambda _session: [])


BUGS: list[Bug] = [
    what_came_twice_counts_twice,
    the_last_to_arrive_wins,
    the_clock_does_not_follow_what_came,
    what_is_ours_is_passed_over,
    nobody_sees_that_a_place_was_set_back,
    answers_are_sent_while_they_are_written,
    an_answer_ends_without_its_beginning,
    what_is_searched_is_forgotten,
    the_tree_is_not_laid_out,
    the_place_is_kept_before_the_rows,
    what_is_gone_comes_back,
    what_was_before_it_was_deleted_stays,
    what_others_deleted_stays,
    deleting_is_not_sent,
    only_the_latest_name_is_ours,
    a_key_stands_behind_what_is_sealed_under_it,
    keys_are_heard_in_their_turn_alone,
    a_new_key_may_be_older_than_another,
    nobody_asks_for_what_was_left_out,
]


def found_by_course(bug: Bug) -> str:
    """Return the course that fails with a bug; "" when nothing does."""
    with pytest.MonkeyPatch.context() as patch:
        bug(patch)
        for course in COURSES:
            with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as end:
                three = next(all_ := opened(Path(folder)))
                end.callback(next, all_, None)
                try:
                    course(three)
                except Exception:  # noqa: BLE001 whatever shows it
                    return course.__name__
    return ""


def found_after(bug: Bug, most: int = MOST_RUNS) -> int:
    """Return which run fails with a bug; 0 when none does."""
    with pytest.MonkeyPatch.context() as patch:
        bug(patch)
        for seed in range(1, most + 1):
            chance = random.Random(seed)
            damage = "folder" if seed % 2 else "computer"
            try:
                run(random_steps(chance), seed, damage)
            except Exception:  # noqa: BLE001 whatever shows it
                return seed
    return 0


def main() -> int:
    """Try each, and say which are found."""
    missed = 0
    for bug in BUGS:
        course = found_by_course(bug)
        seed = 0 if course else found_after(bug)
        missed += not (course or seed)
        words = f"found in run {seed}" if seed else f"not found in {MOST_RUNS} runs"
        words = f"found by {course}" if course else words
        sys.stdout.write(f"{bug.__name__}: {words}\n")
        sys.stdout.flush()
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
