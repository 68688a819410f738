"""Reads the change log: history, undo, and forgetting for good."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import delete, insert
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from backend.errors import ConflictError, NotFoundError
from backend.ids import now_ms
from backend.interface.stored_values import parameters_of
from backend.sqlite.folding import indexed
from backend.store.attachments.rows import forget_files, named_files, of_messages
from backend.store.branches.paths import lay_out, parent_in
from backend.store.branches.tree import PATH
from backend.store.change_log import Fields, RowChange, StoreSession
from backend.store.chat.assistants import free_some
from backend.store.database import Database
from backend.store.drafts import drop_drafts_of
from backend.store.messages import replies_to
from backend.store.models import (
    LOGGED,
    Change,
    Conversation,
    Logged,
    Message,
    Searched,
    Setting,
    StreamChunk,
)
from backend.store.search.indexes import drop_indexed, leave_words, wipe_words
from backend.store.states.message_state import MessageState
from backend.store.sync.files import let_go
from backend.store.sync.forgetting import goes_here_alone, remember_gone
from backend.store.sync.unmade import drop_unmade

_ROWS_PER_STEP: Final = 50
_KEPT_BY_A_VERSION: Final = {
    "conversation": {"title", "title_source"},
    "message": {"text", "reasoning"},
    "note": {"title", "body"},
    "assistant": {"name", "instructions"},
}
"""What restoring an earlier version of a row brings back."""


class ChangeStore:
    """Reads the change log and takes back what it tells."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    @property
    def device_id(self) -> str:
        """Who makes the changes of this device."""
        return self._database.clock.device_id

    def last(self) -> str | None:
        """Return the id of the newest transaction of this device."""
        newest = (
            select(Change.transaction_id)
            .where(Change.device_id == self.device_id)
            .where(col(Change.table_name).in_(LOGGED))
            .order_by(col(Change.seq).desc())
            .limit(1)
        )
        with self._database.read() as session:
            return session.exec(newest).first()

    def of_row(self, table: str, id: str) -> Sequence[Change]:
        """Return the changes of one row, oldest first."""
        with self._database.read() as session:
            return _of_row(session, table, id)

    def messages_of(self, transaction_id: str) -> Sequence[str]:
        """Return the ids of the messages a transaction changed."""
        query = select(Change.row_id).where(
            Change.transaction_id == transaction_id,
            Change.table_name == Message.__tablename__,
        )
        with self._database.read() as session:
            return session.exec(query).all()

    def undo(self, transaction_id: str) -> str:
        """Take a transaction back; return the id under which that is undone in turn.

        What was new goes to the trash. A field that has changed again since keeps
        its newer value. An answer that was begun again becomes what it was before.

        Raises:
            NotFoundError: There is no such transaction, or it was forgotten.
            ConflictError: All of it has changed again, or it concerns an answer that
                is being written, or ended one, which only Retry and Delete undo.
        """
        query = (
            select(Change)
            .where(Change.transaction_id == transaction_id)
            .where(col(Change.table_name).in_(LOGGED))
            .order_by(col(Change.hlc).desc())
        )
        with self._database.write() as session:
            changes = session.exec(query).all()
            if not changes:
                raise NotFoundError("There is nothing left to undo.")
            if not sum(revert(session, change) for change in changes):
                raise ConflictError(
                    "This has changed again since. Undo the newer change first.",
                )
            return session.transaction_id

    def restore_version(self, table: str, id: str, seq: int) -> str:
        """Give a row the text it had right after a change; return the transaction id.

        Raises:
            NotFoundError: There is no such row, or no such change of it.
            ConflictError: It is an answer that is still being written.
        """
        with self._database.write() as session:
            changes = _of_row(session, table, id)
            row = session.get(LOGGED[table], id)
            if row is None or seq not in {change.seq for change in changes}:
                raise NotFoundError("This version is no longer there.")
            if isinstance(row, Message) and row.state is MessageState.STREAMING:
                raise ConflictError(
                    "This answer is still being written. Stop it first, then restore."
                )
            at = next(change.hlc for change in changes if change.seq == seq)
            version = _folded([change for change in changes if change.hlc <= at])
            for field in _KEPT_BY_A_VERSION.get(table, set()) & version.keys():
                setattr(row, field, version[field])
            return session.transaction_id

    def forget(self, table: str, id: str) -> None:
        """Delete a row for good; see `forget_all()`."""
        self.forget_all([(table, id)])

    def forget_all(
        self, rows: Iterable[tuple[str, str]], *, is_shared: bool = True
    ) -> None:
        """Delete rows for good, out of the change log too; no undo brings them back.

        A conversation takes its messages and its draft along, and a question its
        answers that are in the trash. What an assistant says is written into the
        conversations that have it, which are answered as before. In small steps, so
        that others can write in between; the row that was named goes last, so that a
        rest can be found again.

        Args:
            rows: Table and id of each.
            is_shared: The person's other computers are to do so too.
        """
        files: set[str] = set()
        for table, row_id in rows:
            while self._forget_some_inside(table, row_id, files, is_shared=is_shared):
                pass
            with self._database.write() as session:
                kept = 0 if is_shared else goes_here_alone(session, table, row_id)
                if table == "message":
                    files |= _forget_message(
                        session, row_id, is_shared=is_shared, kept=kept
                    )
                else:
                    files |= _forget_row(
                        session, LOGGED[table], row_id, is_shared=is_shared, kept=kept
                    )
                unnamed = files - named_files(session) if files else files
                drop_indexed(session, unnamed)
                let_go(session, unnamed)
            self._database.files.drop(unnamed)
        wipe_words(self._database)

    def drop_unmade(self, before: int) -> None:
        """Let go of what others changed in rows that did not come, from before then."""
        with self._database.write() as session:
            is_any = drop_unmade(session, before)
        if is_any:
            wipe_words(self._database)

    def _forget_some_inside(
        self, table: str, row_id: str, files: set[str], *, is_shared: bool
    ) -> bool:
        if table == "assistant":
            with self._database.write() as session:
                return free_some(session, row_id, _ROWS_PER_STEP)
        inside = _inside(table, row_id)
        if inside is None or (table == "message" and not is_shared):
            # Who deleted a question says which answers went along; one that went to
            # the trash only after that is there on all computers.
            return False
        with self._database.write() as session:
            found = session.exec(inside.limit(_ROWS_PER_STEP)).all()
            for message_id in found:
                if table == "message":
                    files |= _forget_message(session, message_id, is_shared=is_shared)
                else:
                    files |= _forget_row(
                        session, Message, message_id, is_shared=is_shared
                    )
            return bool(found)

    def replay(self, target: Database) -> None:
        """Rebuild the logged rows, in an empty database, from the log alone."""
        with self._database.read() as session:
            query = select(Change).where(col(Change.table_name).in_(LOGGED))
            changes = session.exec(query.order_by(col(Change.hlc))).all()
        log: dict[tuple[str, str], list[Change]] = {}
        for change in changes:
            log.setdefault((change.table_name, change.row_id), []).append(change)
        with target.write() as session:
            for (table, row_id), of_row in log.items():
                if all(change.before is not None for change in of_row):
                    continue  # what made it expired, or never came
                # Past the session, which would log it once more.
                session.connection().execute(
                    insert(LOGGED[table]),
                    _row(LOGGED[table], row_id, _folded(of_row)),
                )
            for table, row_id in log:
                if table == Conversation.__tablename__:
                    lay_out(session, row_id)


