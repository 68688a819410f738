"""Brings a database file to the present schema, one whole step at a time.

The schema alone tells how many steps a file has taken, also where a step changed rows
only, or undid another: each leaves its number in a view. So an older Hearth, which
would take a wrong number for bit rot, knows a newer file, and nothing runs twice.
"""

from collections.abc import Sequence
from typing import Final

from backend.errors import StoreTooNewError
from backend.sqlite.dbapi import Connection, IntegrityError
from backend.sqlite.schema import STEPS, Step

_SCHEMA: Final = (
    "select type, name, tbl_name, sql from sqlite_schema where name not like 'sqlite%'"
)


_MARKED_FROM: Final = 5
"""Earlier steps were released without a mark, and each changed the schema."""


def repair_version(connection: Connection, steps: Sequence[Step] = STEPS) -> int:
    """Return how many steps the file has taken, by its schema if its number is wrong.

    A bit that flipped in the number would make an old file of it, or a newer one.
    """
    version = version_of(connection)
    if version == len(steps) or _differences(connection, steps):
        return version
    connection.execute(f"pragma user_version={len(steps)}")
    return len(steps)


def schema_faults(connection: Connection, steps: Sequence[Step] = STEPS) -> list[str]:
    """Return what a file has more or less than the steps it has taken make.

    A bit that flipped in a column's name is no damage to SQLite, but is to us. A file
    of a newer version cannot be judged.
    """
    version = version_of(connection)
    if version < 0:
        return [f"version {version}"]
    return _differences(connection, steps[:version]) if version <= len(steps) else []


def _differences(connection: Connection, steps: Sequence[Step]) -> list[str]:
    fresh = Connection(":memory:", encryption_key=None, timeout_s=0, pragmas=())
    try:
        migrate(fresh, steps)
        schemas = [set(one.execute(_SCHEMA)) for one in (connection, fresh)]
    finally:
        fresh.close()
    return sorted(str(row[1]) for row in schemas[0] ^ schemas[1])


def version_of(connection: Connection) -> int:
    """Return how many steps the file has taken."""
    row = connection.execute("pragma user_version").fetchone()
    return int(row[0]) if row else 0


def migrate(connection: Connection, steps: Sequence[Step] = STEPS) -> int:
    """Take the steps that are missing and return how many those were.

    Each step commits together with its number, so that a file is always at exactly
    one version, whenever the process dies.

    Raises:
        StoreTooNewError: The file has taken steps this version does not know.
    """
    have = version_of(connection)
    if have > len(steps):
        raise StoreTooNewError(
            "Your data was last opened by a newer version of Hearth. "
            "Install the newest version to go on; nothing has been changed.",
        )
    if have == len(steps):
        return 0
    # A table can only be rebuilt while nothing refers to it by force.
    connection.execute("pragma foreign_keys=off")
    try:
        return sum(
            _take(connection, number, steps[number])
            for number in range(have, len(steps))
        )
    finally:
        connection.execute("pragma foreign_keys=on")


def _take(connection: Connection, number: int, step: Step) -> int:
    connection.begin("IMMEDIATE")
    try:
        if version_of(connection) != number:
            # Another process was faster.
            connection.rollback()
            return 0
        for statement in step:
            connection.execute(statement)
        _check_references(connection, number)
        _mark(connection, number + 1)
        connection.execute(f"pragma user_version={number + 1}")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return 1


def _mark(connection: Connection, taken: int) -> None:
    if taken > _MARKED_FROM:
        connection.execute("drop view if exists steps_taken")
        connection.execute(f"create view steps_taken as select {taken} as number")


def _check_references(connection: Connection, number: int) -> None:
    broken = connection.execute("pragma foreign_key_check").fetchall()
    if broken:
        raise IntegrityError(f"step {number} breaks references: {broken[:3]}")
