"""What was deleted for good: it is told to others, and taken out of what they hold.

A change of the log tells it, as it tells everything, so that it comes to all in any
order. Which of our records hold a row is found by the place of its changes in the log:
for each record is kept how far it went. What else such a record holds is told once
more; then its body is replaced.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from backend.sqlite.dialect import to_json
from backend.store.change_log import CLOCK, KEEP, StoreSession
from backend.store.search.indexes import leave_words
from backend.store.sync.travelling import FORGETTABLE, FORGOTTEN, Op
from backend.store.sync.wanting import miss, records_with

_STATE: Final = "select value from sync_state where key = 'state'"
_KEEP_KEY: Final = "insert or replace into sync_state(key, value) values (?, ?)"
_DROP_KEY: Final = "delete from sync_state where key = ?"
_DROP_KEYS: Final = "delete from sync_state where key > ? and key < ?"
_OWN: Final = """
    select seq from change where table_name = ? and row_id = ? and hlc < ?
        and device_id in (select value from json_each(?))
"""
_LATEST: Final = """
    insert or replace into sync_state(key, value) select 'latest', max(
        coalesce((select value from sync_state where key = 'latest'), ''),
        coalesce((select max(hlc) from change), '')
    )
"""
"""What goes out of the log takes its reading along, which is never given again."""
_EVER: Final = "~"
"""Sorts after every clock."""
_COVERS: Final = """
    select key, value from sync_state where key > ?1 and key < ?2 order by key limit 1
"""
_KEYS: Final = "select key, value from sync_state where key > ?1 and key < ?2"
_GONE: Final = "insert or ignore into sync_gone(table_name, row_id) values (?, ?)"
_BACK: Final = "delete from sync_gone where table_name = ? and row_id = ?"
_MARKED: Final = """
    select g.row_id, (
        select max(f.hlc) from change f
        where f.table_name = 'forgotten' and f.row_id = g.row_id
    ), exists(
        select 1 from change c where c.table_name = g.table_name
            and c.row_id = g.row_id and c.before is null
    ), (
        select max(d.hlc) from change d where d.table_name = g.table_name
            and d.row_id = g.row_id and json_type(d.after, '$.deleted_at') is not null
    ) from sync_gone g
    where g.table_name = ? and g.row_id in (select value from json_each(?))
"""
_DELETED: Final = """
    select row_id, max(hlc) from change where table_name = 'forgotten'
        and row_id in (select value from json_each(?)) group by row_id
"""
_INSIDE: Final = {
    "message": ("conversation", "conversation_id"),
    "attachment": ("message", "message_id"),
}
"""In what rows of a table are, and which field says so."""
_CLOSED: Final = """
    select row_id from sync_gone g where table_name = '{outer}'
        and row_id in (select value from json_each(?))
        and not exists(select 1 from {outer} o where o.id = g.row_id)
"""
_TRASHED: Final = """
    select max(seq) from change where table_name = ?1 and row_id = ?2 and hlc = (
        select max(hlc) from change where table_name = ?1 and row_id = ?2
            and json_type(after, '$.deleted_at') is not null
    ) and not exists(
        select 1 from change where table_name = 'forgotten' and row_id = ?2
    ) and exists(select 1 from sync_state where key = 'state')
"""
_UNLOG: Final = "delete from change where table_name = ? and row_id = ?"
_STILL_THERE: Final = """
    select json_extract(f.after, '$.table') as noun, f.row_id from change f
    where f.table_name = 'forgotten' and (exists(
        select 1 from change c where c.table_name = json_extract(f.after, '$.table')
            and c.row_id = f.row_id
    ) or json_extract(f.after, '$.table') = 'conversation' and exists(
        -- It never came here, and what is in it did.
        select 1 from message m where m.conversation_id = f.row_id
    )) and not exists(
        select 1 from change c where c.table_name = json_extract(f.after, '$.table')
            and c.row_id = f.row_id and c.hlc > f.hlc and c.before is null
    )
"""
_MADE_AGAIN: Final = """
    select json_extract(f.after, '$.table') as noun, f.row_id, max(f.hlc)
    from change f
    where f.table_name = 'forgotten'
        and f.row_id in (select value from json_each(?))
        and exists(
            select 1 from change c where c.table_name = json_extract(f.after, '$.table')
                and c.row_id = f.row_id and c.hlc > f.hlc and c.before is null
        )
    group by noun, f.row_id
"""
_UNLOG_BEFORE: Final = """
    delete from change where table_name = ? and row_id = ? and hlc < ? returning 1
"""
_UNPARK_BEFORE: Final = "delete from sync_parked where row_id = ? and hlc < ?"
_UNPARK: Final = """
    delete from sync_parked where row_id = ?1 and not exists(
        select 1 from sync_parked p where p.row_id = ?1
            and json_extract(p.op, '$[4]') is null
    )
