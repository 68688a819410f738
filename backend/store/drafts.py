"""Keeps what is typed and not yet sent."""

import json
from collections.abc import Mapping
from typing import Final

from sqlmodel import Session, col, select

from backend.ids import DraftedForm, assistant_draft, edit_draft, form_draft
from backend.store.change_log import StoreSession
from backend.store.database import Database
from backend.store.models import Draft
from backend.store.text import clean_text

_OF_A_NOTE: Final = "note:"
_OF_AN_ACTION: Final = "action:"
_CLEAR: Final = "delete from draft where id = ?"


class DraftStore:
    """Reads and saves drafts, by the conversation's id or "new"."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def get(self, id: str) -> str:
        """Return a draft, empty when there is none."""
        with self._database.read() as session:
            draft = session.get(Draft, id)
            return draft.text if draft else ""

    def save(self, id: str, text: str) -> None:
        """Store a draft; an empty one goes."""
        with self._database.write() as session:
            if text:
                session.merge(Draft(id=id, text=clean_text(text)))
            else:
                clear_draft(session, id)

    def add(self, id: str, text: str) -> None:
        """Put a text below a draft, unless it is there already."""
        with self._database.act():
            draft = self.get(id)
            if text.strip() not in draft:
                self.save(id, "\n\n".join(filter(None, (draft, text))))

    def form(self, form: DraftedForm, row_id: str) -> dict[str, str]:
        """Return the fields of a form as they were typed last; none when it was not."""
        draft = self.get(form_draft(form, row_id))
        return dict(json.loads(draft)) if draft else {}

    def save_form(
        self, form: DraftedForm, row_id: str, fields: Mapping[str, str]
    ) -> None:
        """Keep the fields of a form; nothing of them is checked."""
        self.save(form_draft(form, row_id), json.dumps(dict(fields)))

    def drop_form(self, form: DraftedForm, row_id: str) -> None:
        """Forget what was typed into a form: it was saved, or given up."""
        self.save(form_draft(form, row_id), "")


def clear_draft(session: StoreSession, row_id: str) -> None:
    """Drop a draft within a session: it was sent or emptied."""
    session.run(_CLEAR, (row_id,))


def note_draft(note_id: str) -> str:
    """Return the id of the draft of a note."""
    return f"{_OF_A_NOTE}{note_id}"


def action_draft(action_id: str) -> str:
    """Return the id of the draft of a quick action's form."""
    return f"{_OF_AN_ACTION}{action_id}"


def drafted_notes(session: Session) -> list[str]:
    """Return the ids of the notes whose newest text is a draft."""
    drafts = select(Draft.id).where(col(Draft.id).startswith(_OF_A_NOTE))
    return [row_id.removeprefix(_OF_A_NOTE) for row_id in session.exec(drafts)]


def drop_drafts_of(session: StoreSession, row_id: str) -> None:
    """Drop within a session what is typed for a row of any kind."""
    of_kinds = (note_draft, action_draft, assistant_draft, edit_draft)
    of_forms = (form_draft(form, row_id) for form in DraftedForm)
    for draft_id in (row_id, *(of_kind(row_id) for of_kind in of_kinds), *of_forms):
        clear_draft(session, draft_id)
