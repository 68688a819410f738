"""What was changed on this computer and others have not been told: the change log.

Nothing is kept beside it. What is from before the exchange began is told the newest
first, so that another computer soon has what its owner looks for. An answer that is
being written waits, with all that happens to it meanwhile, for the change that ends it:
else another computer would end it.
"""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlmodel import Session

from backend.store.change_log import StoreSession
from backend.store.sync.travelling import (
    COMPARED,
    FORGOTTEN,
    SETTINGS,
    TRAVELS,
    WANTED,
    Op,
    leaving,
)

_MOST_CHARS: Final = 400_000
_END: Final = 2**53
_ALL: Final = -1

# The log is gone through by its places alone, up or down from one of them: by the
# index of rows, for which a table is found first, each look would go through all of it.
# Built-in actions are given on every computer; what a person made of them travels.
_WAITS: Final = """
    from change
    where seq > ?1 and seq <= ?5
        and device_id in (select value from json_each(?2))
        and +table_name in (select value from json_each(?3))
        and (table_name <> 'setting'
            or row_id in (select value from json_each(?4)))
        and not (table_name = 'action' and before is null and length(row_id) < 36)
        and (table_name <> 'message' or (
            select json_extract(p.after, '$.state') from change p
            where p.table_name = 'message' and p.row_id = change.row_id
                and p.seq <= change.seq
                and json_type(p.after, '$.state') is not null
            order by p.seq desc limit 1
        ) is not 'streaming')
"""
_MINE: Final = f"""
    select seq, transaction_id, table_name, row_id, before, after, hlc {_WAITS}
    order by seq limit ?6
"""
_NEWEST: Final = _MINE.replace("order by seq", "order by seq desc")
_COUNT: Final = f"select count(*) {_WAITS}"
_LAST: Final = "select coalesce(max(seq), 0) from change"
_BEGUN: Final = """
    select seq, transaction_id, table_name, row_id, before, after, hlc from change
    where table_name = 'message' and row_id = ?1 and seq < ?2 and seq >= (
        select max(seq) from change
        where table_name = 'message' and row_id = ?1 and seq < ?2
            and json_extract(after, '$.state') = 'streaming'
    )
    order by seq
"""
_AROUND: Final = """
    select seq, transaction_id, table_name, row_id, before, after, hlc from change
    where table_name = 'conversation'
        and row_id in (select value from json_each(?1)) and seq <= ?2
        and (before is null or json_type(after, '$.title') is not null)
        and device_id in (select value from json_each(?3))
    order by seq
"""
_REPLACED: Final = """
    select max(hlc) from change
    where table_name = ? and row_id = ? and hlc < ? and json_type(after, ?) is not null
"""


class Outgoing(NamedTuple):
    """What is to be told next.

    Attributes:
        last: As far the log was looked at.
        size: How many changes of it that is.
    """

    last: int
    ops: Sequence[Op]
    size: int


def waiting(
    session: StoreSession,
    authors: Sequence[str],
    after: int,
    limit: int,
) -> Outgoing:
    """Return the next changes of ours after a place of the log."""
    found = session.run(_MINE, (*_about(authors, after), limit)).all()
    changes = _fitting(session, found)
    ops = [op_of(session, one) for change in changes for one in change]
    return Outgoing(changes[-1][-1][0] if changes else after, ops, len(changes))


def waiting_before(
    session: StoreSession, authors: Sequence[str], after: int, upto: int, limit: int
) -> Outgoing:
    """Return the newest changes between two places of the log, in their order.

    Answers come with what makes their conversation a row: they can be read at once.
    """
    found = session.run(_NEWEST, (*_about(authors, after, upto), limit)).all()
    changes = _fitting(session, found)
    is_all = len(changes) == len(found) < limit
    begin = after if is_all else changes[-1][-1][0] - 1
    own = [one for change in reversed(changes) for one in change]
    inside = {json.loads(one[5]).get("conversation_id") for one in own}
    about = json.dumps(sorted(filter(None, inside))), begin, json.dumps([*authors])
    around = session.run(_AROUND, about).all()
    ops = [op_of(session, one) for one in (*around, *own)]
    return Outgoing(begin, ops, len(changes))


def changes_between(
    session: StoreSession, authors: Sequence[str], after: int, upto: int
) -> Sequence[Op]:
    """Return all changes of ours between two places of the log."""
    found = session.run(_MINE, (*_about(authors, after, upto), _ALL)).all()
    whole = ([*_begun(session, change), change] for change in found)
    return [op_of(session, one) for change in whole for one in change]


def settled(session: Session, authors: Sequence[str], after: int) -> int:
    """Return how far the log was told when nothing of ours waits; else where it was."""
    if waiting_count(session, authors, after):
        return after
    return last_place(session) or after


def waiting_count(
    session: Session, authors: Sequence[str], after: int, upto: int = _END
) -> int:
    """Return how many changes wait after a place of the log, and up to another."""
    run = session.connection().exec_driver_sql
    return int(run(_COUNT, _about(authors, after, upto)).scalar() or 0)


def last_place(session: Session) -> int:
    """Return the last place of the log."""
    return int(session.connection().exec_driver_sql(_LAST).scalar() or 0)


def _about(
    authors: Sequence[str], after: int, upto: int = _END
) -> tuple[int, str, str, str, int]:
    names = json.dumps(list(authors)), json.dumps([*TRAVELS, FORGOTTEN, WANTED])
    return after, *names, json.dumps(sorted(SETTINGS)), upto


def _fitting(
    session: StoreSession, found: Sequence[Sequence[Any]]
) -> list[Sequence[Sequence[Any]]]:
    """Return as many changes as one record may hold, each after what it ends."""
    changes: list[Sequence[Sequence[Any]]] = []
    size = 0
    for change in found:
        changes.append([*_begun(session, change), change])
        size += sum(len(one[5]) for one in changes[-1])
        if size > _MOST_CHARS:
            break
    return changes


def _begun(session: StoreSession, change: Sequence[Any]) -> Sequence[Sequence[Any]]:
    seq, _transaction, table, row_id, before, *_rest = change
    is_end = table == "message" and before is not None
    if is_end and json.loads(before).get("state") == "streaming":
        return session.run(_BEGUN, (row_id, seq)).all()
    return ()


def op_of(session: StoreSession, change: Sequence[Any]) -> Op:
    """Return a change of the log as it travels."""
    _seq, transaction_id, table, row_id, before, after, hlc = change
    fields = leaving(table, json.loads(after))
    if before is None:
        return Op(hlc, transaction_id, table, row_id, None, fields)
    base = {
        name: session.run(_REPLACED, (table, row_id, hlc, f"$.{name}")).scalar() or ""
        for name in sorted(COMPARED & fields.keys())
    }
    return Op(hlc, transaction_id, table, row_id, base, fields)
