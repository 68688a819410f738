"""Keeps imported rows, and takes a whole import back in small steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final

from sqlalchemy import text
from sqlmodel import Session, col, select

from backend.errors import NotFoundError
from backend.store.change_log import TRANSACTION_ID, Fields, StoreSession
from backend.store.database import Database
from backend.store.ids import new_id, now_ms
from backend.store.models import LOGGED, Conversation, ImportRun, Logged
from backend.store.states import MessageState
from backend.store.text import clean_text

STEP: Final = 200
"""How many changes one transaction takes back."""

_ADDS: Final = """(
    {change}.before is null or json_extract({change}.before, '$.deleted_at') is not null
)"""
"""Whether a change brought a row in, or out of the trash."""

_TOUCHED: Final = text(f"""
    select seq, table_name, row_id,
        case table_name
        when 'conversation' then exists(
            select 1 from message m
            where m.conversation_id = touched.row_id and m.id > :run
                and m.deleted_at is null and not exists(
                    select 1 from change own
                    where own.table_name = 'message' and own.row_id = m.id
                        and own.transaction_id = :run
                )
        )
        when 'message' then exists(
            select 1 from message m join change around
                on around.table_name = 'conversation'
                and around.row_id = m.conversation_id
            where m.id = touched.row_id and around.transaction_id = :run
                and {_ADDS.format(change="around")}
        )
        else 0 end as stays
    from change touched
    where transaction_id = :run and seq < :before
        and {_ADDS.format(change="touched")}
    order by seq desc limit :limit
""")  # noqa: S608 text of our own
"""What to take back. A conversation stays where the user went on in it, and a message
goes or stays with its conversation."""


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

    def begin(self, run_id: str, name: str, source: str) -> ImportRun:
        """Record that an import begins, so that a crash does not leave half of one."""
        run = ImportRun(id=run_id, name=clean_text(name), source=source)
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
        with self._database.write() as session, session.no_autoflush:
            session.info[TRANSACTION_ID] = run_id
            for table, group in groupby(rows, key=itemgetter(0)):
                added += _add(session, LOGGED[table], [fields for _, fields in group])
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
        with self._database.write() as session, session.no_autoflush:
            session.info[TRANSACTION_ID] = undo_id
            touched = session.connection().execute(_TOUCHED, told).all()
            for _, table, row_id, stays in touched:
                kept += bool(stays and table == "conversation")
                row = None if stays else session.get(LOGGED[table], row_id)
                if row is not None and row.deleted_at is None:
                    row.deleted_at = now_ms()
        return Step(touched[-1][0] if len(touched) == STEP else 0, kept)

    def new_undo(self) -> str:
        """Return a transaction id for taking something back."""
        return new_id()


def _add(session: StoreSession, model: type[Logged], rows: Sequence[Fields]) -> Added:
    wanted = {str(fields["id"]): _clean(fields) for fields in rows}
    there = session.exec(select(model).where(col(model.id).in_(wanted))).all()
    restored = 0
    for row in there:
        fields = wanted.pop(row.id)
        if isinstance(row, Conversation):
            row.latest = max(row.latest, str(fields["latest"]))
        restored += row.deleted_at is not None
        row.deleted_at = None
    session.add_all(model(**fields) for fields in wanted.values())  # type: ignore[arg-type]  # checked where they were read
    return Added(len(wanted), restored, len(there) - restored)


def _clean(fields: Fields) -> Fields:
    told = {
        name: clean_text(value) if isinstance(value, str) else value
        for name, value in fields.items()
    }
    return (
        told | {"state": MessageState(str(told["state"]))} if "state" in told else told
    )


def _run_in(session: Session, run_id: str) -> ImportRun:
    run = session.get(ImportRun, run_id)
    if run is None:
        raise NotFoundError("This import is no longer known.")
    return run
