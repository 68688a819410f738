"""What was left out of a row that was gone, and is there again: it is told once more.

Words of what was deleted are not kept for the case that it comes back. That something
of a row was left out is kept, and no more. When the row is there again, this computer
asks; whoever has it tells all it has of it, also what others wrote. Asking is a change
of the log of a table that is none, so it comes to all in any order.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from backend.sqlite.dialect import to_json
from backend.store.change_log import CLOCK, KEEP, StoreSession
from backend.store.sync.first_time import first_times
from backend.store.sync.outbox import op_of
from backend.store.sync.travelling import FORGETTABLE, WANTED, Op

_MOST_CHARS: Final = 400_000
_MISS: Final = "insert or ignore into sync_state(key, value) values (?, '')"
_BACK: Final = """
    select substr(key, length('missed:{table}:') + 1) as back from sync_state
    where key > 'missed:{table}:' and key < 'missed:{table};' and (
        exists(select 1 from {table} where id = back) or not exists(
            select 1 from sync_gone where table_name = '{table}' and row_id = back
        )
    )
"""
IS_ASKED: Final = "?"
_UNMADE: Final = """
    select substr(key, length('unmade:{table}:') + 1) from sync_state
    where key > 'unmade:{table}:' and key < 'unmade:{table};'
        and value <> '' and value not like '%?'
"""
_ASKED: Final = "update sync_state set value = value || ? where key = ?"
_DROP: Final = "delete from sync_state where key = ?"
_CONVERSATION: Final = "select conversation_id from message where id = ?"
_WANTED: Final = """
    select json_extract(after, '$.table'), row_id, max(hlc) from change
    where table_name = 'wanted' and device_id not in (select value from json_each(?))
    group by 1, 2
"""
_ANSWERED: Final = "select value from sync_state where key = ?"
_KEEP: Final = "insert or replace into sync_state(key, value) values (?, ?)"
_THERE: Final = "select 1 from {table} where id = ?"
_OF_ROW: Final = """
    select seq, transaction_id, table_name, row_id, before, after, hlc from change
    where table_name = ? and row_id = ? order by hlc
"""
_INSIDE: Final = {
    "conversation": """
        select 'message', id from message where conversation_id = ?1
        union all select 'attachment', a.id from attachment a
            join message m on m.id = a.message_id where m.conversation_id = ?1
    """,
    "message": "select 'attachment', id from attachment where message_id = ?1",
}
_GIVEN: Final = """
    select key, value from sync_state
    where key > 'gave:' and key < 'gave;' and instr(value, ?) > 0
"""


class WantedRow(NamedTuple):
    """A row of which another computer asks for all.

    Attributes:
        hlc: When it asked last.
    """

    table: str
    row_id: str
    hlc: str


def miss(session: StoreSession, table: str, row_id: str) -> None:
    """Keep that something of a row that is gone was left out."""
    if table in FORGETTABLE:
        session.run(_MISS, (f"missed:{table}:{row_id}",))


def missed(session: StoreSession) -> Sequence[tuple[str, str]]:
    """Return table and id of what is to be asked for.

    Either it is there again after something was left out, or it is not there when all
    was told, and what was changed in it is.
    """
    queries = [_BACK] if first_times(session) else [_BACK, _UNMADE]
    return [
        (table, row_id)
        for query in queries
        for table in sorted(FORGETTABLE)
        for (row_id,) in session.run(query.format(table=table), ())
    ]


def ask(session: StoreSession, rows: Sequence[tuple[str, str]]) -> None:
    """Ask for all of rows."""
    wanted: set[tuple[str, str]] = set()
    for table, row_id in rows:
        session.run(_DROP, (f"missed:{table}:{row_id}",))
        session.run(_ASKED, (IS_ASKED, unmade_key(table, row_id)))
        inside = session.run(_CONVERSATION, (row_id,)).scalar()
        # Many messages of one conversation come back together: that is asked once.
        wanted.add(("conversation", inside) if inside else (table, row_id))
    clock = session.info[CLOCK]
    for table, row_id in sorted(wanted):
        what = WANTED, row_id, None, to_json({"table": table})
        session.run(
            KEEP, (session.transaction_id, *what, clock.read(), clock.device_id)
        )


def wanted_rows(
    session: StoreSession, authors: Sequence[str], stream: str
) -> Sequence[WantedRow]:
    """Return the rows others ask for that are here and were not told in a stream."""
    rows = (WantedRow(*row) for row in session.run(_WANTED, (json.dumps([*authors]),)))
    return [
        row
        for row in rows
        if row.table in FORGETTABLE
        and session.run(_THERE.format(table=row.table), (row.row_id,)).scalar()
        and row.hlc > str(session.run(_ANSWERED, (_key(stream, row),)).scalar() or "")
    ]


def all_of(session: StoreSession, row: WantedRow) -> Iterator[Sequence[Op]]:
    """Yield all changes of a row and of what is in it, a record at a time."""
    query = _INSIDE.get(row.table)
    inside = session.run(query, (row.row_id,)).all() if query else ()
    part: list[Op] = []
    size = 0
    for about in ((row.table, row.row_id), *inside):
        for change in _ended(session.run(_OF_ROW, tuple(about)).all()):
            part.append(op_of(session, change))
            size += len(change[5])
            if size > _MOST_CHARS:
                yield part
                part, size = [], 0
    if part:
        yield part


def keep_answer(
    session: StoreSession,
    stream: str,
    row: WantedRow,
    parts: Sequence[tuple[int, Sequence[Op]]],
) -> None:
    """Keep that a row was told in some records, and what each of them holds."""
    session.run(_KEEP, (_key(stream, row), row.hlc))
    for n, ops in parts:
        held = json.dumps([_key(stream, row), *sorted({op.row_id for op in ops})])
        session.run(_KEEP, (f"gave:{stream}:{n:012x}", held))


def records_with(session: StoreSession, row_id: str) -> Sequence[tuple[str, int]]:
    """Return the records that told a row when asked; what else they hold is told anew.

    Returns:
        The stream and the number of each.
    """
    found = session.run(_GIVEN, (row_id,)).all()
    for key, held in found:
        session.run(_DROP, [(key,), (json.loads(held)[0],)])
    return [(key.split(":")[1], int(key.split(":")[2], 16)) for key, _ in found]


def unmade_key(table: str, row_id: str) -> str:
    """Return under which key it is kept that only changes of a row came, and when."""
    return f"unmade:{table}:{row_id}"


def _key(stream: str, row: WantedRow) -> str:
    return f"answered:{stream}:{row.table}:{row.row_id}"


def _ended(changes: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """Return the changes of a row without an answer that is being written."""
    end = len(changes)
    for place, change in enumerate(changes):
        state = json.loads(change[5]).get("state") if change[2] == "message" else None
        if state:
            end = place if state == "streaming" else len(changes)
    return changes[:end]
