"""Merges what came from other computers into rows and change log.

Field by field the newer change counts; its clock is that of the newest change of the
log that has the field. Every change goes into the log, also one that lost: history
shows its text. In any order, and any number of times, it comes to the same.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from itertools import groupby
from typing import Any, Final

from backend.ids import ids, made_at, now_ms
from backend.sqlite.dialect import to_json
from backend.sqlite.folding import indexed
from backend.store.branches.paths import lay_out
from backend.store.branches.tree import PATH
from backend.store.change_log import KEEP, Fields, RowChange, StoreSession
from backend.store.clock import HybridClock
from backend.store.models import LOGGED, Conversation, Logged, Message, Searched
from backend.store.states.message_state import MessageState
from backend.store.sync.forgetting import drop_gone, drop_what_was, hear_of_gone
from backend.store.sync.travelling import (
    COMPARED,
    FORGOTTEN,
    TRAVELS,
    Op,
    known_fields,
)
from backend.store.sync.unmade import note_rows

AHEAD_MS: Final = 24 * 3600 * 1000
"""A change further ahead waits: a wrong clock would win over all that follows."""

_KNOWN: Final = """
    select hlc from change where hlc in (select value from json_each(?))
"""
_PAST: Final = """
    select row_id, hlc, before is null, after from change
    where table_name = ? and row_id in (select value from json_each(?)) order by hlc
"""
_PARK: Final = "insert or ignore into sync_parked(row_id, hlc, op) values (?, ?, ?)"
_UNPARK: Final = "delete from sync_parked where hlc <= ? returning op"
_MARK: Final = """
    insert or replace into sync_conflict(table_name, row_id, field, hlc)
    values (?, ?, ?, ?)
