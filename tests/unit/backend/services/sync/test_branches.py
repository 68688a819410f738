"""Computers and places that are set back, copied or lie: who knows more tells it."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from backend.ids import now_ms
from backend.services.sync import branches, doubts
from backend.services.sync.overview import (
    Device,
    DeviceOverview,
    SyncPhase,
    devices_of,
    summary_of,
)
from backend.services.sync.places import SyncPlace
from backend.store.history.changes import ChangeStore
from backend.store.notes import NoteStore
from backend.store.sync.heads import StreamNotes
from tests.helpers.sqld import Sqld
from tests.helpers.synced import (
    Computer,
    carry,
    grouped,
    opened,
    settle,
    state_of,
    titles,
    write,
)

DAY_MS = 24 * 3600 * 1000


def keep(computer: Computer) -> None:
    """Keep a copy of all a computer has, to which it can be set back."""
    computer.database.checkpoint()
    path = computer.database.path
    shutil.copy(path, path.with_suffix(".kept"))


def set_back(computer: Computer) -> None:
    path = computer.database.path
    computer.close()
    shutil.copy(path.with_suffix(".kept"), path)
    for end in ("-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    computer.open()


def note(computer: Computer, stream: str) -> StreamNotes:
    look = computer.store.look()
    assert look
    return look.notes.get(stream, StreamNotes())


def forked(computers: Sequence[Computer]) -> list[str]:
    """Return the streams that somebody knows to go on in two ways."""
    looks = [one.store.look() for one in computers]
    notes = [item for look in looks if look for item in look.notes.items()]
    return [stream for stream, one in notes if one.forked_at]


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[list[Computer]]:
    """Three computers, each with a copy of the folder of its own."""
    yield from opened(tmp_path)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sqld]:
    with Sqld(tmp_path) as server:
        yield server


@pytest.fixture
def over_server(tmp_path: Path, server: Sqld) -> Iterator[list[Computer]]:
    three = grouped(tmp_path, ["a", "b", "c"], server.url)
    write(three[0], "before")
    settle(three)
    yield three
    for one in three:
        one.close()


def test_a_place_that_shows_two_computers_two_branches(apart: list[Computer]) -> None:
    a, b, c = apart
    stream = state_of(a).stream
    keep(a)
    write(a, "shown to b")
    a.sync(3)
    carry(a, b)
    b.sync(3)
    # The same author writes another record in that place, and another one sees it.
    set_back(a)
    for file in (a.shared / "hearth-sync").rglob("*.hs"):
        if file.parent.name == stream:
            shutil.copy(c.shared / file.relative_to(a.shared), file)
    write(a, "shown to c")
    a.sync(3)
    carry(a, c)
    c.sync(3)
    assert state_of(a).stream == stream
    assert "shown to b" in titles(b) - titles(c)
    assert "shown to c" in titles(c) - titles(b)
    # Only what b and c write goes through; each says what it has read.
    write(b, "of b")
    write(c, "of c")
    b.sync(3)
    c.sync(3)
    mine = {state_of(b).stream: b, state_of(c).stream: c}
    for giver, taker in ((b, c), (c, b)):
        for file in (giver.shared / "hearth-sync").rglob("*.hs"):
            if mine.get(file.parent.name) is giver:
                shutil.copy(file, taker.shared / file.relative_to(giver.shared))
        taker.sync(5)
    assert note(b, stream).forked_at
    assert note(c, stream).forked_at
    settle(apart)
    everything = {"shown to b", "shown to c", "of b", "of c"}
    assert [titles(one) for one in apart] == [everything] * 3
    # Who wrote both goes on under another name, and says up to where the old one was.
    assert state_of(a).set_back_at
    assert state_of(a).stream != stream
    assert len(state_of(a).authors) == 2
    assert note(b, stream).left_n > 0
    write(a, "after that")
    settle(apart)
    assert [titles(one) for one in apart] == [{*everything, "after that"}] * 3


def test_server_and_author_set_back_together(
    over_server: list[Computer], server: Sqld
) -> None:
    a, b, _ = over_server
    stream = state_of(a).stream
    server.keep_copy()
    keep(a)
    write(a, "only b has it")
    settle([a, b])
    server.set_back()
    set_back(a)
    write(a, "under a number that was used")
    settle([a])
    assert state_of(a).stream == stream
    write(a, "and more")
    settle(over_server)
    everything = {
        "before",
        "only b has it",
        "under a number that was used",
        "and more",
    }
    assert [titles(one) for one in over_server] == [everything] * 3
    assert state_of(a).set_back_at
    assert note(b, stream).given_at


def test_an_author_who_is_gone_is_waited_for_and_then_told_by_another(
    over_server: list[Computer], server: Sqld, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c = over_server
    stream = state_of(a).stream
    server.keep_copy()
    write(a, "only b has it")
    settle([a, b])
    server.set_back()
    settle([b, c])
    assert note(b, stream).missed_at
    assert "only b has it" not in titles(c)
    monkeypatch.setattr(branches, "now_ms", lambda: now_ms() + DAY_MS)
    settle([b, c])
    assert titles(c) == {"before", "only b has it"}
    given = state_of(b).offers
    assert [names for names, *_ in given] == [[a.database.clock.device_id]]
    # It is told once, however often it is looked at.
    settle([b, c])
    assert state_of(b).offers == given
    monkeypatch.undo()
    write(a, "back again")
    settle(over_server)
    assert [titles(one) for one in over_server] == [
        {"before", "only b has it", "back again"}
    ] * 3


def test_a_computer_that_was_set_back_alone_alarms_nobody(
    three: list[Computer],
) -> None:
    a, b, _ = three
    keep(a)
    write(a, "after the backup")
    settle(three)
    set_back(a)
    write(a, "under a number that was used")
    settle(three)
    everything = {"after the backup", "under a number that was used"}
    assert [titles(one) for one in three] == [everything] * 3
    assert state_of(a).set_back_at
    assert not forked([b, three[2]])
    assert not state_of(b).offers


def test_what_is_told_for_another_goes_when_it_is_deleted_for_good(
    over_server: list[Computer], server: Sqld, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c = over_server
    server.keep_copy()
    kept = NoteStore(a.database).create("stays", "")
    gone = NoteStore(a.database).create("deleted for good", "")
    settle([a, b])
    server.set_back()
    settle([b, c])
    monkeypatch.setattr(branches, "now_ms", lambda: now_ms() + DAY_MS)
    settle([b, c])
    assert titles(c) == {"before", kept.title, gone.title}
    with b.database.read() as session:
        run = session.connection().exec_driver_sql
        said = run("select key from sync_state where key like 'also:%'").all()
        assert len(said) == 1
    ChangeStore(b.database).forget_all([("note", gone.id)], is_shared=True)
    settle([b, c])
    assert titles(b) == titles(c) == {"before", kept.title}
    with b.database.read() as session:
        run = session.connection().exec_driver_sql
        assert not run("select key from sync_state where key like 'also:%'").all()


def test_how_far_others_were_read_is_told_without_a_word_of_ones_own(
    three: list[Computer], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c = three
    b.store.keep(replace(state_of(b), announced_at=now_ms()))
    write(a, "of a")
    settle(three)
    assert state_of(b).announced.get(state_of(a).stream) != state_of(a).n
    monkeypatch.setattr(branches, "now_ms", lambda: now_ms() + 3_700_000)
    settle(three)
    assert state_of(b).announced[state_of(a).stream] == state_of(a).n
    # It is said once: what others say of it in turn begins nothing anew.
    numbers = [state_of(one).n for one in three]
    settle(three)
    assert [state_of(one).n for one in three] == numbers
    assert titles(c) == {"of a"}


def test_what_its_writer_tells_again_nobody_else_tells(
    over_server: list[Computer], server: Sqld
) -> None:
    write(over_server[0], "of a")
    settle(over_server)
    server.set_back()  # to nothing
    settle(over_server)
    settle(over_server)
    assert [titles(one) for one in over_server] == [{"before", "of a"}] * 3
    assert all(state_of(one).sent_again for one in over_server)
    assert not any(state_of(one).offers for one in over_server)
    assert not forked(over_server)


def seen_of(computer: Computer, name: str) -> Device:
    look = computer.store.look()
    assert look
    [device] = [one for one in devices_of(look) if one.name == name]
    return device


def test_what_others_have_and_this_one_was_not_shown_is_missed(
    apart: list[Computer], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c = apart
    write(a, "held back from c")
    a.sync(3)
    carry(a, b)
    b.sync(3)
    write(b, "of b")
    b.sync(3)
    mine = state_of(b).stream
    for file in (b.shared / "hearth-sync").rglob("*.hs"):
        if file.parent.name == mine:
            shutil.copy(file, c.shared / file.relative_to(b.shared))
    c.sync(3)
    assert "of b" in titles(c)
    assert seen_of(c, "a").is_coming
    assert not seen_of(c, "a").problem
    monkeypatch.setattr(doubts, "now_ms", lambda: now_ms() + 700_000)
    assert "what a wrote has not arrived" in seen_of(c, "a").problem
    settle(apart)
    assert not seen_of(c, "a").problem
    assert not seen_of(c, "a").is_coming
    assert "held back from c" in titles(c)


def test_the_status_names_who_has_gone_on_in_two_ways() -> None:
    one = Device(id="1", name="Laptop", seen=1, problem="", is_forked=True)
    place = SyncPlace(folder="/there")
    seen = DeviceOverview(phase=SyncPhase.ON, name="Desk", place=place, devices=[one])
    said = "Laptop was set back or copied: open Settings, Devices"
    assert summary_of(seen).words == said
