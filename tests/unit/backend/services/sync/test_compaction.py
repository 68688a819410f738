"""The log of what is shared does not grow for ever, and nothing is lost by that."""

import os
import random

import pytest

from backend.services.sync import compaction
from backend.store.history.changes import ChangeStore
from backend.store.notes import NoteStore
from backend.sync.folder import ROOT
from backend.sync.server import ServerTransport
from backend.sync.transport import TransportError
from tests.helpers.synced import (
    Computer,
    carry_all,
    files_of,
    settle,
    state_of,
    titles,
)
from tests.helpers.three_computers import random_steps, run


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes 2,000 records and a month happens after 20, at once."""
    monkeypatch.setattr(compaction, "MANY_RECORDS", 20)
    monkeypatch.setattr(compaction, "KEPT_MS", -1)


def streams(computer: Computer) -> dict[str, int]:
    """Return the streams that a computer finds, and how many records each has."""
    found: dict[str, int] = {}
    while True:
        some = computer.carrier(state_of(computer)).exchange(
            os.urandom(16).hex(), [], found
        )
        if not some.found:
            return found
        for name, _record in some.found:
            found[name] = found.get(name, 0) + 1


def write(computer: Computer, count: int) -> None:
    """Write notes, each of which is a record of its own."""
    for n in range(count):
        NoteStore(computer.database).create(f"{computer.home.name} {n}", "")
        computer.sync()


def rest(computer: Computer) -> None:
    for _ in range(20):
        computer.rounds.look_again()
        computer.sync(20)


def test_many_short_records_become_few(three: list[Computer]) -> None:
    a, b, _c = three
    write(a, 30)
    old = state_of(a).stream
    NoteStore(a.database).create("later", "")
    rest(a)
    new = state_of(a).stream
    there = streams(a)
    assert old not in there
    assert there[new] < 6
    assert state_of(a).retired == ""
    write(b, 1)
    # The copies of the others' folders have the old files yet.
    settle(three)
    for one in three:
        assert len(titles(one)) == 32


def test_who_was_away_misses_nothing(three: list[Computer]) -> None:
    a, b, c = three
    note = NoteStore(a.database).create("deleted for good", "")
    write(a, 3)
    settle([a, b])
    NoteStore(c.database).create("of the one that was away", "")
    write(a, 30)
    ChangeStore(a.database).forget("note", note.id)
    rest(a)
    for one in (b, c):
        for file in files_of(one):
            if state_of(one).stream not in str(file):
                (one.shared / file).unlink()
    settle(three)
    assert len(titles(c)) == 31
    for one in three:
        assert titles(one) == titles(c)


def test_the_old_one_stays_for_a_month(
    three: list[Computer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "KEPT_MS", 30 * 24 * 3600 * 1000)
    a, _b, _c = three
    write(a, 30)
    old = state_of(a).stream
    rest(a)
    assert state_of(a).stream != old
    assert state_of(a).retired == old
    assert old in streams(a)


def test_a_kill_at_any_moment_loses_nothing(three: list[Computer]) -> None:
    a, _b, _c = three
    write(a, 30)
    for _ in range(12):
        a.close()
        a.open()
        a.rounds.look_again()
        a.sync()
    settle(three)
    for one in three:
        assert len(titles(one)) == 30
    assert streams(a)[state_of(a).stream] < 6


def test_only_its_own_files_go(three: list[Computer]) -> None:
    a, b, _c = three
    write(b, 30)
    carry_all(three)
    others = [name for name in files_of(a) if state_of(b).stream in str(name)]
    write(a, 30)
    rest(a)
    assert set(others) <= set(files_of(a))
    odd = a.shared / ROOT / "kept.txt"
    if not a.server:
        odd.write_text("not of Hearth")
        rest(a)
        assert odd.exists()


def test_a_token_that_may_not_delete_is_no_problem(
    three: list[Computer], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_given: object) -> None:
        raise TransportError("not allowed")

    monkeypatch.setattr(ServerTransport, "drop_stream", refused)
    a, _b, _c = three
    write(a, 30)
    rest(a)
    settle(three)
    assert all(len(titles(one)) == 30 for one in three)


def test_long_texts_are_not_told_again_and_again(
    three: list[Computer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "MANY_RECORDS", 3)
    a, _b, _c = three
    for n in range(5):
        NoteStore(a.database).create(str(n), os.urandom(250_000).hex())
    rest(a)
    stream = state_of(a).stream
    rest(a)
    assert state_of(a).stream == stream


@pytest.mark.parametrize("seed", range(3))
def test_random_runs_come_to_the_same(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "MANY_RECORDS", 3)
    chance = random.Random(seed)
    run(random_steps(chance), seed, chance.choice(["folder", "computer"]))
