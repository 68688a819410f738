"""What must be on computers that exchange, whatever happened to them."""

import json
from collections.abc import Sequence

from backend.sqlite.folding import indexed
from backend.store.database import Database
from backend.store.models import LOGGED, Searched
from backend.store.states.message_state import MessageState
from backend.store.sync.travelling import TRAVELS, Fields, leaving
from tests.helpers.store_actor import check_index, check_paths, contents
from tests.helpers.synced import Computer, files_of

CANARY = "kanarienvogel"


def log_of(database: Database) -> dict[str, tuple[str, str, Fields]]:
    """Return what travels of a change log, by the clock."""
    with database.read() as session:
        found = session.connection().exec_driver_sql(
            "select hlc, table_name, row_id, after from change"
        )
        rows = found.all()
        assert len({row[0] for row in rows}) == len(rows)
        return {
            hlc: (table, row_id, leaving(table, json.loads(after)))
            for hlc, table, row_id, after in rows
            if table in TRAVELS and table != "setting"
        }


def logs_of(computers: Sequence[Computer]) -> list[dict[str, tuple[str, str, Fields]]]:
    """Return the logs, without what is left of rows that are nowhere: no words."""
    there = [contents(one.database) for one in computers]
    known = {row["id"] for one in there for rows in one.values() for row in rows}
    logs = [log_of(one.database) for one in computers]
    for log in logs:
        for _table, row_id, fields in log.values():
            assert row_id in known or fields.keys() <= {"updated_at", "deleted_at"}
    return [{k: op for k, op in log.items() if op[1] in known} for log in logs]


def check(computers: Sequence[Computer]) -> None:
    """See that every computer has what all changes come to, and their history."""
    logs = logs_of(computers)
    everything = {hlc: op for log in logs for hlc, op in log.items()}
    expected: dict[str, dict[str, Fields]] = {table: {} for table in TRAVELS}
    for hlc in sorted(everything):
        table, row_id, fields = everything[hlc]
        expected[table].setdefault(row_id, {"id": row_id}).update(fields)
    latest = max(everything, default="")
    for one, log in zip(computers, logs, strict=True):
        assert one.store.reading() > latest, f"the clock of {one.home.name} lags"
        assert log.keys() == everything.keys(), one.home.name
        there = contents(one.database)
        for table, rows in expected.items():
            if table == "setting":
                continue
            shown = {
                str(row["id"]): {k: row[k] for k in rows[str(row["id"])]}
                for row in there[table]
            }
            assert shown == rows, (one.home.name, table)
        for table in ("note", "message", "conversation"):
            for row in there[table]:
                searched = LOGGED[table](**row)  # type: ignore[arg-type]  # as it is
                assert isinstance(searched, Searched)
                assert row["folded"] == indexed(searched.searched_text()), table
        check_index(one.database)
        check_paths(one.database)


def check_sealed(computers: Sequence[Computer]) -> None:
    """See that no word can be read in the folder."""
    for one in computers:
        for file in files_of(one):
            assert CANARY.encode() not in (one.shared / file).read_bytes()


def check_not_streaming(computers: Sequence[Computer]) -> None:
    """See that no computer has the beginning of an answer that another one writes."""
    assert not [
        row["id"]
        for one in computers
        for row in contents(one.database)["message"]
        if row["state"] is MessageState.STREAMING and row["id"] not in own_rows(one)
    ]


def own_rows(one: Computer) -> set[str]:
    """Return the rows this computer changed itself."""
    with one.database.read() as session:
        found = session.connection().exec_driver_sql(
            "select distinct row_id from change where device_id like ?",
            (f"{one.store.device_id}%",),
        )
        return {row_id for (row_id,) in found}
