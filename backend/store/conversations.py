"""Keeps conversations."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, TextClause, bindparam, text
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, exists, or_, select

from backend.errors import NotFoundError
from backend.ids import ARCHIVE, new_id, now_ms
from backend.interface.stored_values import TitleSource
from backend.store.change_log import Fields, RowChange, StoreSession
from backend.store.database import Database
from backend.store.models import Conversation, Draft, Note
from backend.store.rows import CONVERSATION, ConversationRow
from backend.store.text import clean_text

# Written out, as a bound value would not let SQLite use the partial indexes.
_IN_USE: Final = col(Conversation.deleted_at).is_(None)
_IN_FOLDER: Final = text("folder_id = :place and folder_id <> ''")
_IN_NO_FOLDER: Final = text("""(folder_id = '' or not exists(
    select 1 from folder where folder.id = folder_id and folder.deleted_at is null
))""")


def _newest(*where: ColumnElement[bool] | TextClause) -> Select[tuple[Any, ...]]:
    return (
        select_columns(*CONVERSATION)
        .where(*where)
        .order_by(col(Conversation.latest).desc())
        .limit(bindparam("limit"))
    )


_RECENT: Final = _newest(_IN_USE, text("archived_at = 0"))
_HERE: Final = text("archived_at = 0 and pinned_at = 0")
_LIST: Final = _newest(_IN_USE, _HERE, _IN_NO_FOLDER)
_FOLDER: Final = _newest(_IN_USE, _HERE, _IN_FOLDER)
_ARCHIVE: Final = _newest(_IN_USE, text("archived_at <> 0"))
_BEFORE: Final = col(Conversation.latest) < bindparam("before")
_PAGES: Final = {
    # Statements that are built once are compiled and recognised once.
    page: page.where(_BEFORE)
    for page in (_LIST, _FOLDER, _ARCHIVE)
}
_PINNED: Final = (
    select_columns(*CONVERSATION)
    .where(_IN_USE, text("archived_at = 0 and pinned_at <> 0"))
    .order_by(col(Conversation.pinned_at).desc(), col(Conversation.id).desc())
)
_PINNED_IN_FOLDER: Final = _PINNED.where(_IN_FOLDER)
_LIVE: Final = f"""
    select {", ".join(ConversationRow._fields)} from conversation
    where id = ? and deleted_at is null
