"""Keeps the engines the user has chosen; their keys are in the OS keyring."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from backend.errors import NotFoundError
from backend.ids import now_ms
from backend.interface.stored_values import EngineKind
from backend.store.database import Database
from backend.store.models import EngineRecord
from backend.store.text import clean_text


class EngineStore:
    """Reads and changes engine records."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def all(self) -> Sequence[EngineRecord]:
        """Return the engines in use, oldest first."""
        query = (
            select(EngineRecord)
            .where(col(EngineRecord.deleted_at).is_(None))
            .order_by(col(EngineRecord.id))
        )
        with self._database.read() as session:
            return session.exec(query).all()

    def get(self, id: str) -> EngineRecord:
        """Return one engine.

        Raises:
            NotFoundError: There is none, or it was removed.
        """
        with self._database.read() as session:
            return _engine_in(session, id)

    def add(
        self,
        kind: EngineKind,
        name: str,
        url: str = "",
        path: str = "",
        options: str = "",
    ) -> EngineRecord:
        """Store a new engine."""
        made = EngineRecord(
            kind=kind,
            name=clean_text(name),
            url=clean_text(url),
            path=clean_text(path),
            options=options,
        )
        with self._database.write() as session:
            session.add(made)
        return made

    def update(
        self,
        id: str,
        *,
        name: str | None = None,
        url: str | None = None,
        path: str | None = None,
        options: str | None = None,
    ) -> EngineRecord:
        """Change what is given.

        Raises:
            NotFoundError: There is no such engine.
        """
        values = {"name": name, "url": url, "path": path, "options": options}
        with self._database.write() as session:
            row = _engine_in(session, id)
            row.sqlmodel_update(
                {
                    key: clean_text(value)
                    for key, value in values.items()
                    if value is not None
                },
            )
            return row

    def delete(self, id: str) -> str:
        """Remove an engine; return the transaction id.

        Raises:
            NotFoundError: There is no such engine.
        """
        with self._database.write() as session:
            _engine_in(session, id).deleted_at = now_ms()
            return session.transaction_id


def _engine_in(session: Session, row_id: str) -> EngineRecord:
    row = session.get(EngineRecord, row_id)
    if row is None or row.deleted_at is not None:
        raise NotFoundError("This model is no longer set up. Choose another one.")
    return row
