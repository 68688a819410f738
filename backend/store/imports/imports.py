"""Keeps imported rows, and takes a whole import back in small steps."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session, col, select

from backend.errors import NotFoundError
from backend.ids import new_id, now_ms
from backend.interface.stored_values import parameters_of
from backend.store.attachments.rows import of_messages
from backend.store.change_log import TRANSACTION_ID, Fields, StoreSession
from backend.store.database import Database
from backend.store.history.changes import revert
from backend.store.imports.plans import Plan, SourceExport, plan_for
from backend.store.imports.rows import Added, add_rows
from backend.store.models import (
    LOGGED,
    AttachedFile,
    Attachment,
    Change,
    Conversation,
    ImportRun,
    Message,
    Setting,
)
from backend.store.text import clean_text

__all__ = ["STEP", "Added", "ImportStore", "UndoProgress"]

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
        else 0 end as stays,
        {_ADDS.format(change="touched")} as adds
    from change touched
    where transaction_id = :run and seq < :before
    order by seq desc limit :limit
""")  # noqa: S608 text of our own
"""What to take back. A conversation stays where the user went on in it, and a message
goes or stays with its conversation."""


@dataclass(frozen=True, slots=True)
class UndoProgress:
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

    def plan(self, export: SourceExport) -> Plan:
        """Return what an export of a conversation does to what is here of it."""
        with self._database.read() as session:
            return plan_for(session, export)

    def add(
        self,
        run_id: str,
        rows: Sequence[tuple[str, Fields]],
        *,
        is_dated: bool = False,
    ) -> Added:
        """Store a batch; what is there already follows it, unless a person changed it.

        Args:
            run_id: The import, which is also the transaction id of all its batches.
            rows: Tables and fields, a conversation before its messages.
            is_dated: Whether `updated_at` tells when they were changed in their source.
        """
        added = Added()
        with self._database.write() as session, session.no_autoflush:
            session.info[TRANSACTION_ID] = run_id
            for table, group in groupby(rows, key=itemgetter(0)):
                data = [fields for _, fields in group]
                if table == Conversation.__tablename__:
                    data = [_without_parameters(session, fields) for fields in data]
                added += add_rows(session, LOGGED[table], data, is_dated=is_dated)
        return added

    def attach(self, run_id: str, row: Mapping[str, Any]) -> None:
        """Store a file of a question that is here and does not have it yet."""
        names = {*AttachedFile.model_fields, "created_at", "updated_at"} & row.keys()
        facts = {name: row[name] for name in names}
        message_id, content = str(row["message_id"]), b64decode(row["content"])
        with self._database.read() as session:
            there = of_messages(session, [message_id])
            same = row["sha256"], row["position"]
            is_known = any((one.sha256, one.position) == same for one in there)
            if is_known or session.get(Message, message_id) is None:
                return
            is_taken = session.get(Attachment, str(row["id"])) is not None
        files = self._database.files
        kept, text = files.put(content), row["text"]
        text_file = files.put(text.encode(), kept.key).name if text else ""
        cleaned = {k: clean_text(v) if type(v) is str else v for k, v in facts.items()}
        own = {} if is_taken else {"id": row["id"]}
        stored = Attachment.model_validate({**cleaned, **own, "message_id": message_id})
        stored.size, stored.file_key = len(content), kept.key
        stored.file, stored.text_file = kept.name, text_file
        try:
            with self._database.write() as session:
                session.info[TRANSACTION_ID] = run_id
                session.add(stored)
        except BaseException:
            files.drop((kept.name, text_file))
            raise

    def replace(self, run_id: str, message_ids: Sequence[str]) -> int:
        """Put messages that are no longer shown in their source into the trash.

        Only those that are still as a plan found them; return how many.
        """
        query = select(Message).where(
            col(Message.id).in_(message_ids), col(Message.deleted_at).is_(None)
        )
        with self._database.write() as session:
            session.info[TRANSACTION_ID] = run_id
            rows = session.exec(query).all()
            for row in rows:
                row.deleted_at = now_ms()
            return len(rows)

    def revert(self, run_id: str, undo_id: str, before: int = 2**53) -> UndoProgress:
        """Put a few rows of an import back to where, and as, they were.

        What was new goes into the trash, what was replaced comes out of it. Messages
        inside a conversation that goes to the trash stay with it. A conversation in
        which the user went on stays too, with all that is in it.

        Args:
            run_id: The import.
            undo_id: The transaction id of taking back.
            before: What the last step returned.
        """
        parameters = {"run": run_id, "before": before, "limit": STEP}
        kept = 0
        with self._database.write() as session, session.no_autoflush:
            session.info[TRANSACTION_ID] = undo_id
            touched = session.connection().execute(_TOUCHED, parameters).all()
            for seq, table, _, stays, adds in touched:
                kept += bool(stays and adds and table == "conversation")
                change = None if stays else session.get(Change, seq)
                if change is not None:
                    revert(session, change)
        return UndoProgress(touched[-1][0] if len(touched) == STEP else 0, kept)

    def new_undo(self) -> str:
        """Return a transaction id for taking something back."""
        return new_id()


def _run_in(session: Session, run_id: str) -> ImportRun:
    run = session.get(ImportRun, run_id)
    if run is None:
        raise NotFoundError("This import is no longer known.")
    return run


def _without_parameters(session: StoreSession, fields: Fields) -> Fields:
    """Store how a conversation is answered, unless that was said here already."""
    place, value = parameters_of(str(fields["id"])), fields.get("parameters")
    kept = session.get(Setting, place) or Setting(id=place, deleted_at=now_ms())
    if value and kept.deleted_at is not None:
        kept.value, kept.deleted_at = clean_text(str(value)), None
        session.add(kept)
    return {name: of for name, of in fields.items() if name != "parameters"}
