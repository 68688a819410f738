"""Keeps notes."""

from collections.abc import Sequence
from typing import Final

from sqlmodel import Session, col, select

from backend.errors import NotFoundError
from backend.ids import now_ms
from backend.store.database import Database
from backend.store.drafts import drafted_notes, note_draft
from backend.store.models import Draft, Note
from backend.store.text import clean_text, note_title

_GONE: Final = "This note is no longer there. It may be in the trash."


class NoteStore:
    """Reads and changes notes; what changes returns its transaction id."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def page(self, *, before: str | None = None, limit: int = 50) -> Sequence[Note]:
        """Return the notes in use, newest first.

        Args:
            before: The id of the last one that is already known.
            limit: How many at most.
        """
        query = (
            select(Note)
            .where(col(Note.deleted_at).is_(None))
            .order_by(col(Note.id).desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(col(Note.id) < before)
        with self._database.read() as session:
            return session.exec(query).all()

    def get(self, id: str) -> Note:
        """Return one note.

        Raises:
            NotFoundError: There is none, or it is in the trash.
        """
        with self._database.read() as session:
            return _note_in(session, id)

    def create(self, title: str = "", body: str = "") -> Note:
        """Store a new note; without a title its first line is one."""
        body = clean_text(body)
        made = Note(title=clean_text(title) or note_title(body), body=body)
        with self._database.write() as session:
            session.add(made)
        return made

    def mark(self, message_id: str, body: str) -> str:
        """Store a note of a message, which marks it; return the transaction id."""
        body = clean_text(body)
        with self._database.write() as session:
            session.add(Note(title=note_title(body), body=body, message_id=message_id))
            return session.transaction_id

    def marks(self) -> dict[str, str]:
        """Return the marked messages, each with the newest note of it."""
        query = (
            select(Note.message_id, Note.id)
            .where(Note.message_id != "", col(Note.deleted_at).is_(None))
            .order_by(col(Note.id))
        )
        with self._database.read() as session:
            return dict(session.exec(query).all())

    def save(self, id: str, body: str, title: str | None = None) -> str:
        """Store a note's text, and its title when given.

        Raises:
            NotFoundError: There is none, or it is in the trash.
        """
        with self._database.write() as session:
            note = _note_in(session, id)
            note.body = clean_text(body)
            if title is not None:
                note.title = clean_text(title)
            return session.transaction_id

    def keep(self, id: str, body: str) -> None:
        """Keep what is being typed into a note, old or new, until `fold()`.

        The change log takes a whole text each time a note changes: not every pause
        in typing is worth that.

        Raises:
            NotFoundError: The note is in the trash.
        """
        with self._database.write() as session:
            known = session.get(Note, id)
            if known is not None and known.deleted_at is not None:
                raise NotFoundError(_GONE)
            session.merge(Draft(id=note_draft(id), text=clean_text(body)))

    def unfolded(self) -> list[str]:
        """Return the ids of the notes whose newest text is only kept."""
        with self._database.read() as session:
            return drafted_notes(session)

    def fold(self, id: str) -> None:
        """Make what was kept the text of the note; a new one begins with a text."""
        with self._database.write() as session:
            draft = session.get(Draft, note_draft(id))
            if draft is None:
                return
            note = session.get(Note, id)
            if note is None and draft.text.strip():
                note = Note(id=id)
                session.add(note)
            if note is not None and note.body != draft.text:
                note.title, note.body = note_title(draft.text), draft.text
            session.delete(draft)

    def delete(self, id: str) -> str:
        """Put a note into the trash.

        Raises:
            NotFoundError: There is none, or it is there already.
        """
        with self._database.write() as session:
            _note_in(session, id).deleted_at = now_ms()
            return session.transaction_id

    def restore(self, id: str) -> str:
        """Take a note out of the trash.

        Raises:
            NotFoundError: There is no such note.
        """
        with self._database.write() as session:
            _note_in(session, id, include_deleted=True).deleted_at = None
            return session.transaction_id


def _note_in(session: Session, row_id: str, *, include_deleted: bool = False) -> Note:
    row = session.get(Note, row_id)
    if row is None or (row.deleted_at is not None and not include_deleted):
        raise NotFoundError(_GONE)
    return row
