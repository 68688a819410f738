"""What came of a newer Hearth is put into rows when this one knows it too.

A field or a table that is not known stays in the change log. Which are known is kept,
so that what an update adds is looked for once.
"""

import json
from collections.abc import Mapping, Set
from typing import Final

from backend.interface.stored_values import DERIVED
from backend.store.change_log import StoreSession
from backend.store.database import Database
from backend.store.models import LOGGED
from backend.store.sync.inbox import take_up
from backend.store.sync.travelling import TRAVELS

_KNOWN: Final = "select value from sync_state where key = 'fields'"
_KEEP: Final = "insert or replace into sync_state(key, value) values ('fields', ?)"
_CAME: Final = """
    select distinct row_id from change where table_name = ?1 and exists(
        select 1 from json_each(?2) where json_type(after, '$.' || value) is not null
    )
"""
_ROWS: Final = 500


def note_known(session: StoreSession) -> None:
    """Keep what is known now, unless it is kept what was known before."""
    if session.run(_KNOWN, ()).scalar() is None:
        _keep(session)


def take_up_new(database: Database) -> None:
    """Put into rows what has come of fields that are known only now."""
    with database.read() as session:
        if database.refusal or _is_all_kept(session):
            return
    with database.write() as session:
        for table, fields in _added(session).items():
            about = table, json.dumps(sorted(fields))
            found = [row_id for (row_id,) in session.run(_CAME, about).all()]
            for begin in range(0, len(found), _ROWS):
                take_up(session, table, found[begin : begin + _ROWS], fields)
        _keep(session)


def _is_all_kept(session: StoreSession) -> bool:
    return session.run(_KNOWN, ()).scalar() is not None and not _added(session)


def _added(session: StoreSession) -> Mapping[str, Set[str]]:
    kept = session.run(_KNOWN, ()).scalar()
    if not kept:
        return {}
    before = json.loads(str(kept))
    added = {t: fields - {*before.get(t, ())} for t, fields in _known().items()}
    return {table: fields for table, fields in added.items() if fields}


def _keep(session: StoreSession) -> None:
    known = {table: sorted(fields) for table, fields in _known().items()}
    session.run(_KEEP, (json.dumps(known),))


def _known() -> Mapping[str, Set[str]]:
    return {
        table: LOGGED[table].model_fields.keys() - stays - DERIVED - {"id"}
        for table, stays in TRAVELS.items()
    }
