"""SQLAlchemy's way to libSQL: SQLite's dialect over our own driver."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from sqlalchemy import Engine, create_engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import Pool, QueuePool

from backend.sqlite import dbapi

to_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Writes a column of JSON."""


class HearthDialect(SQLiteDialect):
    """SQLite as libSQL speaks it; "isolation level" is the kind of BEGIN."""

    driver = "hearth"
    default_paramstyle = "qmark"
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        """Return our driver."""
        return dbapi

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:  # noqa: ARG003 SQLAlchemy's name
        """Keep a few connections, whatever the address."""
        return QueuePool

    def get_isolation_level_values(self, dbapi_conn: Any) -> Any:  # noqa: ANN401, ARG002 SQLAlchemy's names leave out ours
        """Return the kinds of BEGIN."""
        return ["DEFERRED", "IMMEDIATE"]

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:  # noqa: ANN401, ARG002 as SQLAlchemy has it
        """Read unless asked otherwise."""
        return "DEFERRED"

    def get_isolation_level(self, dbapi_connection: Any) -> Any:  # noqa: ANN401 as SQLAlchemy has it
        """Return the kind of BEGIN this connection will use."""
        return dbapi_connection.begin_mode

    def set_isolation_level(self, dbapi_connection: Any, level: str) -> None:  # noqa: ANN401 SQLAlchemy's signature
        """Choose the kind of BEGIN."""
        dbapi_connection.begin_mode = level

    def do_begin(self, dbapi_connection: Any) -> None:  # noqa: ANN401 SQLAlchemy's signature
        """Begin before the first statement, DDL too."""
        dbapi_connection.begin()

    def is_disconnect(
        self,
        e: Exception,
        connection: object,  # noqa: ARG002 SQLAlchemy's signature
        cursor: object,  # noqa: ARG002 SQLAlchemy's signature
    ) -> bool:
        """Throw away a connection that was closed or that panicked."""
        return isinstance(e, dbapi.ProgrammingError | dbapi.InternalError)

    def _get_server_version_info(self, connection: object) -> tuple[int, ...]:  # noqa: ARG002 SQLAlchemy's signature
        return dbapi.sqlite_version_info


registry.register("sqlite.hearth", __name__, "HearthDialect")


def build_engine(
    connect: Callable[[], dbapi.Connection],
    *,
    pool_size: int,
    pool_timeout_s: float,
) -> Engine:
    """Return an engine over at most `pool_size` connections."""

    def creator() -> DBAPIConnection:
        return connect()  # type: ignore[return-value]  # it is one, by PEP 249

    return create_engine(
        "sqlite+hearth://",
        creator=creator,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_timeout_s,
        json_serializer=to_json,
    )
