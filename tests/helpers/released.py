"""Databases as each released schema left them.

`python -m tests.helpers.released` writes the file of the present schema, with rows in
every table, to stdout. A file that was released is never written again: a step that
was edited shows by not fitting it any more.
"""

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from backend.sqlite import dbapi
from backend.sqlite.migrations import migrate, version_of
from backend.sqlite.schema import STEPS

FIXTURES: Final = Path(__file__).parents[1] / "fixtures"
LATER: Final = (
    (
        "alter table note add column pinned integer not null default 0",
        "update note set pinned = length(body)",
    ),
    (
        "create table newer(id text primary key not null, text text not null)",
        "insert into newer select id, text from draft",
        "drop table draft",
        "alter table newer rename to draft",
        "insert into message_fts(message_fts) values ('rebuild')",
        "create index message_model on message(model)",
    ),
)
"""Steps that a version after this one might take."""

_NEXT: Final = "\n-- next\n"
_ROWS: Final = 12
_TABLES: Final = """
    select name from pragma_table_list where schema = 'main' and type = 'table'
    and name not like 'sqlite%' and name not like '%\\_place' escape '\\'
    and name <> 'unindexed' order by name
"""
"""Without those that triggers fill."""

_SCHEMA: Final = """
    select sql from sqlite_schema where sql is not null and name not like 'sqlite%'
    and name not in (select name from pragma_table_list where type = 'shadow')
    order by rowid
"""
_FEW: Final = {
    "role": ("user", "assistant"),
    "state": ("complete", "stopped", "failed"),
    "title_source": ("none", "text", "user"),
    "kind": ("prompt", "openai"),
    "result": ("show",),
    "table_name": ("note",),
    "after": ('{"title": "a title"}',),
    "before": ("{}",),
    "report": ("{}",),
    "cjk": ("",),
    "folded": ("",),
    "hlc": ("0198c0de00000000-device",),
}
_WORDS: Final = (
    "ember",
    "café",
    "火の鳥",
    "'quoted'",
    "a;b",
    "🔥",
    "naïve",
    "line\nbreak",
)


def path_of(version: int) -> Path:
    """Return the file of a released schema."""
    return FIXTURES / f"schema-{version}.sql"


def restore(path: Path, version: int) -> None:
    """Make a database as a version left it."""
    connection = dbapi.connect(path, pragmas=("journal_mode=wal",))
    connection.begin()
    for statement in path_of(version).read_text("utf-8").split(_NEXT):
        connection.execute(statement)
    connection.commit()
    connection.close()


def fill(connection: dbapi.Connection, numbers: range) -> None:
    """Add rows to every table: the same at every call."""
    chance = random.Random(numbers.start)
    for (table,) in connection.execute(_TABLES):
        about = connection.execute(f"pragma table_info({table})")
        columns = [row[1:3] for row in about if row[1] != "seq"]
        places = ", ".join("?" for _ in columns)
        names = ", ".join(f'"{name}"' for name, _ in columns)
        connection.cursor().executemany(
            f"insert into {table}({names}) values ({places})",
            [
                [_value(name, kind, n, chance) for name, kind in columns]
                for n in numbers
            ],
        )


def contents(connection: dbapi.Connection, version: int) -> dict[str, list[str]]:
    """Return the rows of every table, in the columns a version had."""
    known = dbapi.connect(":memory:")
    migrate(known, STEPS[:version])
    data = {}
    for (table,) in known.execute(_TABLES):
        about = known.execute(f"pragma table_info({table})")
        names = ", ".join(f'"{row[1]}"' for row in about)
        rows = connection.execute(f"select {names} from {table}")
        data[table] = sorted(repr(row) for row in rows)
    known.close()
    return data


def _value(
    name: str, kind: str, number: int, chance: random.Random
) -> str | int | None:
    if name == "deleted_at":
        return None if number % 4 else 1_790_000_000_000 + number
    if kind.lower() == "integer":
        return number
    if name == "id" or name.endswith("_id"):
        return f"0198c0de-0000-7000-8000-{number:012x}"
    if name in _FEW:
        return chance.choice(_FEW[name])
    return " ".join(chance.choices(_WORDS, k=chance.randint(1, 40)))


def _dump() -> Iterator[str]:
    connection = dbapi.connect(":memory:")
    migrate(connection)
    yield from (row[0] for row in connection.execute(_SCHEMA))
    yield f"pragma user_version={version_of(connection)}"
    fill(connection, range(_ROWS))
    for (table,) in connection.execute(_TABLES):
        about = connection.execute(f"pragma table_info({table})")
        quoted = ", ".join(f'quote("{row[1]}")' for row in about)
        for row in connection.execute(f"select {quoted} from {table}"):
            yield f"insert into {table} values ({', '.join(row)})"
    connection.close()


if __name__ == "__main__":
    sys.stdout.write(_NEXT.join(_dump()))
