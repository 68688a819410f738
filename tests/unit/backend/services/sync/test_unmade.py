"""A change of a row that never came: others are asked, and no word stays for ever."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.ids import now_ms
from backend.services.trash import KEPT_DAYS, TrashService
from backend.store.history.changes import ChangeStore
from backend.store.history.trash import TrashStore
from backend.store.notes import NoteStore
from backend.store.sync.first_time import FirstTime, keep_first_times
from tests.helpers.sync_checks import check, log_of
from tests.helpers.synced import (
    Computer,
    carry,
    files_of,
    opened,
    settle,
    state_of,
    titles,
)
from tests.unit.backend.services.sync.test_deleted_for_good import files_with

WORD = "quokkaberry"
DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[list[Computer]]:
    """Three computers whose copies of a folder are carried from one to the other."""
    yield from opened(tmp_path)


def lose(computer: Computer, note_id: str) -> None:
    """Let one be as if it had never had a note."""
    with computer.database.write() as session:
        session.run("delete from note where id = ?", (note_id,))
        session.run("delete from change where row_id = ?", (note_id,))


def purge(computer: Computer, days: float) -> None:
    """Let some days pass."""
    trash, changes = TrashStore(computer.database), ChangeStore(computer.database)
    TrashService(trash, changes, clock=lambda: now_ms() + int(days * DAY_MS)).purge()


def carry_own(giver: Computer, taker: Computer) -> None:
    """Carry what one wrote itself to another one, and nothing that others wrote."""
    for name in files_of(giver):
        if name.parent.name == state_of(giver).stream:
            (taker.shared / name).parent.mkdir(parents=True, exist_ok=True)
            (taker.shared / name).write_bytes((giver.shared / name).read_bytes())


def changed_unseen(apart: list[Computer]) -> None:
    """Let the third change a note of the first, of which the second hears only that."""
    a, b, c = apart
    settle(apart)
    note = NoteStore(a.database).create("N", "made")
    a.sync(4)
    carry(a, c)
    c.sync(4)
    NoteStore(c.database).save(note.id, WORD)
    c.sync(4)
    carry_own(c, b)
    b.sync(4)
    assert titles(b) == set()
    assert len(log_of(b.database)) == 1


def asked(computer: Computer) -> int:
    with computer.database.read() as session:
        query = "select count(*) from change where table_name = 'wanted'"
        return int(session.connection().exec_driver_sql(query).scalar() or 0)


def test_who_lost_a_row_gets_it_whole_when_it_is_changed_elsewhere(
    three: list[Computer],
) -> None:
    _a, b, c = three
    note = NoteStore(b.database).create("N", "made")
    settle(three)
    lose(b, note.id)
    NoteStore(c.database).save(note.id, "changed")
    settle(three)
    with b.database.read() as session:
        found = session.connection().exec_driver_sql("select title, body from note")
        assert [*map(tuple, found)] == [("N", "changed")]
    check(three)


def test_nobody_is_asked_while_another_tells_what_was_before(
    three: list[Computer],
) -> None:
    a, b, c = three
    note = NoteStore(a.database).create("N", "made")
    settle(three)
    lose(b, note.id)
    with b.database.write() as session:
        keep_first_times(session, {"00": FirstTime(9)})
    NoteStore(c.database).save(note.id, "changed")
    settle(three)
    assert asked(b) == 0
    with b.database.write() as session:
        keep_first_times(session, {"00": FirstTime(0)})
    settle(three)
    assert asked(b) == 1
    check(three)


def test_what_nobody_has_is_asked_for_once_and_expires(apart: list[Computer]) -> None:
    _a, b, _c = apart
    changed_unseen(apart)
    b.sync(20)
    assert asked(b) == 1
    purge(b, KEPT_DAYS - 1)
    assert len(log_of(b.database)) == 1
    purge(b, KEPT_DAYS + 1)
    assert log_of(b.database) == {}
    assert files_with(b, WORD) == []


def test_a_row_that_comes_after_its_changes_went_is_whole(
    apart: list[Computer],
) -> None:
    _a, b, _c = apart
    with b.database.write() as session:
        keep_first_times(session, {"00": FirstTime(9)})
    changed_unseen(apart)
    purge(b, KEPT_DAYS + 1)
    assert asked(b) == 0
    settle(apart)
    check(apart)
    with b.database.read() as session:
        found = session.connection().exec_driver_sql("select body from note")
        assert [body for (body,) in found] == [WORD]


def test_who_leaves_keeps_no_words_of_rows_that_are_not_there(
    apart: list[Computer],
) -> None:
    _a, b, _c = apart
    changed_unseen(apart)
    b.leave()
    assert log_of(b.database) == {}
