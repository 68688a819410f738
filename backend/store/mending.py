"""Repairs what a damaged disk left readable to SQLite, but not to us."""

from typing import Final

from backend.store.dbapi import Connection, Error
from backend.store.schema import FULL_TEXT

_TABLES: Final = (
    "conversation",
    "message",
    "note",
    "engine",
    "action",
    "setting",
    "draft",
    "import_run",
    "change",
)
_BATCH: Final = 200


def broken_text(connection: Connection, *, mend: bool = False) -> int:
    """Count the rows with bytes that are no text any more.

    The driver cannot read such a row, and so no list that has it. SQLite's own checks
    do not look at text, and encryption turns each flipped bit into 16 such bytes.

    Args:
        connection: Of a database at the present schema.
        mend: Replace what is no text by the sign for it.
    """
    return sum(_look_through(connection, table, mend=mend) for table in _TABLES)


def mend_indexes(connection: Connection) -> int:
    """Make the full-text indexes that are damaged anew; return how many those were."""
    return sum(not _is_whole(connection, index) for index in FULL_TEXT)


def rebuild(connection: Connection, index: str) -> None:
    """Make a full-text index anew out of the rows."""
    connection.execute(f"insert into {index}({index}) values ('rebuild')")  # noqa: S608 names of our own


def _is_whole(connection: Connection, index: str) -> bool:
    try:
        connection.execute(
            f"insert into {index}({index}) values ('integrity-check')"  # noqa: S608 names of our own
        )
    except Error:
        # Without its format an index cannot even be made anew.
        connection.execute(
            f"replace into {index}_config values ('version', 4)"  # noqa: S608 names of our own
        )
        rebuild(connection, index)
        return False
    return True


def _look_through(connection: Connection, table: str, *, mend: bool) -> int:
    about = connection.execute(f"pragma table_info({table})")
    columns = [row[1] for row in about if row[2].lower() == "text"]
    values = ", ".join(f"cast({column} as blob)" for column in columns)
    query = (
        f"select rowid, {values} from {table} where rowid > ? "  # noqa: S608 names of our own
        f"order by rowid limit {_BATCH}"
    )
    last, found = -1, 0
    while rows := connection.execute(query, (last,)).fetchall():
        for rowid, *texts in rows:
            told = zip(columns, texts, strict=True)
            broken = {c: text for c, text in told if text and not _is_text(text)}
            found += bool(broken)
            if mend and broken:
                _replace(connection, table, rowid, broken)
        last = rows[-1][0]
    return found


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _replace(
    connection: Connection, table: str, rowid: int, broken: dict[str, bytes]
) -> None:
    connection.begin("IMMEDIATE")
    for column, value in broken.items():
        text = value.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
        connection.execute(
            f"update {table} set {column} = ? where rowid = ?",  # noqa: S608 names of our own
            (text, rowid),
        )
    connection.commit()