"""  # noqa: S608 names of our own
_TOUCHED: Final = ("latest", "updated_at", "shown_leaf")
_TOUCH: Final = (
    "update conversation set latest=?, updated_at=?, shown_leaf=? where id=?"
)
_GONE: Final = "This conversation is no longer there. It may be in the trash."


class ConversationStore:
    """Reads and changes conversations; what changes returns its transaction id."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def page(
        self,
        *,
        before: str | None = None,
        limit: int = 50,
        place: str = "",
    ) -> Sequence[ConversationRow]:
        """Return the conversations of a place that are not pinned, newest first.

        Args:
            before: The `latest` of the last one that is already known.
            limit: How many at most.
            place: A folder, `ARCHIVE`, or "" for the list of those in neither.
        """
        page = {"": _LIST, ARCHIVE: _ARCHIVE}.get(place, _FOLDER)
        asked: dict[str, str | int | None] = {"limit": limit}
        if page is _FOLDER:
            asked["place"] = place
        if before is not None:
            page, asked["before"] = _PAGES[page], before
        return self._database.rows(page, ConversationRow._make, **asked)

    def pinned(self, place: str = "") -> Sequence[ConversationRow]:
        """Return what is pinned, latest first: in a folder, or "" for everywhere."""
        if not place:
            return self._database.rows(_PINNED, ConversationRow._make)
        made = ConversationRow._make
        return self._database.rows(_PINNED_IN_FOLDER, made, place=place)

    def is_any_archived(self) -> bool:
        """Whether there is anything in the archive."""
        return bool(self.page(limit=1, place=ARCHIVE))

    def is_there_any(self) -> bool:
        """Whether anything is kept: asked, noted, typed, or in the trash."""
        kept = (
            exists(select(Conversation.id)),
            exists(select(Note.id)),
            exists(select(Draft.id).where(col(Draft.text) != "")),
        )
        with self._database.read() as session:
            return bool(session.scalar(select(or_(*kept))))

    def recent(self, limit: int = 5) -> Sequence[ConversationRow]:
        """Return the conversations that were active last, wherever they are listed."""
        return self._database.rows(_RECENT, ConversationRow._make, limit=limit)

    def get(self, id: str, *, include_deleted: bool = False) -> Conversation:
        """Return one conversation.

        Raises:
            NotFoundError: There is none, or it is in the trash.
        """
        with self._database.read() as session:
            return conversation_in(session, id, include_deleted=include_deleted)

    def create(
        self,
        *,
        title: str = "",
        engine_id: str = "",
        model: str = "",
    ) -> Conversation:
        """Store a new, empty conversation."""
        made = Conversation(
            title=clean_text(title),
            title_source=TitleSource.USER if title else TitleSource.NONE,
            engine_id=engine_id,
            model=clean_text(model),
        )
        with self._database.write() as session:
            session.add(made)
        return made

    def rename(self, id: str, title: str, source: str) -> str:
        """Give a title, and say who gave it: "none", "text", "model" or "user".

        Raises:
            NotFoundError: There is no such conversation.
        """
        return self._change(id, title=clean_text(title), title_source=source)

    def retitle_by_model(self, id: str, title: str) -> None:
        """Let a model's title take the place of the first words, and of no other.

        Raises:
            NotFoundError: There is no such conversation.
        """
        with self._database.write() as session:
            row = conversation_in(session, id)
            if row.title_source == TitleSource.TEXT:
                row.title = clean_text(title)
                row.title_source = TitleSource.MODEL

    def choose_model(self, id: str, engine_id: str, model: str) -> str:
        """Answer with this engine and model from now on.

        Raises:
            NotFoundError: There is no such conversation.
        """
        return self._change(id, engine_id=engine_id, model=clean_text(model))

    def assist(self, id: str, assistant_id: str, engine_id: str, model: str) -> str:
        """Let a conversation have an assistant, "" for none, and a model if named.

        Raises:
            NotFoundError: There is no such conversation.
        """
        with self._database.write() as session:
            row = conversation_in(session, id)
            row.assistant_id = assistant_id
            if model:
                row.engine_id, row.model = engine_id, model
            return session.transaction_id

    def instruct(self, id: str, text: str) -> str:
        """Give the model instructions in this conversation alone from now on.

        Raises:
            NotFoundError: There is no such conversation.
        """
        return self._change(id, instructions=clean_text(text))

    def delete(self, id: str) -> str:
        """Put a conversation into the trash.

        Raises:
            NotFoundError: There is no such conversation, or it is there already.
        """
        return self._change(id, deleted_at=now_ms())

    def arrange(
        self, ids: Sequence[str], **fields: str | int | None
    ) -> tuple[Sequence[Conversation], str]:
        """Change several conversations in one transaction, which undoes all of it.

        Returns:
            Those of them that are in use, as they became, and the transaction.

        Raises:
            NotFoundError: None of them is there any more.
        """
        with self._database.write() as session:
            found = [session.get(Conversation, row_id) for row_id in ids]
            live = [row for row in found if row and row.deleted_at is None]
            if not live:
                raise NotFoundError(_GONE)
            for row in live:
                row.sqlmodel_update(fields)
            return live, session.transaction_id

    def restore(self, id: str) -> str:
        """Take a conversation out of the trash.

        Raises:
            NotFoundError: There is no such conversation.
        """
        return self._change(id, include_deleted=True, deleted_at=None)

    def _change(
        self,
        row_id: str,
        *,
        include_deleted: bool = False,
        **fields: str | int | None,
    ) -> str:
        with self._database.write() as session:
            row = conversation_in(session, row_id, include_deleted=include_deleted)
            row.sqlmodel_update(fields)
            return session.transaction_id


def conversation_in(
    session: Session,
    row_id: str,
    *,
    include_deleted: bool = False,
) -> Conversation:
    """Return a conversation within a session.

    Raises:
        NotFoundError: There is none, or it is in the trash.
    """
    row = session.get(Conversation, row_id)
    if row is None or (row.deleted_at is not None and not include_deleted):
        raise NotFoundError(_GONE)
    return row


def touch(session: StoreSession, row_id: str, leaf: str | None = None) -> None:
    """Bring a conversation to the top of the list.

    Args:
        session: Logs the change.
        row_id: The conversation.
        leaf: Shown from now on with what it follows; None for what is shown already.

    Raises:
        NotFoundError: There is none, or it is in the trash.
    """
    found = session.run(_LIVE, (row_id,)).one_or_none()
    if found is None:
        raise NotFoundError(_GONE)
    was = ConversationRow._make(found)
    leaf = was.shown_leaf if leaf is None else leaf
    row = was._replace(latest=new_id(), updated_at=now_ms(), shown_leaf=leaf)
    names = [n for n in _TOUCHED if getattr(row, n) != getattr(was, n)]
    before: Fields = {name: getattr(was, name) for name in names}
    after: Fields = {name: getattr(row, name) for name in names}
    session.run(_TOUCH, (row.latest, row.updated_at, row.shown_leaf, row_id))
    session.log([RowChange("conversation", row, before, after)])
