"""A place that loses what it is given again and again is not told all for ever."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backend.ids import now_ms
from backend.services.sync import retelling
from backend.services.sync.retelling import FREE, HeldBackError, pause_ms
from backend.services.sync.rounds import SyncRounds
from backend.store.notes import NoteStore
from tests.helpers.synced import (
    Computer,
    carry,
    copied,
    empty_folder,
    opened,
    settle,
    state_of,
    titles,
    write,
)

HOUR_MS = 3600 * 1000


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[list[Computer]]:
    """Computers that keep to the pauses, of which the first has a note."""
    for three in opened(tmp_path):
        NoteStore(three[0].database).create("of a", "")
        settle(three)
        for one in three:
            one.rounds = SyncRounds(one.store, one.carrier, one.forget)
        yield three


def emptied(computer: Computer) -> None:
    """Let the place lose all it has, and be a place all the same."""
    empty_folder(computer)
    computer.carrier(state_of(computer)).begin()


def test_the_first_times_are_free_and_then_it_waits(
    pair: list[Computer], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, _ = pair
    now = state_of(a).last_ok
    monkeypatch.setattr(retelling, "now_ms", lambda: now)
    for _ in range(FREE):
        emptied(a)
        a.sync(20)
    stream = state_of(a).stream
    emptied(a)
    with pytest.raises(HeldBackError, match=r"folder .* 3 times.*about an hour"):
        a.sync(20)
    assert state_of(a).stream == stream
    # What others write still comes, and nothing of ours is pushed meanwhile.
    NoteStore(b.database).create("of b", "")
    b.sync(5)
    carry(b, a)
    with pytest.raises(HeldBackError):
        a.sync(20)
    assert titles(a) == {"of a", "of b"}
    assert not list(a.shared.rglob(f"{stream}/*"))
    # Each further time waits longer, a day at most.
    waited = []
    for _ in range(8):
        pause = pause_ms(state_of(a))
        waited.append(pause // HOUR_MS)
        now += pause
        a.sync(20)
        emptied(a)
        with pytest.raises(HeldBackError):
            a.sync(20)
    assert waited == [1, 2, 4, 8, 16, 24, 24, 24]


def test_a_copy_is_not_said_to_be_a_loss(pair: list[Computer]) -> None:
    a = pair[0]
    a.store.keep(replace(state_of(a), agains=FREE, again_at=now_ms()))
    copy = copied(a)
    write(copy, "of the copy")
    copy.sync(3)
    a.rounds = SyncRounds(a.store, a.carrier, a.forget)
    with pytest.raises(HeldBackError, match="copy of this computer") as held:
        a.sync(3)
    assert "has lost" not in str(held.value)
    copy.close()


def test_who_wants_it_at_once_has_it_at_once(pair: list[Computer]) -> None:
    a = pair[0]
    for _ in range(FREE):
        emptied(a)
        a.sync(20)
    emptied(a)
    with pytest.raises(HeldBackError):
        a.sync(20)
    a.rounds.tell_again()
    a.sync(20)
    assert list(a.shared.rglob(f"{state_of(a).stream}/*"))
    emptied(a)
    with pytest.raises(HeldBackError, match="4 times"):
        a.sync(20)


def test_after_a_quiet_week_it_begins_to_count_anew(
    pair: list[Computer], monkeypatch: pytest.MonkeyPatch
) -> None:
    a = pair[0]
    for _ in range(FREE):
        emptied(a)
        a.sync(20)
    later = state_of(a).again_at + 8 * 24 * HOUR_MS
    monkeypatch.setattr(retelling, "now_ms", lambda: later)
    emptied(a)
    a.sync(20)
    assert state_of(a).agains == 1
