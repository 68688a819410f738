"""The schema grows in whole steps and is the one the models speak of."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from backend.errors import StoreTooNewError
from backend.sqlite import dbapi
from backend.sqlite.migrations import migrate, repair_version, version_of
from backend.sqlite.schema import STEPS, Step
from backend.store import models

STEP_A = ("create table a(x)", "insert into a values (1)")
STEP_B = ("create table b(x)", "insert into b select x from a")
BROKEN = ("create table c(x)", "insert into nowhere values (1)")
REFERENCE = (
    "create table parent(id integer primary key)",
    "create table child(parent integer references parent(id))",
    "insert into child values (7)",
)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[dbapi.Connection]:
    opened = dbapi.connect(tmp_path / "a.db", pragmas=("journal_mode=wal",))
    yield opened
    opened.close()


def tables(connection: dbapi.Connection) -> list[str]:
    sql = "select name from sqlite_schema where type = 'table' order by name"
    return [row[0] for row in connection.execute(sql)]


def test_missing_steps_are_taken_once(connection: dbapi.Connection) -> None:
    assert migrate(connection, [STEP_A]) == 1
    assert migrate(connection, [STEP_A, STEP_B]) == 1
    assert migrate(connection, [STEP_A, STEP_B]) == 0
    assert connection.execute("select * from b").fetchall() == [(1,)]
    assert version_of(connection) == 2
    assert connection.execute("pragma foreign_keys").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("step", "error"),
    [(BROKEN, dbapi.OperationalError), (REFERENCE, dbapi.IntegrityError)],
    ids=["fails", "breaks references"],
)
def test_a_failing_step_leaves_everything_as_it_was(
    connection: dbapi.Connection,
    step: tuple[str, ...],
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        migrate(connection, [STEP_A, step])
    assert (version_of(connection), tables(connection)) == (1, ["a"])
    assert migrate(connection, [STEP_A, STEP_B]) == 1


def test_a_newer_file_is_refused(connection: dbapi.Connection) -> None:
    migrate(connection, [STEP_A, STEP_B])
    with pytest.raises(StoreTooNewError, match="newer version"):
        migrate(connection, [STEP_A])
    assert tables(connection) == ["a", "b"]


UNSEEN: dict[str, list[Step]] = {
    "changes rows alone": [("update note set title = title || '!'",)],
    "undoes itself": [
        ("alter table note add column x text", "update note set title = title || '!'"),
        ("alter table note drop column x",),
    ],
    "does nothing": [(), ("update note set title = title || '!'",), ()],
}


@pytest.mark.parametrize("later", UNSEEN.values(), ids=UNSEEN)
def test_a_step_the_schema_does_not_show_runs_once_whoever_opens_the_file(
    connection: dbapi.Connection, later: list[Step]
) -> None:
    migrate(connection)
    connection.execute("insert into note(id, title) values ('1', 'Trip')")
    newer = [*STEPS, *later]
    migrate(connection, newer)
    for known in (STEPS, newer[:-1], newer):
        assert repair_version(connection, known) == len(newer)
        if known == newer:
            assert migrate(connection, known) == 0
        assert connection.execute("select title from note").fetchall() == [("Trip!",)]


@pytest.mark.parametrize("number", [0, 3, 7, 1 << 30])
def test_a_wrong_number_is_mended_by_the_mark(
    connection: dbapi.Connection, number: int
) -> None:
    newer = [*STEPS, *UNSEEN["changes rows alone"]]
    migrate(connection, newer)
    connection.execute(f"pragma user_version={number}")
    assert repair_version(connection, newer) == len(newer) == version_of(connection)


def test_of_two_that_open_at_once_one_takes_the_step(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    command = [sys.executable, "-m", "tests.helpers.store_migrator", str(path), "-1"]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]


@pytest.mark.parametrize("statement", range(1, len(STEPS[0]) + 5, 5))
def test_a_kill_leaves_a_whole_version(tmp_path: Path, statement: int) -> None:
    path = tmp_path / "a.db"
    command = [sys.executable, "-m", "tests.helpers.store_migrator"]
    killed = subprocess.run([*command, str(path), str(statement)], check=False)
    connection = dbapi.connect(path)
    assert killed.returncode < 0
    assert (version_of(connection), tables(connection)) == (0, [])
    assert migrate(connection) == len(STEPS)
    assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_sql_and_models_tell_the_same_schema(connection: dbapi.Connection) -> None:
    migrate(connection)
    for name, table in SQLModel.metadata.tables.items():
        in_sql = {
            row[1]: (row[2].upper(), bool(row[3]))
            for row in connection.execute(f"pragma table_info({name})")
        }
        in_models = {
            column.name: (
                "INTEGER" if column.type.python_type is int else "TEXT",
                not column.nullable,
            )
            for column in table.columns
        }
        if "seq" not in in_models:
            in_sql.pop("seq", None)
        else:
            in_models["seq"] = in_sql["seq"]
        assert in_sql == in_models, name


def test_rows_that_will_be_synced_have_defaults_and_one_key(
    connection: dbapi.Connection,
) -> None:
    migrate(connection)
    for name in models.LOGGED:
        for _, column, kind, required, default, _ in connection.execute(
            f"pragma table_info({name})",
        ):
            assert kind in {"TEXT", "INTEGER"}
            assert column == "id" or not required or default is not None, column
        unique = [
            row[1] for row in connection.execute(f"pragma index_list({name})") if row[2]
        ]
        assert len(unique) == 1, "the id alone is unique"
        (key,) = connection.execute(f"pragma index_info({unique[0]})").fetchall()
        assert key[2] == "id"
        assert connection.execute(f"pragma foreign_key_list({name})").fetchall() == []
