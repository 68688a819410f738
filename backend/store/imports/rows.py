"""Stores rows of an import beside, or in the place of, what is here of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import text
from sqlmodel import col, select

from backend.interface.stored_values import TitleSource
from backend.store.change_log import Fields, StoreSession
from backend.store.models import (
    Action,
    Assistant,
    Conversation,
    Folder,
    Logged,
    Message,
    Note,
)
from backend.store.states.message_state import MessageState
from backend.store.text import clean_text

_FOLLOWED: Final[Mapping[type[Logged], tuple[str, ...]]] = {
    Message: ("text", "reasoning", "state", "error", "model", "parent"),
    Note: ("title", "body"),
    Assistant: ("name", "icon", "instructions", "parameters"),
    Action: ("name", "icon", "kind", "prompt", "result"),
    Folder: ("name", "instructions", "assistant_id"),
}
"""What of a row follows a later export of it."""
_GIVEN: Final = frozenset({"user", "model"})
"""Titles that somebody gave."""
_MINE: Final = text("""
    select exists(
        select 1 from change c
        left join import_run r on r.id = c.transaction_id
        where c.table_name = :table and c.row_id = :id and r.id is null
            and json_extract(c.after, '$.' || :field) is not null
            and not (c.before is null and exists(
                select 1 from change seeding
                where seeding.transaction_id = c.transaction_id
                    and seeding.table_name = 'setting'
                    and seeding.row_id = 'actions.seeded'
            ))
    )
""")
"""Whether a person gave a field its value here, and neither an import nor Hearth."""
_SEEDED: Final = text("""
    select exists(
        select 1 from change c join change seeding
            on seeding.transaction_id = c.transaction_id
        where c.table_name = 'action' and c.row_id = :id and c.before is null
            and seeding.table_name = 'setting' and seeding.row_id = 'actions.seeded'
    ) and not exists(
        select 1 from change c
        where c.table_name = 'action' and c.row_id = :id and c.before is not null
    )
""")
"""Whether an action is as Hearth made it; its time says when that was, no more."""
_M = TypeVar("_M", bound=Logged)


@dataclass(frozen=True, slots=True)
class Added:
    """What a batch of rows came to.

    Attributes:
        new: Rows that were not there.
        restored: Rows that were in the trash.
        known: Rows that were there already.
        updated: Rows that were there, and are as in the export now.
    """

    new: int = 0
    restored: int = 0
    known: int = 0
    updated: int = 0

    def __add__(self, other: "Added") -> "Added":
        return Added(
            self.new + other.new,
            self.restored + other.restored,
            self.known + other.known,
            self.updated + other.updated,
        )


def add_rows(
    session: StoreSession, model: type[_M], rows: Sequence[Fields], *, is_dated: bool
) -> Added:
    """Store rows of one kind.

    Args:
        session: Logs the changes.
        model: What they are.
        rows: Their fields.
        is_dated: Whether `updated_at` tells when they were changed in their source.
    """
    wanted = {str(fields["id"]): _clean(fields) for fields in rows}
    there = session.exec(select(model).where(col(model.id).in_(wanted))).all()
    restored = updated = 0
    for row in there:
        fields = wanted.pop(row.id)
        follows = _follow(session, row, fields, is_dated=is_dated)
        if row.deleted_at is not None:
            restored += 1
            row.deleted_at = None
        else:
            updated += follows
    known = _alike(session, wanted) if model is Action else 0
    session.add_all(model(**fields) for fields in wanted.values())  # type: ignore[arg-type]  # checked where they were read
    return Added(
        len(wanted), restored, len(there) - restored - updated + known, updated
    )


def _follow(
    session: StoreSession, row: Logged, data: Fields, *, is_dated: bool
) -> bool:
    """Let a row that a person left alone be as it is in the file; return whether."""
    if isinstance(row, Conversation):
        row.latest = max(row.latest, str(data["latest"]))
        is_older = is_dated and _time_of(data) <= row.updated_at
        return not is_older and any(
            [_follow_title(session, row, data), _follow_leaf(session, row, data)]
        )
    fields = _FOLLOWED[type(row)]
    data = {name: data.get(name, getattr(row, name)) for name in fields} | {
        "updated_at": data["updated_at"]
    }
    if all(getattr(row, name) == data[name] for name in fields):
        return False
    is_older = is_dated and _time_of(data) <= row.updated_at
    if is_older and not _is_seeded(session, row):
        return False
    if isinstance(row, Message) and _is_half(row, data):
        return False
    if any(_is_mine(session, row, name) for name in fields):
        return False
    for name in fields:
        setattr(row, name, data[name])
    if is_dated:
        row.updated_at = _time_of(data)
    return True


def _follow_leaf(session: StoreSession, row: Conversation, fields: Fields) -> bool:
    leaf = str(fields.get("shown_leaf") or "")
    if leaf in {"", row.shown_leaf} or _is_mine(session, row, "shown_leaf"):
        return False
    row.shown_leaf = leaf
    return True


def _follow_title(session: StoreSession, row: Conversation, fields: Fields) -> bool:
    title, source = fields["title"], fields["title_source"]
    if not title or title == row.title or source not in _GIVEN:
        return False
    if row.title_source == TitleSource.USER and _is_mine(session, row, "title"):
        return False
    row.title, row.title_source = str(title), str(source)
    return True


def _time_of(fields: Fields) -> int:
    """Return when a row was changed in its source; 0 where that is not known."""
    return int(fields["updated_at"] or 0)


def _is_half(row: Message, fields: Fields) -> bool:
    """Whether an export holds less of an answer than there is here."""
    source_text = str(fields["text"])
    return len(source_text) < len(row.text) and row.text.startswith(source_text)


def _is_mine(session: StoreSession, row: Logged, name: str) -> bool:
    about = {"table": str(row.__tablename__), "id": row.id, "field": name}
    return bool(session.connection().execute(_MINE, about).scalar_one())


def _is_seeded(session: StoreSession, row: Logged) -> bool:
    if not isinstance(row, Action):
        return False
    return bool(session.connection().execute(_SEEDED, {"id": row.id}).scalar_one())


def _alike(session: StoreSession, wanted: dict[str, Fields]) -> int:
    """Leave out quick actions that are here under another id; return how many.

    A shortcut stays with the action that has it here.
    """
    live = session.exec(select(Action).where(col(Action.deleted_at).is_(None))).all()
    here = {(a.name, a.kind, a.prompt) for a in live}
    taken = {a.shortcut for a in live}
    alike = [
        row_id
        for row_id, fields in wanted.items()
        if (fields["name"], fields["kind"], fields["prompt"]) in here
    ]
    for row_id in alike:
        del wanted[row_id]
    for fields in wanted.values():
        if fields.get("shortcut") in taken:
            fields["shortcut"] = ""
        taken.add(str(fields.get("shortcut", "")))
    return len(alike)


def _clean(fields: Fields) -> Fields:
    data = {
        name: clean_text(value) if isinstance(value, str) else value
        for name, value in fields.items()
    }
    return (
        data | {"state": MessageState(str(data["state"]))} if "state" in data else data
    )
