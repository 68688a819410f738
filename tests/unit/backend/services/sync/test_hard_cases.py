"""Computers that are copied, set back, a year away, or live in another time."""

from dataclasses import replace
from pathlib import Path

import pytest

from backend.services.sync.rounds import is_set_back
from backend.store.notes import NoteStore
from backend.store.sync.state import Look, SyncState
from backend.sync.folder import ROOT
from backend.sync.group import SyncGroup
from backend.sync.records import RecordKind
from backend.sync.transport import Exchanged
from tests.helpers.sqld import Sqld
from tests.helpers.synced import (
    Computer,
    carry,
    copied,
    files_of,
    grouped,
    remove,
    settle,
    state_of,
    titles,
    write,
)

DAY_MS = 24 * 3600 * 1000


@pytest.mark.parametrize("first", ["the original", "the copy"])
def test_a_copied_computer_becomes_one_of_its_own(
    three: list[Computer], first: str
) -> None:
    a, b, c = three
    write(a, "before")
    settle(three)
    copy = copied(a)
    write(a, "of the original")
    write(copy, "of the copy")
    for one in (a, copy) if first == "the original" else (copy, a):
        one.sync(3)
        carry(one, b)
    settle([a, b, c, copy])
    everything = {"before", "of the original", "of the copy"}
    assert [titles(one) for one in (a, b, c, copy)] == [everything] * 4
    write(a, "later here")
    write(copy, "later there")
    settle([a, b, c, copy])
    everything |= {"later here", "later there"}
    assert [titles(one) for one in (a, b, c, copy)] == [everything] * 4
    names = {one.database.clock.device_id for one in (a, copy)}
    assert len(names) == 2
    assert state_of(a).stream != state_of(copy).stream
    copy.close()


def test_a_program_that_syncs_lets_the_file_of_a_copy_win(tmp_path: Path) -> None:
    """Both write one file, and one of them finds that of the other in its place."""
    a, b = grouped(tmp_path, ["a", "b"])
    settle([a, b])
    write(a, "before")
    settle([a, b])
    copy = copied(a, is_apart=True)
    write(a, "of the original")
    write(copy, "of the copy")
    a.sync(3)
    copy.sync(3)
    for name in files_of(copy):
        if name.parent.name == state_of(a).stream:
            (a.shared / name).write_bytes((copy.shared / name).read_bytes())
    write(a, "after that")
    a.sync(5)
    settle([a, b, copy])
    everything = {"before", "of the original", "of the copy", "after that"}
    assert [titles(one) for one in (a, b, copy)] == [everything] * 3
    for one in (a, b, copy):
        one.close()


def look(n: int, prev: str, *out: int) -> Look:
    state = SyncState(
        folder="", group="", own="", stream="s", n=n, prev=prev, authors=["d"]
    )
    return Look(state, [(one, b"") for one in out], {}, {})


@pytest.mark.parametrize(
    ("before", "there", "is_back"),
    [
        (look(0, ""), Exchanged([], 0, "", []), False),
        (look(3, "p"), Exchanged([], 3, "p", []), False),
        (look(3, "p", 2, 3), Exchanged([2, 3], 3, "p", []), False),
        (look(3, "p", 2, 3), Exchanged([2], 2, "o", []), True),
        (look(3, "p", 2, 3), Exchanged([], 3, "q", []), True),
        (look(3, "p"), Exchanged([], 2, "o", []), True),
        (look(3, "p"), Exchanged([], 4, "x", []), True),
        (look(3, "p"), Exchanged([], 3, "q", []), True),
        (look(3, "p", 3), Exchanged([], 2, "o", []), True),
    ],
)
def test_a_stream_that_is_not_ours_any_more_is_noticed(
    before: Look, there: Exchanged, is_back: bool
) -> None:
    assert is_set_back(before, there) is is_back


def test_a_clock_days_ahead_wins_nothing_until_its_time_has_come(
    three: list[Computer],
) -> None:
    a, b, _ = three
    note = NoteStore(a.database).create("right", "")
    settle(three)
    a.skew_ms = a.clock.skew_ms = 3 * DAY_MS
    NoteStore(a.database).save(note.id, "of the future", title="of the future")
    settle(three)
    assert titles(b) == {"right"}
    assert b.store.parked() == 1
    NoteStore(b.database).save(note.id, "of now", title="of now")
    assert titles(b) == {"of now"}
    # b's own clock was not drawn along.
    assert NoteStore(b.database).get(note.id).updated_at < state_of(b).last_ok + DAY_MS