def _row(model: type[Logged], row_id: str, fields: Fields) -> Fields:
    """Return a whole row, with what is made from its fields."""
    known = {name: fields[name] for name in fields.keys() & model.model_fields.keys()}
    whole: Fields = {**known, "id": row_id}
    if issubclass(model, Searched):
        searched = model(**whole).searched_text()  # type: ignore[arg-type]  # fields of JSON
        whole["folded"] = indexed(searched)
    return whole


def _of_row(session: Session, table: str, row_id: str) -> Sequence[Change]:
    return session.exec(
        select(Change)
        .where(Change.table_name == table, Change.row_id == row_id)
        .order_by(col(Change.hlc)),
    ).all()


def _folded(changes: Sequence[Change]) -> Fields:
    """Return the fields of a row after its changes, oldest first."""
    return {field: value for change in changes for field, value in change.after.items()}


def revert(session: StoreSession, change: Change) -> bool:
    """Take one change back; return whether anything of it was left to take back."""
    row = session.get(LOGGED[change.table_name], change.row_id)
    if row is None:
        return False
    if change.before is None:
        was_live = row.deleted_at is None
        row.deleted_at = row.deleted_at or now_ms()
        return was_live
    if change.after.get("state") == MessageState.STREAMING:
        return _revert_answer(session, row, change)
    reverted = False
    for field, value in change.before.items():
        if field != "updated_at" and getattr(row, field) == change.after[field]:
            _put_back(row, field, value)
            reverted = True
    return reverted


