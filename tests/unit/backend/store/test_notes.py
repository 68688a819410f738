"""Notes are kept, changed, thrown away and brought back."""

import pytest

from backend.errors import NotFoundError
from backend.store.database import Database
from backend.store.notes import NoteStore


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