"""


_ORDER: Final = {table: place for place, table in enumerate(TRAVELS)}
_PLACED: Final = {"deleted_at", "parent", "shown_leaf"}


class _Fold:
    """A row as its changes make it, in whatever order they come.

    Attributes:
        is_made: The change that made it has come; until then it is no row.
    """

    def __init__(self) -> None:
        self.is_made = False
        self.fields: Fields = {}
        self.clocks: dict[str, str] = {}

    def take(self, hlc: str, fields: Mapping[str, str | int | None]) -> Fields:
        """Put in what is newer; return that."""
        won = {k: v for k, v in fields.items() if hlc > self.clocks.get(k, "")}
        self.fields.update(won)
        self.clocks.update(dict.fromkeys(won, hlc))
        return won


def merge(session: StoreSession, clock: HybridClock, ops: Sequence[Op]) -> int:
    """Merge changes, inside one transaction; return how many were new."""
    ahead = f"{now_ms() + AHEAD_MS:012x}"
    due = [Op.read(json.loads(op)) for (op,) in session.run(_UNPARK, (ahead,)).all()]
    ops = sorted({op.hlc: op for op in (*ops, *due) if op.travels}.values())
    names = json.dumps([op.hlc for op in ops])
    known = {hlc for (hlc,) in session.run(_KNOWN, (names,)).all()}
    fresh = [op for op in ops if op.hlc not in known and op.hlc[:12] <= ahead]
    for op in ops:
        if op.hlc[:12] > ahead:
            session.run(_PARK, (op.row_id, op.hlc, json.dumps(op)))
    hear_of_gone(session, [op for op in fresh if op.table == FORGOTTEN])
    for table, by_row in sorted(_by_table(fresh).items(), key=_place_of):
        drop_gone(session, table, by_row)
        _merge_table(session, table, by_row)
    _refold(session, drop_what_was(session, fresh))
    _lay_out_changed(session)
    if fresh:
        clock.not_before(fresh[-1].hlc)
    return len(fresh)


def refold(session: StoreSession, rows: Mapping[str, Sequence[str]]) -> None:
    """Let rows be as the log makes them, after something was taken out of it."""
    _refold(session, rows)
    _lay_out_changed(session)


def take_up(
    session: StoreSession, table: str, names: Sequence[str], fields: Set[str]
) -> None:
    """Put into rows what their changes have of some fields.

    Args:
        session: In which it is done.
        table: Of the rows.
        names: Their ids; a row is made where the change that makes it came.
        fields: Those that rows had no place for until now.
    """
    folds, rows = _folds(session, table, names), _rows(session, table, names)
    for row_id, fold in folds.items():
        if (was := rows.get(row_id)) is not None:
            new = {k: value for k, value in fold.fields.items() if k in fields}
            _edit(session, table, was, new)
    made = (name for name in names if name not in rows and folds[name].is_made)
    _add(session, table, [{**folds[name].fields, "id": name} for name in made])
    _lay_out_changed(session)


def _refold(session: StoreSession, rows: Mapping[str, Sequence[str]]) -> None:
    for table, names in rows.items():
        folds = _folds(session, table, names)
        for row_id, was in _rows(session, table, names).items():
            _edit(session, table, was, folds[row_id].fields)


def _lay_out_changed(session: StoreSession) -> None:
    for conversation_id in _conversations(session.changes):
        # Parts of its tree come in any order: what is shown is made of it as it is.
        lay_out(session, conversation_id)
        session.note(RowChange(PATH, None, {}, {"conversation_id": conversation_id}))


def _by_table(ops: Sequence[Op]) -> Mapping[str, dict[str, Sequence[Op]]]:
    found: dict[str, dict[str, list[Op]]] = defaultdict(lambda: defaultdict(list))
    for op in ops:
        if op.table != FORGOTTEN:
            found[op.table][op.row_id].append(op)
    return {table: dict(by_row) for table, by_row in found.items()}


def _place_of(table: tuple[str, object]) -> int:
    """A conversation comes before what is in it: without it that would be gone."""
    return _ORDER.get(table[0], len(_ORDER))


def _conversations(changes: Sequence[RowChange]) -> set[str]:
    """Return the conversations whose tree may be another one now."""
    found: set[str] = set()
    for change in changes:
        is_placed = change.before is None or _PLACED & change.after.keys()
        if isinstance(change.row, Message) and is_placed:
            found.add(change.row.conversation_id)
        elif isinstance(change.row, Conversation) and is_placed:
            found.add(change.row.id)
    return found


def _merge_table(
    session: StoreSession, table: str, by_row: Mapping[str, Sequence[Op]]
) -> None:
    if table not in TRAVELS:
        # Of a newer Hearth: it is kept whole, for when this one is newer too.
        for ops in by_row.values():
            _log(session, [(op, {}) for op in ops])
        return
    folds = _folds(session, table, list(by_row))
    rows = _rows(session, table, list(by_row))
    logged: list[tuple[Op, Fields]] = []
    made: list[Fields] = []
    unmade: list[str] = []
    for row_id, ops in by_row.items():
        fold, was = folds[row_id], rows.get(row_id)
        newer: set[str] = set()
        for op in ops:
            _mark_conflicts(session, op, fold)
            there = dict(fold.fields)
            won = fold.take(op.hlc, known_fields(table, op.fields))
            newer |= won.keys()
            fold.is_made = fold.is_made or op.base is None
            logged.append((op, {name: there.get(name) for name in won}))
        if was is not None:
            _edit(session, table, was, {name: fold.fields[name] for name in newer})
        elif fold.is_made:
            made.append({**fold.fields, "id": row_id})
        else:
            unmade.append(row_id)
    _log(session, logged)
    _add(session, table, made)
    note_rows(session, table, [str(fields["id"]) for fields in made], unmade)


def _folds(session: StoreSession, table: str, names: Sequence[str]) -> dict[str, _Fold]:
    folds: dict[str, _Fold] = defaultdict(_Fold)
    for row_id, hlc, is_new, after in session.run(
        _PAST, (table, json.dumps(names))
    ).all():
        fold, fields = folds[row_id], known_fields(table, json.loads(after))
        if table == "action" and is_new and made_at(row_id) is None:
            # A built-in one, which every computer begins with: any change is newer.
            fold.fields.update(fields)
        else:
            fold.take(hlc, fields)
        fold.is_made = fold.is_made or bool(is_new)
    return folds


def _rows(session: StoreSession, table: str, names: Sequence[str]) -> dict[str, Fields]:
    columns = list(LOGGED[table].model_fields)
    found = session.run(
        f"select {', '.join(columns)} from {table} "  # noqa: S608 names of our own
        "where id in (select value from json_each(?))",
        (json.dumps(names),),
    )
    rows = [dict(zip(columns, row, strict=True)) for row in found.all()]
    return {str(row["id"]): row for row in rows}


def _mark_conflicts(session: StoreSession, op: Op, fold: _Fold) -> None:
    """Note the texts where neither writer knew of the other's.

    Who wrote both knew of the first, in whatever order they come.
    """
    for name in COMPARED & op.fields.keys() if op.base is not None else ():
        there = fold.clocks.get(name, "")
        differs = fold.fields.get(name) != op.fields[name]
        is_others = there[17:] != op.device_id
        if is_others and there > (op.base or {}).get(name, "") and differs:
            session.run(_MARK, (op.table, op.row_id, name, min(op.hlc, there)))


def _log(session: StoreSession, ops: Sequence[tuple[Op, Fields]]) -> None:
    if entries := [
        (
            op.transaction_id,
            op.table,
            op.row_id,
            None if op.base is None else to_json(before),
            to_json(op.fields),
            op.hlc,
            op.device_id,
        )
        for op, before in ops
    ]:
        session.run(KEEP, entries)


def _add(session: StoreSession, table: str, made: Sequence[Fields]) -> None:
    """Make rows past the session, which would log them once more."""
    rows = [_object(LOGGED[table], fields) for fields in made]
    whole = [{**one, **_folded(row)} for one, row in zip(made, rows, strict=True)]
    for names, alike in groupby(whole, tuple):
        session.run(
            f"insert into {table}({', '.join(names)}) "  # noqa: S608 names of our own
            f"values ({', '.join('?' for _ in names)})",
            [tuple(one.values()) for one in alike],
        )
    for row, fields in zip(rows, made, strict=True):
        ids.not_before(row.id)
        session.note(RowChange(table, row, None, fields))


def _edit(session: StoreSession, table: str, was: Fields, newer: Fields) -> None:
    """Change a row past the session."""
    changed = {name: value for name, value in newer.items() if was[name] != value}
    if not changed:
        return
    row = _object(LOGGED[table], {**was, **changed})
    whole = {**changed, **_folded(row)}
    session.run(
        f"update {table} set {', '.join(f'{name} = ?' for name in whole)} "  # noqa: S608 names of our own
        "where id = ?",
        (*whole.values(), row.id),
    )
    before = {name: was[name] for name in changed}
    session.note(RowChange(table, row, before, changed))


def _folded(row: Logged) -> Fields:
    if isinstance(row, Searched):
        return {"folded": indexed(row.searched_text())}
    return {}


def _object(model: type[Logged], fields: Mapping[str, Any]) -> Logged:
    row = model(**fields)
    if isinstance(row, Message):
        try:
            row.state = MessageState(row.state)
        except ValueError:
            row.state = MessageState.INTERRUPTED
    return row
