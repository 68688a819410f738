"""Puts rows of an earlier schema into the index, a few at a time, the latest first.

Each step commits by itself: whenever the process dies, the next start goes on, and what
is in the index is found meanwhile.
"""

from typing import Final

from backend.sqlite.dbapi import Connection
from backend.sqlite.folding import indexed
from backend.sqlite.places import SEARCHED, indexed_text, next_place

_BATCH: Final = 300


def unindexed(connection: Connection) -> dict[str, int]:
    """Return the tables of which rows are missing in the index, and up to which."""
    found = connection.execute("select table_name, seq from unindexed").fetchall()
    return {str(table): int(seq) for table, seq in found}


def index_rest(connection: Connection) -> int:
    """Put all that is missing into the indexes; return how many rows that were."""
    count = 0
    for table in sorted(unindexed(connection)):
        while some := index_some(connection, table):
            count += some
    return count


def index_some(connection: Connection, table: str, limit: int = _BATCH) -> int:
    """Put a few rows into the index; return how many were looked at, 0 at the end."""
    connection.begin("IMMEDIATE")
    try:
        count = _index(connection, table, limit)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return count


def _index(connection: Connection, table: str, limit: int) -> int:
    top = unindexed(connection).get(table)
    if top is None:
        return 0
    rows = connection.execute(
        f"select r.seq, {SEARCHED[table].format(row='r.')} from {table} r "  # noqa: S608 names of our own
        f"where r.seq <= ? order by r.seq desc limit ?",
        (top, limit),
    ).fetchall()
    if not rows:
        connection.execute("delete from unindexed where table_name = ?", (table,))
        return 0
    # The index takes rising numbers best, and rows mostly rise with their time.
    for seq, text in reversed(rows):
        _index_row(connection, table, seq, indexed(text))
    connection.execute(
        "update unindexed set seq = ? where table_name = ?", (rows[-1][0] - 1, table)
    )
    return len(rows)


def _index_row(connection: Connection, table: str, seq: int, folded: str) -> None:
    if folded:
        connection.execute(
            f"update {table} set folded = ?, cjk = '' where seq = ?",  # noqa: S608 names of our own
            (folded, seq),
        )
    added = connection.execute(
        f"""insert into {table}_place(place, seq)
            select {next_place(table)}, seq from {table}
            where seq = ? and deleted_at is null
                and not exists(select 1 from {table}_place p where p.seq = {table}.seq)
            returning place""",  # noqa: S608 names of our own
        (seq,),
    ).fetchall()
    if added:
        connection.execute(
            f"""insert into {table}_fts(rowid, text)
                select p.place, {indexed_text(table, "r.")}
                from {table}_place p cross join {table} r on r.seq = p.seq
                where p.seq = ?""",  # noqa: S608 names of our own
            (seq,),
        )