def _revert_answer(session: StoreSession, row: Logged, begun: Change) -> bool:
    """Take back that an answer was begun again, with all that was written then.

    All or nothing: text of one attempt never stands beside the model of another.
    """
    later = _of_row(session, begun.table_name, begun.row_id)
    ended = next(
        (
            change
            for change in later
            if change.hlc > begun.hlc and "state" in change.after
        ),
        None,
    )
    if ended is None:
        raise ConflictError("This answer is still being written. Stop it first.")
    before: Fields = {**(ended.before or {}), **(begun.before or {})}
    after: Fields = {**begun.after, **ended.after}
    fields = [field for field in before if field != "updated_at"]
    if any(getattr(row, field) != after[field] for field in fields):
        return False
    for field in fields:
        _put_back(row, field, before[field])
    return True


def _put_back(row: Logged, field: str, value: str | int | None) -> None:
    if field == "state":
        state = MessageState(str(value))
        if MessageState.STREAMING in {state, getattr(row, field)}:
            raise ConflictError(
                "An answer cannot be undone. Retry it, or delete it.",
            )
        value = state
    setattr(row, field, value)


def _inside(table: str, row_id: str) -> SelectOfScalar[str] | None:
    """Return what goes for good together with a row; None when it is alone."""
    match table:
        case "conversation":
            return select(Message.id).where(Message.conversation_id == row_id)
        case "message":
            return replies_to(row_id).where(col(Message.deleted_at).is_not(None))
        case _:
            return None


def _forget_message(
    session: StoreSession, message_id: str, *, is_shared: bool, kept: int = 0
) -> set[str]:
    """Forget a message; what followed it follows the one before it.

    Returns:
        The names of the files it had.
    """
    message = session.get(Message, message_id)
    if message is None:
        return _forget_row(session, Message, message_id, is_shared=is_shared, kept=kept)
    shown_in = message.conversation_id if _is_of_path(session, message) else ""
    _lift_children(session, message)
    files = _forget_row(session, Message, message_id, is_shared=is_shared, kept=kept)
    if shown_in:
        lay_out(session, shown_in)
        what: Fields = {"conversation_id": shown_in}
        session.note(RowChange(PATH, None, {}, what))
    return files


def _is_of_path(session: StoreSession, message: Message) -> bool:
    """Whether another path may be shown without it, also where it is in the trash."""
    if message.deleted_at is None or not message.aside:
        return True
    talk = session.get(Conversation, message.conversation_id)
    leaf = talk.shown_leaf if talk else ""
    return leaf == message.id or session.get(Message, leaf) is None


def _lift_children(session: StoreSession, message: Message) -> None:
    following = select(Message).where(
        Message.conversation_id == message.conversation_id,
        Message.parent == message.id,
    )
    above = parent_in(session, message)
    for child in session.exec(following).all():
        child.parent = above
    session.flush()


def _forget_row(
    session: StoreSession,
    model: type[Logged],
    row_id: str,
    *,
    is_shared: bool,
    kept: int = 0,
) -> set[str]:
    """Forget a row but one place of the log; return the names of the files it had."""
    connection = session.connection()
    leave_words(session)
    remember_gone(session, str(model.__tablename__), row_id, is_shared=is_shared)
    connection.execute(
        delete(StreamChunk).where(col(StreamChunk.message_id) == row_id),
    )
    connection.execute(
        delete(Change).where(
            col(Change.table_name) == model.__tablename__,
            col(Change.row_id) == row_id,
            col(Change.seq) != kept,
        ),
    )
    connection.execute(delete(model).where(col(model.id) == row_id))
    session.note_forgotten(str(model.__tablename__))
    for file in of_messages(session, [row_id]):
        remember_gone(session, "attachment", file.id, is_shared=False)
    drop_drafts_of(session, row_id)
    files = forget_files(session, row_id)
    if model is Conversation:
        _forget_row(session, Setting, parameters_of(row_id), is_shared=False)
    return files
