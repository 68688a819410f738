"""Keeps imported rows, and takes a whole import back in small steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import TextClause, text
from sqlmodel import Session, col, select

from backend.errors import NotFoundError
from backend.store.change_log import TRANSACTION_ID, Fields, StoreSession
from backend.store.database import Database
from backend.store.ids import new_id, now_ms
from backend.store.models import LOGGED, Conversation, ImportRun, Logged
from backend.store.text import clean_text

STEP: Final = 100
"""How many rows one transaction takes back."""

_TOUCHED: Final = text("""
    select seq, table_name, row_id from change
    where transaction_id = :run and seq < :before
        and (before is null or json_extract(before, '$.deleted_at') is not null)
    order by seq desc limit :limit
""")
_GONE_ON_WITH: Final = text("""
    select exists(
        select 1 from message m
        where m.conversation_id = :id and m.id > :run and m.deleted_at is null
            and not exists(
                select 1 from change c
                where c.table_name = 'message' and c.row_id = m.id
                    and c.transaction_id = :run
            )
    )
""")
_INSIDE: Final = text("""
    select exists(
        select 1 from message m join change c
            on c.table_name = 'conversation' and c.row_id = m.conversation_id
        where m.id = :id and c.transaction_id = :run and (
            c.before is null or json_extract(c.before, '$.deleted_at') is not null
        )
    )
""")
"""Whether a message goes to the trash, or stays, with its whole conversation."""


@dataclass(frozen=True, slots=True)
class Added:
    """What a batch of rows came to.

    Attributes:
        new: Rows that were not there.
        restored: Rows that were in the trash.
        known: Rows that were there already.
    """

    new: int = 0
    restored: int = 0
    known: int = 0

    def __add__(self, other: "Added") -> "Added":
        return Added(
            self.new + other.new,
            self.restored + other.restored,
            self.known + other.known,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """How far taking back has come.

    Attributes:
        before: Where the next step goes on; 0 at the end.
        kept: Conversations that stay because the user went on with them.
    """

    before: int
    kept: int


class ImportStore:
    """Adds imported rows; all batches of an import share one transaction id."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def begin(self, name: str, source: str) -> ImportRun:
        """Record that an import begins, so that a crash does not leave half of one."""
        run = ImportRun(name=clean_text(name), source=source)
        with self._database.write() as session:
            session.add(run)
        return run

    def end(self, run_id: str, state: str, report: str) -> None:
        """Record how it ended.

        Raises:
            NotFoundError: There is no such import.
        """
        with self._database.write() as session:
            run = _run_in(session, run_id)
            run.state = state
            run.report = clean_text(report)

    def get(self, run_id: str) -> ImportRun:
        """Return one import.

        Raises:
            NotFoundError: There is none.
        """
        with self._database.read() as session:
            return _run_in(session, run_id)

    def latest(self, limit: int = 10) -> Sequence[ImportRun]:
        """Return the imports, newest first."""
        query = select(ImportRun).order_by(col(ImportRun.id).desc()).limit(limit)
        with self._database.read() as session:
            return session.exec(query).all()

    def add(self, run_id: str, rows: Sequence[tuple[str, Fields]]) -> Added:
        """Store a batch; what is there already stays as it is.

        Args:
            run_id: The import, which is also the transaction id of all its batches.
            rows: Tables and fields, a conversation before its messages.
        """
        added = Added()
        with self._database.write() as session:
            session.info[TRANSACTION_ID] = run_id
            for table, fields in rows:
                added += _add(session, LOGGED[table], _clean(fields))
        return added

    def take_back(self, run_id: str, undo_id: str, before: int = 2**53) -> Step:
        """Put a few rows of an import back where they were: into the trash.

        Messages inside a conversation that goes to the trash stay with it. A
        conversation in which the user went on stays too, with all that is in it.

        Args:
            run_id: The import.
            undo_id: The transaction id of taking back.
            before: What the last step returned.
        """
        told = {"run": run_id, "before": before, "limit": STEP}
        kept = 0
        with self._database.write() as session:
            session.info[TRANSACTION_ID] = undo_id
            touched = session.connection().execute(_TOUCHED, told).all()
            for _, table, row_id in touched:
                row = session.get(LOGGED[table], row_id)
                if row is None or row.deleted_at is not None:
                    continue
                asked = {"id": row_id, "run": run_id}
                match table:
                    case "conversation" if _asks(session, _GONE_ON_WITH, asked):
                        kept += 1
                    case "message" if _asks(session, _INSIDE, asked):
                        pass
                    case _:
                        row.deleted_at = now_ms()
        return Step(touched[-1][0] if len(touched) == STEP else 0, kept)

    def new_undo(self) -> str:
        """Return a transaction id for taking something back."""
        return new_id()


def _add(session: StoreSession, model: type[Logged], fields: Fields) -> Added:
    row = session.get(model, fields["id"])
    if row is None:
        session.add(model(**fields))  # type: ignore[arg-type]  # checked where they were read
        return Added(new=1)
    if isinstance(row, Conversation):
        row.latest = max(row.latest, str(fields["latest"]))
    if row.deleted_at is None:
        return Added(known=1)
    row.deleted_at = None
    return Added(restored=1)


def _clean(fields: Fields) -> Fields:
    return {
        name: clean_text(value) if isinstance(value, str) else value
        for name, value in fields.items()
    }


def _asks(session: Session, query: TextClause, told: dict[str, str]) -> bool:
    return bool(session.connection().execute(query, told).scalar_one())


def _run_in(session: Session, run_id: str) -> ImportRun:
    run = session.get(ImportRun, run_id)
    if run is None:
        raise NotFoundError("This import is no longer known.")
    return run
