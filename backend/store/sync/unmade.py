"""Changes of rows that never came: others are asked for these, then they go.

A change may come before the one that made its row. Where all was read and that is not
there, this computer has let go of the row and does not know it any more: it was set
back, or left and joined again. Somebody may have it yet, so it is asked for. What
nobody has is nowhere, and words of it are kept no longer than in the trash.
"""

import json
from collections.abc import Sequence
from typing import Final

from backend.ids import now_ms
from backend.store.change_log import StoreSession
from backend.store.search.indexes import leave_words
from backend.store.sync.forgetting import leave_log
from backend.store.sync.wanting import IS_ASKED, miss, unmade_key

_NOTE: Final = """
    insert into sync_state(key, value) values (?, ?)
    on conflict(key) do update set value = excluded.value where value = ''
"""
_MADE: Final = """
    delete from sync_state where key in (select value from json_each(?))
    returning key, value
"""
_ALL: Final = (
    "select key, value from sync_state where key > 'unmade:' and key < 'unmade;'"
)
_GONE: Final = "update sync_state set value = '' where key = ?"
_UNLOG: Final = "delete from change where table_name = ? and row_id = ?"
_THERE: Final = "select 1 from {table} where id = ?"
_EVER: Final = 2**53


def note_rows(
    session: StoreSession, table: str, made: Sequence[str], unmade: Sequence[str]
) -> None:
    """Keep of which rows only changes came, and what is missed of those made now.

    Args:
        session: In which their changes were merged.
        table: Of the rows.
        made: Those that are there from now on.
        unmade: Those that are not.
    """
    now = str(now_ms())
    if unmade:
        session.run(_NOTE, [(unmade_key(table, row_id), now) for row_id in unmade])
    keys = json.dumps([unmade_key(table, row_id) for row_id in made])
    for key, value in session.run(_MADE, (keys,)).all() if made else ():
        if not value:
            # What was said of it went meanwhile.
            miss(session, *_row(key))


def drop_unmade(session: StoreSession, before: int = _EVER) -> bool:
    """Let go of changes of rows that did not come.

    Args:
        session: In which they go.
        before: What came first before this moment goes, in milliseconds.

    Returns:
        Whether there were any.
    """
    found = session.run(_ALL, ()).all()
    old = [key for key, since in found if _is_before(since, before)]
    for key in old:
        table, row_id = _row(key)
        session.run(_GONE, (key,))
        if session.run(_THERE.format(table=table), (row_id,)).first() is None:
            leave_log(session, table, row_id)
            session.run(_UNLOG, (table, row_id))
            leave_words(session)
    return bool(old)


def _is_before(since: str, moment: int) -> bool:
    return since != "" and int(since.rstrip(IS_ASKED)) < moment


def _row(key: str) -> tuple[str, str]:
    _, table, row_id = key.split(":", 2)
    return table, row_id
