"""SQLAlchemy works over our driver, transactions and errors included."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    insert,
    inspect,
    select,
)
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.pool import QueuePool

from backend.sqlite import dbapi
from backend.sqlite.dialect import build_engine

THINGS = Table(
    "thing",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", Text, unique=True),
    Column("data", LargeBinary),
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    # A name that would be torn apart in an address.
    path = tmp_path / "ä b?c#d.db"
    made = build_engine(
        lambda: dbapi.connect(path, pragmas=("journal_mode=wal",), timeout_s=0.1),
        pool_size=2,
        pool_timeout_s=1,
    )
    THINGS.metadata.create_all(made)
    yield made
    made.dispose()
    assert path.exists()


def test_many_rows_with_bytes_go_in_and_come_out(engine: Engine) -> None:
    rows = [{"name": str(number), "data": b"\0\xff"} for number in range(500)]
    with engine.begin() as connection:
        ids = connection.scalars(insert(THINGS).returning(THINGS.c.id), rows).all()
    with engine.connect() as connection:
        found = connection.execute(select(THINGS).order_by(THINGS.c.id)).all()
    assert [row.id for row in found] == sorted(ids)
    assert found[0].data == b"\0\xff"


def test_errors_are_those_of_sqlalchemy(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(THINGS), {"name": "x"})
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(THINGS), {"name": "x"})
    with pytest.raises(OperationalError), engine.begin() as connection:
        connection.exec_driver_sql("nonsense")


def test_ddl_is_rolled_back_too(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("create table half(x)")
        connection.rollback()
    assert inspect(engine).get_table_names() == ["thing"]


def test_savepoints_work(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(THINGS), {"name": "kept"})
        inner = connection.begin_nested()
        connection.execute(insert(THINGS), {"name": "dropped"})
        inner.rollback()
    with engine.connect() as connection:
        assert connection.scalars(select(THINGS.c.name)).all() == ["kept"]


def test_only_writers_take_the_lock_and_only_while_they_write(engine: Engine) -> None:
    writer = engine.execution_options(isolation_level="IMMEDIATE")
    with writer.begin() as writing:
        writing.execute(insert(THINGS), {"name": "x"})
        with engine.connect() as reading:
            assert reading.execute(select(THINGS)).all() == []
            assert str(reading.get_isolation_level()) == "DEFERRED"
        with pytest.raises(OperationalError, match="locked"), writer.begin() as second:
            second.exec_driver_sql("select 1")
    with engine.connect() as first, engine.connect() as second:
        for reading in (first, second):
            assert len(reading.execute(select(THINGS)).all()) == 1
            assert str(reading.get_isolation_level()) == "DEFERRED"


def test_the_pool_is_bounded(engine: Engine) -> None:
    assert isinstance(engine.pool, QueuePool)
    assert engine.pool.size() == 2
    assert engine.pool._max_overflow == 0
