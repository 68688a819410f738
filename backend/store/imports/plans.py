"""Decides what a later import of a conversation does to what is here of it.

Its rows that came by an import and were left alone follow the newer export. What a
person wrote, edited or deleted here is never changed: where the export then went
another way, it becomes a conversation of its own.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlmodel import Session

_PAGE: Final = 100
_TIME_CHARS: Final = len("018bcfe5-69f4-7000-")
"""Of an id; what follows is made from what its source calls the message."""
_VARIANTS: Final = "89ab"

_ROWS: Final = """
    select m.id, m.deleted_at is null as is_live,
        exists(
            select 1 from change c join import_run r on r.id = c.transaction_id
            where c.table_name = 'message' and c.row_id = m.id and c.before is null
        ) as came,
        exists(
            select 1 from change c
            left join import_run r on r.id = c.transaction_id
            where c.table_name = 'message' and c.row_id = m.id and r.id is null
                and c.before is not null
                and (json_extract(c.after, '$.text') is not null
                    or json_extract(c.after, '$.reasoning') is not null
                    or json_extract(c.after, '$.state') is not null)
        ) as is_edited,
        coalesce((
            select r.id is null from change c
            left join import_run r on r.id = c.transaction_id
            where c.table_name = 'message' and c.row_id = m.id
                and json_extract(c.after, '$.deleted_at') is not null
            order by c.seq desc limit 1
        ), 0) and not exists(
            select 1 from change c join import_run r on r.id = c.transaction_id
            where c.table_name = 'message' and c.row_id = m.id and r.state != 'done'
        ) as is_binned
    from message m
    where m.conversation_id = :conversation and m.id > :after
    order by m.id limit :limit
"""
"""What is here of a conversation. Binned is what a person deleted; what went with an
import that was taken back is not."""


class ImportDecision(StrEnum):
    """What an export is to what is here."""

    NEW = "new"
    GROWN = "grown"
    OLDER = "older"


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that is here.

    Attributes:
        came: Whether an import brought it.
        is_edited: Whether it was changed here.
        is_binned: Whether a person deleted it here.
    """

    id: str
    is_live: bool
    came: bool
    is_edited: bool
    is_binned: bool

    @property
    def is_mine(self) -> bool:
        """Whether a person wrote or changed it here."""
        return not self.came or self.is_edited


@dataclass(frozen=True, slots=True)
class SourceExport:
    """What an export tells of a conversation.

    Attributes:
        path: The ids of its messages.
        aside: How the ids of messages end that it holds beside them.
        is_whole: Whether all of its messages could be read.
    """

    id: str
    path: Sequence[str]
    aside: frozenset[str] = frozenset()
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do.

    Attributes:
        conversation_id: Where it goes.
        ids: What messages are called here, where that is not as in the export.
        here: The messages of the export that are here.
        replaced: Those that are here and no longer shown there: into the trash.
        stayed: How many such stay, because a person went on here.
        binned: Messages of the export that a person deleted here.
    """

    verdict: ImportDecision
    conversation_id: str
    ids: Mapping[str, str] = field(default_factory=dict)
    here: frozenset[str] = frozenset()
    replaced: Sequence[str] = ()
    stayed: int = 0
    binned: frozenset[str] = frozenset()

    @property
    def is_apart(self) -> bool:
        """Whether it becomes a conversation beside the one that is here."""
        return bool(self.ids) and self.conversation_id in self.ids.values()


def plan_for(session: "Session", export: SourceExport) -> Plan:
    """Return what to do with an export of a conversation."""
    ids: dict[str, str] = {}
    while kept := _kept(session, export.id):
        plan = _decide(export, kept)
        if plan is not None:
            return _named(plan, ids)
        ids = _apart(export, ids)
        export = SourceExport(
            ids[export.id],
            [ids[row_id] for row_id in export.path],
            frozenset(_twin_end(end) for end in export.aside),
            export.is_whole,
        )
    return _named(Plan(verdict=ImportDecision.NEW, conversation_id=export.id), ids)


def _decide(export: SourceExport, kept: Sequence[Kept]) -> Plan | None:
    """Return what to do in the conversation that is here; None for another one."""
    aliases = _aliases(export, kept)
    path = [aliases.get(row_id, row_id) for row_id in export.path]
    known = {row.id: row for row in kept}
    on_path = set(path)
    has_new = any(row_id not in known for row_id in path)
    gone = [row for row in kept if row.id not in on_path and row.is_live]
    stale = [row for row in gone if not row.is_mine]
    is_touched = any(row.is_mine for row in kept)
    binned = {i for i in path if i in known and known[i].is_binned and is_touched}
    if is_touched and has_new and (stale or binned):
        return None
    is_older = any(_is_newer(row, path, export.aside) for row in stale)
    stays = is_touched or is_older or not export.is_whole
    return Plan(
        verdict=ImportDecision.OLDER
        if is_older and not is_touched
        else ImportDecision.GROWN,
        conversation_id=export.id,
        ids=aliases,
        here=frozenset(on_path & known.keys()),
        replaced=() if stays else [row.id for row in stale],
        stayed=len(stale) if stays and not is_older else 0,
        binned=frozenset(binned),
    )


def _aliases(export: SourceExport, kept: Sequence[Kept]) -> dict[str, str]:
    """Find messages that are here under another time: their ids end the same."""
    known = {row.id for row in kept}
    by_end = {row.id[_TIME_CHARS:]: row.id for row in kept}
    ends = ((row_id, by_end.get(row_id[_TIME_CHARS:])) for row_id in export.path)
    taken = known & set(export.path)
    return {
        row_id: here
        for row_id, here in ends
        if here and row_id not in known and here not in taken
    }


def _is_newer(row: Kept, path: Sequence[str], aside: frozenset[str]) -> bool:
    """Whether a message is not in the export because that was made before it."""
    is_later = not path or row.id > path[-1]
    return is_later and row.id[_TIME_CHARS:] not in aside


def _named(plan: Plan, ids: Mapping[str, str]) -> Plan:
    """Return a plan in the ids that the export uses."""
    if not ids:
        return plan
    whole = {source_id: plan.ids.get(here, here) for source_id, here in ids.items()}
    return replace(plan, ids=whole)


def _apart(export: SourceExport, ids: Mapping[str, str]) -> dict[str, str]:
    """Return the ids for another conversation of the same, the same at each import."""
    names = {here: name for name, here in ids.items()}
    rows = (export.id, *export.path)
    return {names.get(row_id, row_id): _twin(row_id) for row_id in rows} | {
        row_id: _twin(row_id) for row_id in rows
    }


def _twin(row_id: str) -> str:
    return row_id[:_TIME_CHARS] + _twin_end(row_id[_TIME_CHARS:])


def _twin_end(end: str) -> str:
    digest = hashlib.sha256(end.encode()).hexdigest()
    variant = _VARIANTS[int(digest[0], 16) % len(_VARIANTS)]
    return f"{variant}{digest[1:4]}-{digest[4:16]}"


def _kept(session: "Session", conversation_id: str) -> Sequence[Kept]:
    """Return what is here of a conversation, page by page: no statement takes long."""
    from sqlalchemy import text  # noqa: PLC0415 heavy, and services import this module

    found: list[Kept] = []
    after = ""
    while True:
        parameters = {"conversation": conversation_id, "after": after, "limit": _PAGE}
        page = session.connection().execute(text(_ROWS), parameters).all()
        found += [Kept(row[0], *map(bool, row[1:])) for row in page]
        if len(page) < _PAGE:
            return found
        after = page[-1][0]
