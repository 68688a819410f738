"""Takes back here that this computer joined others: what came of them goes away.

It goes to the trash, and what another computer replaced is back; what a person wrote
here stays, also in what came. The changes are made under a name that is never told, and
are dropped when it joins again: so nothing of it reaches the others.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from backend.errors import ConflictError
from backend.store.change_log import CLOCK, StoreSession
from backend.store.database import Database
from backend.store.history.changes import revert
from backend.store.models import Change, Message
from backend.store.states.message_state import MessageState
from backend.store.sync.state import SyncState
from backend.store.sync.sync import drop_all, keep_state
from backend.store.sync.travelling import TRAVELS
from backend.store.sync.untold import UntoldClock

_STEP: Final = 200
_GO_ALONG: Final = {"attachment"}
"""Comes and goes with its question."""

# What a person wrote here keeps what it is in: a row, or a conversation of others.
_CAME: Final = """
    select c.transaction_id, c.table_name, c.row_id, c.before, c.after, c.hlc
    from change c
    where c.seq > ?1 and c.hlc < ?2
        and c.device_id not in (select value from json_each(?3))
        and c.table_name in (select value from json_each(?4))
    order by c.hlc desc limit ?5
"""
_MADE_HERE: Final = """
    select 1 from change where table_name = ?1 and row_id = ?2 and before is null
        and (seq <= ?3 or device_id in (select value from json_each(?4)))
"""
_WRITTEN_HERE: Final = """
    select 1 from change where table_name = ?1 and row_id = ?2
        and device_id in (select value from json_each(?3))
    union all
    select 1 from message m join change c
        on c.table_name = 'message' and c.row_id = m.id
    where ?1 = 'conversation' and m.conversation_id = ?2
        and c.device_id in (select value from json_each(?3))
    limit 1
"""


class JoinStore:
    """Takes back that this computer joined others."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def take_back(self, state: SyncState) -> None:
        """Take back some of what came; at its end nothing is exchanged any more."""
        with self._database.write() as session:
            if rest := _take_back_some(session, state):
                keep_state(session, replace(state, going_back=rest))
            else:
                drop_all(session)


def _take_back_some(session: StoreSession, state: SyncState) -> str:
    """Take back the newest of what came; return where to go on, "" at the end."""
    session.info[CLOCK] = UntoldClock(session.info[CLOCK])
    joined, names = state.joined, json.dumps([*state.authors])
    about = (
        joined,
        state.going_back,
        names,
        json.dumps(sorted(TRAVELS.keys() - _GO_ALONG)),
    )
    found = session.run(_CAME, (*about, _STEP)).all()
    for change in (_change(row) for row in found):
        if _stays(session, change, joined, names):
            continue
        try:
            revert(session, change)
        except ConflictError:  # a part of an answer: its beginning takes all of it back
            continue
    return str(found[-1][5]) if len(found) == _STEP else ""


def _stays(session: StoreSession, change: Change, joined: int, names: str) -> bool:
    table, row_id = change.table_name, change.row_id
    if session.run(_MADE_HERE, (table, row_id, joined, names)).first():
        return _ends_answer(change)
    if table == "message":
        message = session.get(Message, row_id)
        if message is None:
            return True
        inside = "conversation", message.conversation_id, joined, names
        return not session.run(_MADE_HERE, inside).first()
    # What made it goes to the trash; nothing else is to be taken back.
    is_written = session.run(_WRITTEN_HERE, (table, row_id, names)).first()
    return change.before is not None or is_written is not None


def _ends_answer(change: Change) -> bool:
    was = (change.before or {}).get("state")
    return change.table_name == "message" and was == MessageState.STREAMING


def _change(row: Sequence[Any]) -> Change:
    transaction_id, table, row_id, before, after, hlc = row
    return Change(
        transaction_id=transaction_id,
        table_name=table,
        row_id=row_id,
        before=json.loads(before) if before else None,
        after=json.loads(after),
        hlc=hlc,
        device_id=hlc[17:],
    )
