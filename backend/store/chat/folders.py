"""Keeps folders of conversations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlmodel import Session, col, select

from backend.errors import NotFoundError
from backend.ids import now_ms
from backend.store.database import Database
from backend.store.models import Folder
from backend.store.text import clean_text

_GONE: Final = "This folder is no longer there. It may be in the trash."
_COUNTS: Final = text("""
    select folder_id, count(*) from conversation
    where folder_id <> '' and deleted_at is null and archived_at = 0 group by folder_id
""")
_INSTRUCTIONS: Final = text("""
    select f.instructions from conversation c join folder f on f.id = c.folder_id
    where c.id = :conversation and f.deleted_at is null
""")


@dataclass(frozen=True, slots=True)
class CountedFolder:
    """A folder, and how many conversations are listed in it."""

    folder: Folder
    count: int


class FolderStore:
    """Reads and changes folders; what changes returns its transaction id."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def all(self) -> Sequence[CountedFolder]:
        """Return the folders in use, by their names."""
        query = select(Folder).where(col(Folder.deleted_at).is_(None))
        with self._database.read() as session:
            counts: dict[str, int] = dict(
                map(tuple, session.connection().execute(_COUNTS))
            )
            found = session.exec(query).all()
        named = sorted(found, key=lambda folder: (folder.name.casefold(), folder.id))
        return [CountedFolder(folder, counts.get(folder.id, 0)) for folder in named]

    def get(self, id: str) -> Folder:
        """Return one folder.

        Raises:
            NotFoundError: There is none, or it is in the trash.
        """
        with self._database.read() as session:
            return _folder_in(session, id)

    def instructions_of(self, conversation_id: str) -> str:
        """Return the instructions of the folder a conversation is in; "" for none."""
        asked = {"conversation": conversation_id}
        with self._database.read() as session:
            found = session.connection().execute(_INSTRUCTIONS, asked).scalar()
        return str(found or "")

    def create(self, name: str) -> Folder:
        """Store a new, empty folder."""
        made = Folder(name=clean_text(name))
        with self._database.write() as session:
            session.add(made)
        return made

    def rename(self, id: str, name: str) -> str:
        """Give it another name.

        Raises:
            NotFoundError: There is none, or it is in the trash.
        """
        return self._change(id, name=clean_text(name))

    def set_up(self, id: str, instructions: str, assistant_id: str = "") -> str:
        """Give it other instructions, and an assistant for new conversations.

        Raises:
            NotFoundError: There is none, or it is in the trash.
        """
        text = clean_text(instructions)
        return self._change(id, instructions=text, assistant_id=assistant_id)

    def delete(self, id: str) -> str:
        """Put it into the trash: what is in it is listed without a folder.

        Raises:
            NotFoundError: There is none, or it is there already.
        """
        return self._change(id, deleted_at=now_ms())

    def _change(self, row_id: str, **fields: str | int) -> str:
        with self._database.write() as session:
            _folder_in(session, row_id).sqlmodel_update(fields)
            return session.transaction_id


def _folder_in(session: Session, row_id: str) -> Folder:
    row = session.get(Folder, row_id)
    if row is None or row.deleted_at is not None:
        raise NotFoundError(_GONE)
    return row