"""


SENT: Final = "sent"
"""The kind of what tells what this computer wrote, in parts that do not overlap."""
ALSO: Final = "also"
"""The kind of what tells what others wrote."""


class LogSpan(NamedTuple):
    """Which part of the log a record tells.

    Attributes:
        n: The number of the record.
        after: The place of the log on which its changes follow.
        last: The place of the last of them.
    """

    kind: str
    n: int
    after: int
    last: int


class Spoiled(NamedTuple):
    """A record of ours that holds what was deleted for good.

    Attributes:
        after: The place of the log on which its changes follow.
        last: The place of the last of them.
        is_repeated: What else it holds was sent once more.
    """

    stream: str
    n: int
    after: int
    last: int
    is_repeated: bool


def remember_gone(
    session: StoreSession, table: str, row_id: str, *, is_shared: bool
) -> None:
    """Remember what is about to go out of the log, where anything is exchanged.

    Args:
        session: In which its changes are deleted afterwards.
        table: Of the row.
        row_id: Of the row.
        is_shared: Other computers are to delete it too.
    """
    if not leave_log(session, table, row_id):
        return
    session.run(_GONE, (table, row_id))
    if is_shared and table in FORGETTABLE:
        clock = session.info[CLOCK]
        what = to_json({"table": table})
        forgotten = session.transaction_id, FORGOTTEN, row_id, None, what, clock.read()
        session.run(KEEP, (*forgotten, clock.device_id))


def leave_log(session: StoreSession, table: str, row_id: str) -> bool:
    """Let what holds words of a row be found when these have left the log.

    Returns:
        Whether anything is exchanged.
    """
    found = session.run(_STATE, ()).scalar()
    if found:
        session.run(_LATEST, ())
        _spoil(session, json.loads(found), table, row_id)
        # What would change it later holds its words too.
        session.run(_UNPARK, (row_id,))
    return bool(found)


def goes_here_alone(session: StoreSession, table: str, row_id: str) -> int:
    """Take note that a row goes that others may have, and may take out of the trash.

    That it went into the trash is told without words, and stays in the log: so others
    hear of it, however late, and what was changed after that is known to be newer.

    Returns:
        Its place in the log; 0 where nothing is exchanged, or all delete the row.
    """
    if session.run(_STATE, ()).scalar():
        miss(session, table, row_id)
    return int(session.run(_TRASHED, (table, row_id)).scalar() or 0)


def hear_of_gone(session: StoreSession, ops: Sequence[Op]) -> None:
    """Take in what others deleted for good; their rows go after this transaction."""
    for op in ops:
        noun = str(op.fields.get("table"))
        if noun in FORGETTABLE:
            session.run(_GONE, (noun, op.row_id))
        entry = op.transaction_id, op.table, op.row_id, None, to_json(op.fields)
        session.run(KEEP, (*entry, op.hlc, op.device_id))


def drop_gone(
    session: StoreSession, table: str, by_row: dict[str, Sequence[Op]]
) -> None:
    """Leave out what is said of rows that are gone, unless they were made anew."""
    if table in _INSIDE:
        _close(session, table, by_row)
    _drop_older(session, by_row)
    names = json.dumps(list(by_row))
    for row_id, gone, is_there, trashed in session.run(_MARKED, (table, names)).all():
        newer = by_row[row_id]
        is_new = any(op.base is None for op in newer)
        is_back = is_new if gone else _is_restored(table, newer, trashed, is_new=is_new)
        if is_there or is_back:
            session.run(_BACK, (table, row_id))
        else:
            del by_row[row_id]
            miss(session, table, row_id)


def _drop_older(session: StoreSession, by_row: dict[str, Sequence[Op]]) -> None:
    """Leave out what was said of rows before they were deleted for good, ever."""
    names = json.dumps(list(by_row))
    for row_id, gone in session.run(_DELETED, (names,)).all():
        by_row[row_id] = [op for op in by_row[row_id] if op.hlc > gone]
        if not by_row[row_id]:
            del by_row[row_id]


def _is_restored(
    table: str, ops: Sequence[Op], trashed: str | None, *, is_new: bool
) -> bool:
    """Whether what expired here was taken out of the trash elsewhere.

    What went along with a conversation, which is there again, comes with it.
    """
    if trashed is None:
        return table in _INSIDE and is_new
    placed = [op for op in ops if "deleted_at" in op.fields and op.hlc > trashed]
    return bool(placed) and max(placed).fields["deleted_at"] is None


def drop_what_was(
    session: StoreSession, ops: Sequence[Op]
) -> Mapping[str, Sequence[str]]:
    """Take out of the log what rows were before they were deleted and made anew.

    Both may come at once, or the deletion last: the row is to stay, what it was not.

    Args:
        session: In which they were merged.
        ops: What came.

    Returns:
        The rows that have to be made of the rest: their ids, by table.
    """
    state = session.run(_STATE, ()).scalar()
    names = json.dumps(sorted({op.row_id for op in ops if _may_make_again(op)}))
    found: dict[str, list[str]] = defaultdict(list)
    for table, row_id, gone in session.run(_MADE_AGAIN, (names,)).all():
        if state:
            _spoil(session, json.loads(state), table, row_id, before=gone)
        session.run(_UNPARK_BEFORE, (row_id, gone))
        if session.run(_UNLOG_BEFORE, (table, row_id, gone)).all():
            found[table].append(row_id)
            leave_words(session)
    return found


def _may_make_again(op: Op) -> bool:
    return op.table == FORGOTTEN or (op.table in FORGETTABLE and op.base is None)


def still_there(session: StoreSession) -> Sequence[tuple[str, str]]:
    """Return what others deleted for good and is here yet: table and id of each."""
    found = session.run(_STILL_THERE, ()).all()
    return [(noun, row_id) for noun, row_id in found if noun in FORGETTABLE]


def keep_span(session: StoreSession, stream: str, span: LogSpan) -> None:
    """Keep which part of the log a record tells."""
    key = f"{span.kind}:{stream}:{span.last:016x}:{span.n:012x}"
    session.run(_KEEP_KEY, (key, str(span.after)))


def forget_spans(session: StoreSession, stream: str) -> None:
    """Keep nothing of the records of a stream that is gone."""
    for kind in (SENT, ALSO, "erase", "gave", "answered"):
        session.run(_DROP_KEYS, (f"{kind}:{stream}:", f"{kind}:{stream};"))


def spoiled(session: StoreSession, most: int) -> list[Spoiled]:
    """Return records that hold what is gone, a few at a time."""
    found = session.run(f"{_KEYS} limit {most}", ("erase:", "erase;")).all()
    return [_read(key, value) for key, value in found]


def sent_again(session: StoreSession, record: Spoiled) -> None:
    """Keep that what else a record holds is told once more."""
    session.run(_KEEP_KEY, (_key(record), json.dumps([record.after, record.last, 1])))


def erased(session: StoreSession, record: Spoiled) -> None:
    """Keep that a record holds nothing any more."""
    span = f"{record.stream}:{record.last:016x}:{record.n:012x}"
    keys = _key(record), f"{SENT}:{span}", f"{ALSO}:{span}"
    session.run(_DROP_KEY, [(key,) for key in keys])


def _close(session: StoreSession, table: str, by_row: dict[str, Sequence[Op]]) -> None:
    """Leave out what is in a row that is gone, whoever wrote it."""
    outer, field = _INSIDE[table]
    of = {row_id: _value(ops, field) for row_id, ops in by_row.items()}
    names = json.dumps([name for name in of.values() if name])
    found = session.run(_CLOSED.format(outer=outer), (names,)).all()
    closed = {row_id for (row_id,) in found}
    for row_id, name in of.items():
        if name in closed:
            session.run(_LATEST, ())
            session.run(_GONE, (table, row_id))
            session.run(_UNLOG, (table, row_id))
            miss(session, outer, name)
            leave_words(session)
            del by_row[row_id]


def _value(ops: Sequence[Op], field: str) -> str:
    named = (op.fields.get(field) for op in ops)
    return str(next(filter(None, named), ""))


def _spoil(
    session: StoreSession,
    state: dict[str, Any],
    table: str,
    row_id: str,
    before: str = _EVER,
) -> None:
    others = [name for names, *_ in state.get("offers", ()) for name in names]
    about = table, row_id, before, json.dumps([*state["authors"], *others])
    seqs = [seq for (seq,) in session.run(_OWN, about).all()]
    for stream, n in records_with(session, row_id):
        # All that it holds is told anew: it needs no part of the log.
        key = _key(Spoiled(stream, n, 0, 0, is_repeated=False))
        session.run(_KEEP_KEY, (key, json.dumps([0, 0, 0])))
    for stream in (state["stream"], *state.get("old_streams", ())):
        for seq in seqs:
            _spoil_record(session, stream, seq)
            if others:
                _spoil_others(session, stream, seq)


def _spoil_record(session: StoreSession, stream: str, seq: int) -> None:
    """Mark the records of a stream that tell what is at a place of the log."""
    begin = f"sent:{stream}:{seq:016x}", f"sent:{stream};"
    covers = session.run(_COVERS, begin).first()
    if covers is None or int(covers[1]) >= seq:
        return
    last = covers[0].split(":")[2]
    same = f"sent:{stream}:{last}:", f"sent:{stream}:{last};"
    for key, after in session.run(_KEYS, same).all():
        _mark_spoiled(session, key, after)


def _spoil_others(session: StoreSession, stream: str, seq: int) -> None:
    """Mark the records that tell what others wrote: their parts may overlap."""
    begin = f"{ALSO}:{stream}:{seq:016x}", f"{ALSO}:{stream};"
    for key, after in session.run(_KEYS, begin).all():
        if int(after) < seq:
            _mark_spoiled(session, key, after)


def _mark_spoiled(session: StoreSession, key: str, after: str) -> None:
    _, stream, last, n = key.split(":")
    record = Spoiled(stream, int(n, 16), int(after), int(last, 16), is_repeated=False)
    mark = json.dumps([record.after, record.last, 0])
    session.run(_KEEP_KEY, (_key(record), mark))


def _key(record: Spoiled) -> str:
    return f"erase:{record.stream}:{record.n:012x}"


def _read(key: str, value: str) -> Spoiled:
    _, stream, n = key.split(":")
    after, last, is_repeated = json.loads(value)
    return Spoiled(stream, int(n, 16), after, last, is_repeated=bool(is_repeated))
