"""Notes are kept, changed, thrown away and brought back."""

import pytest

from backend.errors import NotFoundError
from backend.ids import new_id
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.notes import NoteStore
from backend.store.text import note_title


@pytest.fixture
def notes(database: Database) -> NoteStore:
    return NoteStore(database)


def test_notes_are_listed_newest_first_page_by_page(database: Database) -> None:
    notes = NoteStore(database)
    made = [notes.create(str(number)).id for number in range(3)]
    page = notes.page(limit=2)
    rest = notes.page(before=page[-1].id)
    assert [row.id for row in (*page, *rest)] == made[::-1]


def test_a_save_changes_what_is_given(database: Database) -> None:
    notes = NoteStore(database)
    made = notes.create("Fire", "hot")
    notes.save(made.id, "very hot")
    assert notes.get(made.id).title == "Fire"
    notes.save(made.id, "hottest", title="Flame")
    row = notes.get(made.id)
    assert (row.title, row.body) == ("Flame", "hottest")


def test_a_deleted_note_comes_back(database: Database) -> None:
    notes = NoteStore(database)
    made = notes.create("Fire")
    notes.delete(made.id)
    assert notes.page() == []
    with pytest.raises(NotFoundError):
        notes.save(made.id, "x")
    notes.restore(made.id)
    assert notes.get(made.id).title == "Fire"


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("", ""),
        ("\n  \n# Fire drill\nLeave", "Fire drill"),
        ("> - quoted", "quoted"),
        ("#\nLeave", "Leave"),
        ("a" * 200, "a" * 119 + "…"),
        ("火" * 120, "火" * 120),
    ],
)
def test_the_first_line_is_the_title(body: str, title: str) -> None:
    assert note_title(body) == title


def test_what_is_typed_becomes_one_change_when_it_is_folded(
    notes: NoteStore, database: Database
) -> None:
    row_id = new_id()
    for text in ("F", "Fi", "Fire\0"):
        notes.keep(row_id, text)
    with pytest.raises(NotFoundError):
        notes.get(row_id)
    assert notes.unfolded() == [row_id]
    notes.fold(row_id)
    notes.fold(row_id)
    assert notes.get(row_id).title == "Fire�"
    assert notes.unfolded() == []
    assert len(ChangeStore(database).of_row("note", row_id)) == 1


def test_an_emptied_note_stays_and_an_empty_one_never_begins(notes: NoteStore) -> None:
    emptied, never = notes.create("", "Fire").id, new_id()
    for row_id in (emptied, never):
        notes.keep(row_id, " ")
        notes.fold(row_id)
    assert (notes.get(emptied).title, notes.get(emptied).body) == ("", " ")
    with pytest.raises(NotFoundError):
        notes.get(never)


def test_nothing_is_typed_into_a_note_in_the_trash(notes: NoteStore) -> None:
    row_id = notes.create("", "Fire").id
    notes.delete(row_id)
    with pytest.raises(NotFoundError):
        notes.keep(row_id, "Fires")


def test_a_message_is_marked_as_long_as_it_has_a_note(database: Database) -> None:
    notes, changes, message = NoteStore(database), ChangeStore(database), new_id()
    notes.create("Fire")
    first = notes.mark(message, "# Warm\n\nwords")
    assert notes.page(limit=1)[0].title == "Warm"
    notes.mark(message, "again")
    (again,) = notes.marks().values()
    notes.delete(again)
    assert notes.marks().keys() == {message}
    undone = changes.undo(first)
    assert notes.marks() == {}
    changes.undo(undone)
    assert notes.marks().keys() == {message}
