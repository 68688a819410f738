"""Writes every change of a logged row into the change log, in its own transaction."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import CursorResult, event, inspect
from sqlalchemy.orm import ORMExecuteState, UOWTransaction
from sqlmodel import Session

from backend.ids import new_id, now_ms
from backend.interface.stored_values import DERIVED
from backend.sqlite.dialect import to_json
from backend.sqlite.error_messages import translated_errors
from backend.sqlite.folding import indexed
from backend.store.clock import HybridClock
from backend.store.models import Logged, Searched
from backend.store.rows import ConversationRow, MessageRow

Fields: TypeAlias = dict[str, str | int | None]

CLOCK: Final = "clock"
TRANSACTION_ID: Final = "transaction_id"
_CHANGES: Final = "changes"
UNLOGGED: Final = DERIVED | {"id"}
KEEP: Final = """
    insert into change(
        transaction_id, table_name, row_id, before, after, hlc, device_id
    ) values (?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True)
class RowChange:
    """What one transaction did to a logged row.

    Attributes:
        row: As it was left; None when it was deleted for good.
        before: The changed fields as they were; None for a new row.
        after: The changed fields as they became.
    """

    table: str
    row: Logged | ConversationRow | MessageRow | None
    before: Fields | None
    after: Fields


class StoreSession(Session):
    """A session that keeps the change log; without a clock it only reads."""

    @classmethod
    def to_write(cls, bind: object, clock: HybridClock) -> "StoreSession":
        """Return a session with a transaction id of its own."""
        info = {CLOCK: clock, TRANSACTION_ID: new_id(), _CHANGES: []}
        return cls(bind, info=info, expire_on_commit=False)  # type: ignore[arg-type]  # the engine; kept opaque here

    @property
    def transaction_id(self) -> str:
        """The id under which the changes of this session are kept."""
        return str(self.info[TRANSACTION_ID])

    @property
    def changes(self) -> Sequence[RowChange]:
        """What was flushed so far, in this order."""
        return tuple(self.info[_CHANGES])

    def run(
        self, sql: str, parameters: tuple[Any, ...] | list[tuple[Any, ...]]
    ) -> CursorResult[*tuple[Any, ...]]:
        """Run a statement that a question waits for, once or for many rows.

        It is written out, as building one anew or looking up what was built takes
        longer than running it. Objects that were added before are not flushed.
        """
        return self.connection().exec_driver_sql(sql, parameters)

    def log(self, changes: Sequence[RowChange]) -> None:
        """Keep what was done to logged rows: by a flush, or with statements."""
        clock: HybridClock = self.info[CLOCK]
        self.info[_CHANGES] += changes
        entries = [
            (
                self.transaction_id,
                change.table,
                change.row.id,
                None if change.before is None else to_json(change.before),
                to_json(change.after),
                clock.read(),
                clock.device_id,
            )
            for change in changes
            if change.row
        ]
        if entries:
            self.run(KEEP, entries)

    def note(self, change: RowChange) -> None:
        """Take note of what pages must hear, and is made of logged changes."""
        self.info[_CHANGES].append(change)

    def note_forgotten(self, table: str) -> None:
        """Take note that a row of a table was deleted for good, past the log."""
        self.note(RowChange(table, None, {}, {}))


class CurrentAct(threading.local):
    """What several methods of stores, called by one thread, do in one transaction.

    Attributes:
        session: The one its reads and writes join; None outside an act.
    """

    session: StoreSession | None = None
    _failure: BaseException | None = None

    @contextmanager
    def begin(self, session: StoreSession) -> Iterator[None]:
        """Let what this thread does in the block join a session."""
        self.session, self._failure = session, None
        try:
            yield
            if self._failure:  # half of an act is never stored, whoever caught this
                raise self._failure
        finally:
            self.session = self._failure = None

    @contextmanager
    def join(self, session: StoreSession) -> Iterator[StoreSession]:
        """Do one part of the act."""
        try:
            with translated_errors():
                yield session
                session.flush()
        except BaseException as exc:
            self._failure = exc
            raise


@event.listens_for(StoreSession, "before_flush")
def _on_session_before_flush(
    session: StoreSession,
    flush_context: UOWTransaction,  # noqa: ARG001 SQLAlchemy's signature
    instances: object,  # noqa: ARG001 SQLAlchemy's signature
) -> None:
    if CLOCK not in session.info:
        raise RuntimeError("a session of Database.read() cannot write")
    for row in session.deleted:
        if isinstance(row, Logged):
            raise TypeError("a logged row is deleted by its deleted_at")
    for row in session.dirty:
        if isinstance(row, Logged) and session.is_modified(row) and not _is_dated(row):
            row.updated_at = now_ms()
    for row in (*session.new, *session.dirty):
        if isinstance(row, Searched):
            row.folded = indexed(row.searched_text())


def _is_dated(row: Logged) -> bool:
    """Whether the change itself says when it was made: on another computer."""
    return bool(inspect(row).attrs.updated_at.history.added)


@event.listens_for(StoreSession, "after_flush")
def _on_session_after_flush(
    session: StoreSession,
    flush_context: UOWTransaction,  # noqa: ARG001 SQLAlchemy's signature
) -> None:
    session.log(
        [
            RowChange(str(row.__tablename__), row, before, after)
            for row, before, after in _changes(session)
        ]
    )


@event.listens_for(StoreSession, "do_orm_execute")
def _on_session_do_orm_execute(state: ORMExecuteState) -> None:
    mapper = state.bind_mapper
    if not state.is_select and mapper and issubclass(mapper.class_, Logged):
        raise TypeError("logged rows are changed one by one, through the session")


def _changes(session: Session) -> list[tuple[Logged, Fields | None, Fields]]:
    new = [
        (row, None, row.model_dump(exclude=set(UNLOGGED)))
        for row in session.new
        if isinstance(row, Logged)
    ]
    edited = [
        (row, *_edited_fields(row)) for row in session.dirty if isinstance(row, Logged)
    ]
    return [*new, *(change for change in edited if change[2])]


def _edited_fields(row: Logged) -> tuple[Fields, Fields]:
    before: Fields = {}
    after: Fields = {}
    for attribute in inspect(row).attrs:
        history = attribute.history
        if history.has_changes() and attribute.key not in UNLOGGED:
            before[attribute.key] = history.deleted[0]
            after[attribute.key] = history.added[0]
    return before, after
