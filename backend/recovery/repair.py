"""Repairs what a damaged disk left readable to SQLite, but not to us."""

from collections.abc import Iterator
from typing import Final, TypeAlias

from backend.sqlite.dbapi import Connection, Error
from backend.sqlite.schema import DOCUMENT_INDEX, FULL_TEXT

_TABLES: Final = (
    "conversation",
    "message",
    "note",
    "engine",
    "action",
    "assistant",
    "setting",
    "draft",
    "import_run",
    "change",
)
_BATCH: Final = 200
_Broken: TypeAlias = tuple[str, dict[str, bytes]]
_LEAST: Final = "-9223372036854775808"


def broken_text(connection: Connection, *, repair: bool = False) -> int:
    """Count the rows with bytes that are no text any more.

    The driver cannot read such a row, and so no list that has it. SQLite's own checks
    do not look at text, and encryption turns each flipped bit into 16 such bytes.

    Args:
        connection: Of a database at the present schema.
        repair: Replace what is no text by the sign for it.
    """
    return sum(_look_through(connection, table, repair=repair) for table in _TABLES)


def repair_indexes(connection: Connection) -> int:
    """Rebuild what is derived from the rows, where it is damaged; return how much."""
    words = sum(not _is_whole(connection, index) for index in FULL_TEXT)
    words += not _are_documents_whole(connection)
    # Only the long check compares the indexes with the rows.
    if connection.execute("pragma integrity_check(1)").fetchall() == [("ok",)]:
        return words
    connection.execute("reindex")
    return words + 1


def rebuild(connection: Connection, index: str) -> None:
    """Rebuild a full-text index from the rows."""
    # Without its format an index cannot even be rebuilt.
    connection.execute(
        f"replace into {index}_config values ('version', 4)"  # noqa: S608 names of our own
    )
    connection.execute(f"insert into {index}({index}) values ('rebuild')")  # noqa: S608 names of our own


def _is_whole(connection: Connection, index: str) -> bool:
    try:
        connection.execute(
            f"insert into {index}({index}, rank) values ('integrity-check', 1)"  # noqa: S608 names of our own
        )
    except Error:
        rebuild(connection, index)
        return False
    return True


def _are_documents_whole(connection: Connection) -> bool:
    """Empty the index of attached documents where it is damaged: it is filled again."""
    try:
        connection.execute(
            f"insert into {DOCUMENT_INDEX}({DOCUMENT_INDEX}) values ('integrity-check')"  # noqa: S608 names of our own
        )
    except Error:
        empty_documents(connection)
        return False
    return True


def empty_documents(connection: Connection) -> None:
    """Take all documents out of their index, whatever is in it."""
    index = DOCUMENT_INDEX
    connection.execute(f"replace into {index}_config values ('version', 4)")  # noqa: S608 names of our own
    connection.execute(f"insert into {index}({index}) values ('delete-all')")  # noqa: S608 names of our own
    connection.execute("delete from indexed_document")


def _look_through(connection: Connection, table: str, *, repair: bool) -> int:
    found = list(_broken_rows(connection, table))
    if not (repair and found):
        return len(found)
    kept = "select name, sql from sqlite_schema where type = 'trigger' and tbl_name = ?"
    connection.begin("IMMEDIATE")
    triggers = connection.execute(kept, (table,)).fetchall()
    for name, _ in triggers:
        # They would take words out of the index that never were in it.
        connection.execute(f"drop trigger {name}")
    for rowid, broken in found:
        _replace(connection, table, rowid, broken)
    for _, sql in triggers:
        connection.execute(sql)
    if f"{table}_fts" in FULL_TEXT:
        rebuild(connection, f"{table}_fts")
    connection.commit()
    return len(found)


def _broken_rows(connection: Connection, table: str) -> Iterator[_Broken]:
    columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
    values = ", ".join(
        f"case when typeof({column}) = 'text' then cast({column} as blob) end"
        for column in columns
    )
    # Written out, as numbers of this size cannot be given to the driver.
    after = _LEAST
    while rows := connection.execute(
        f"select cast(rowid as text), {values} from {table} where rowid > {after} "  # noqa: S608 names of our own
        f"order by rowid limit {_BATCH}"
    ).fetchall():
        for rowid, *texts in rows:
            cells = zip(columns, texts, strict=True)
            broken = {c: text for c, text in cells if text and not _is_text(text)}
            if broken:
                yield rowid, broken
        after = rows[-1][0]


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _replace(
    connection: Connection, table: str, rowid: str, broken: dict[str, bytes]
) -> None:
    for column, value in broken.items():
        text = value.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
        connection.execute(
            f"update {table} set {column} = ? where rowid = {rowid}",  # noqa: S608 names of our own
            (text,),
        )