def test_hours_ahead_are_followed_so_that_what_comes_after_is_newer(
    three: list[Computer],
) -> None:
    a, b, c = three
    a.skew_ms = a.clock.skew_ms = 5 * 3600 * 1000
    note = NoteStore(a.database).create("of a", "")
    settle(three)
    NoteStore(b.database).save(note.id, "of b", title="of b")
    settle(three)
    assert titles(a) == titles(c) == {"of b"}


def rotate(computer: Computer) -> None:
    state = state_of(computer)
    group = SyncGroup.from_json(state.group).rotated(computer.store.reading())
    control = (RecordKind.KEYS, group.keys_payload())
    computer.store.keep(replace(state, group=group.to_json(), controls=[control]))


def test_one_that_was_away_for_a_year_comes_to_the_same(three: list[Computer]) -> None:
    a, b, c = three
    write(c, "before it left")
    settle(three)
    write(c, "written while away")
    for number in range(60):
        write(a if number % 2 else b, f"{number}")
        if number % 20 == 10:
            rotate(a)
        for one in (a, b):
            one.sync(5)
    settle([a, b])
    settle(three)
    assert len(titles(c)) == 62
    assert titles(a) == titles(b) == titles(c)


def test_a_server_that_was_set_back_and_then_written_on_is_told_all(
    tmp_path: Path,
) -> None:
    with Sqld(tmp_path) as server:
        a, b, c = three = grouped(tmp_path, ["a", "b", "c"], server.url)
        write(a, "early")
        settle(three)
        server.keep_copy()
        for number in range(3):
            write(a, f"a {number}")
            write(b, f"b {number}")
            settle([a, b])
        server.set_back()
        write(b, "into what was set back")
        settle([b, c])
        settle(three)
        assert len(titles(c)) == 8
        assert titles(a) == titles(b) == titles(c)
        for one in three:
            one.close()


def test_who_had_not_heard_of_a_key_gets_it_from_a_server_that_was_wiped(
    tmp_path: Path,
) -> None:
    """All is told anew there, sealed under that key: it has to stand before it."""
    with Sqld(tmp_path) as server:
        a, b, c = three = grouped(tmp_path, ["a", "b", "c"], server.url)
        settle(three)
        rotate(c)
        settle([b, c])
        server.wipe()
        write(b, "sealed under it")
        settle(three)
        assert titles(a) == {"sealed under it"}
        for one in three:
            one.close()


def test_who_removes_a_computer_has_the_key_that_it_had_made_and_others_used(
    three: list[Computer],
) -> None:
    a, b, c = three
    rotate(a)
    a.sync(3)
    carry(a, b)
    b.sync(3)
    write(b, "sealed under the key of a")
    b.sync(3)
    remove(c, a)
    settle([b, c])
    assert titles(c) == {"sealed under the key of a"}
    group = SyncGroup.from_json(state_of(b).group)
    assert set(group.current.given) == set(group.present)


def test_a_removed_computer_whose_clock_was_ahead_has_no_key_that_seals(
    three: list[Computer],
) -> None:
    a, b, c = three
    a.skew_ms = a.clock.skew_ms = 20 * 3600 * 1000
    rotate(a)
    settle(three)
    remove(b, a)
    settle([b, c])
    for one in (b, c):
        group = SyncGroup.from_json(state_of(one).group)
        assert set(group.current.given) == set(group.present), one.home.name
        assert len(group.present) == 2


def test_nothing_of_another_group_is_in_the_way(tmp_path: Path) -> None:
    """Two people use one server: none sees a word, a file or a stream of the other."""
    with Sqld(tmp_path) as server:
        ours = grouped(tmp_path / "ours", ["a", "b"], server.url)
        theirs = grouped(tmp_path / "theirs", ["x"], server.url)
        write(ours[0], "ours")
        write(theirs[0], "theirs")
        settle([*ours, *theirs])
        assert titles(ours[1]) == {"ours"}
        assert titles(theirs[0]) == {"theirs"}
        found = theirs[0].store.look()
        assert found
        assert not found.peers
        for one in (*ours, *theirs):
            one.close()


def test_the_place_of_a_group_is_its_own(tmp_path: Path) -> None:
    [a] = grouped(tmp_path, ["a"])
    a.sync(3)
    assert [path.name for path in (a.shared / ROOT).iterdir()] == [
        SyncGroup.from_json(state_of(a).group).id
    ]
    a.close()
