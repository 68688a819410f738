"""Decides what a later import of a conversation does to what is here of it.

Its rows that came by an import and were left alone follow the newer export. What a
person wrote, edited or deleted here is never changed: where the export went another
way, that is another branch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from backend.ids import next_after
from backend.store.branches.tree import ROOT, parents_of

if TYPE_CHECKING:
    from sqlmodel import Session

_PAGE: Final = 100
_TIME_CHARS: Final = len("018bcfe5-69f4-7000-")
"""Of an id; what follows is made from what its source calls the message."""

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
            order by c.hlc desc limit 1
        ), 0) and not exists(
            select 1 from change c join import_run r on r.id = c.transaction_id
            where c.table_name = 'message' and c.row_id = m.id and r.state != 'done'
        ) as is_binned,
        m.parent
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
        parent: As of a `Message`.
    """

    id: str
    is_live: bool
    came: bool
    is_edited: bool
    is_binned: bool
    parent: str | None

    @property
    def is_mine(self) -> bool:
        """Whether a person wrote or changed it here."""
        return not self.came or self.is_edited


@dataclass(frozen=True, slots=True)
class SourceExport:
    """What an export tells of a conversation.

    Attributes:
        parents: Its messages, in the order of their ids, and what each follows.
        is_whole: Whether all of its messages could be read.
    """

    id: str
    parents: Mapping[str, str | None]
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do.

    Attributes:
        ids: What messages are called here, where that is not as in the export.
        here: The messages of the export that are here.
        parents: What each of them follows in a conversation that is here.
        replaced: Those that are here and no longer in the export: into the trash.
        stayed: How many such stay, because a person went on here.
        binned: Messages of the export that a person deleted here.
    """

    verdict: ImportDecision
    ids: Mapping[str, str] = field(default_factory=dict)
    here: frozenset[str] = frozenset()
    parents: Mapping[str, str | None] = field(default_factory=dict)
    replaced: Sequence[str] = ()
    stayed: int = 0
    binned: frozenset[str] = frozenset()


def plan_for(session: "Session", export: SourceExport) -> Plan:
    """Return what to do with an export of a conversation."""
    kept = _kept(session, export.id)
    return _decide(export, kept) if kept else Plan(verdict=ImportDecision.NEW)


def _decide(export: SourceExport, kept: Sequence[Kept]) -> Plan:
    known = {row.id: row for row in kept}
    ids, parents = _placed(export, kept)
    in_export = {ids.get(row_id, row_id) for row_id in export.parents}
    gone = [row for row in kept if row.id not in in_export and row.is_live]
    stale = [row for row in gone if not row.is_mine]
    is_touched = any(row.is_mine for row in kept)
    # What is not in the export came after it was made, or went from its source.
    is_older = any(row.id > max(in_export, default=ROOT) for row in stale)
    stays = is_touched or is_older or not export.is_whole
    return Plan(
        verdict=ImportDecision.OLDER
        if is_older and not is_touched
        else ImportDecision.GROWN,
        ids=ids,
        here=frozenset(in_export & known.keys()),
        parents=parents,
        replaced=() if stays else [row.id for row in stale],
        stayed=len(stale) if stays and not is_older else 0,
        binned=frozenset(
            row_id
            for row_id in in_export & known.keys()
            if known[row_id].is_binned and is_touched
        ),
    )


def _placed(
    export: SourceExport, kept: Sequence[Kept]
) -> tuple[dict[str, str], dict[str, str | None]]:
    """Return what messages are called here, and what they follow; see `Plan`."""
    known = {row.id: row for row in kept}
    followed = parents_of((row.id, row.parent) for row in kept)
    ids = _aliases(export, kept)
    parents: dict[str, str | None] = {}
    for source_id, source_parent in parents_of(export.parents.items()).items():
        row_id = ids.get(source_id, source_id)
        parent = ids.get(source_parent, source_parent)
        if row_id not in known:
            if row_id <= parent:
                # What it follows has another time here, and comes first all the same.
                row_id = ids[source_id] = next_after(parent) + row_id[_TIME_CHARS:]
            parents[row_id] = parent
            continue
        row = known[row_id]
        stays = followed[row_id] == parent or parent >= row_id or row.is_mine
        parents[row_id] = row.parent if stays else parent
    return ids, parents


def _aliases(export: SourceExport, kept: Sequence[Kept]) -> dict[str, str]:
    """Find messages that are here under another time: their ids end the same."""
    known = {row.id for row in kept}
    by_end = {row.id[_TIME_CHARS:]: row.id for row in kept}
    ends = ((row_id, by_end.get(row_id[_TIME_CHARS:])) for row_id in export.parents)
    taken = known & export.parents.keys()
    return {
        row_id: here
        for row_id, here in ends
        if here and row_id not in known and here not in taken
    }


def _kept(session: "Session", conversation_id: str) -> Sequence[Kept]:
    """Return what is here of a conversation, page by page: no statement takes long."""
    from sqlalchemy import text  # noqa: PLC0415 heavy, and services import this module

    found: list[Kept] = []
    after = ""
    while True:
        parameters = {"conversation": conversation_id, "after": after, "limit": _PAGE}
        page = session.connection().execute(text(_ROWS), parameters).all()
        found += [_kept_of(*row) for row in page]
        if len(page) < _PAGE:
            return found
        after = page[-1][0]


def _kept_of(row_id: str, *facts: object) -> Kept:
    *flags, parent = facts
    is_live, came, is_edited, is_binned = map(bool, flags)
    return Kept(row_id, is_live, came, is_edited, is_binned, parent)  # type: ignore[arg-type]  # as the query says
