"""Migrates a database and dies right before its n-th statement.

Run as `python -m tests.helpers.store_migrator PATH N`.
"""

import itertools
import os
import signal
import sys
from collections.abc import Iterable

from backend.sqlite import dbapi
from backend.sqlite.migrations import migrate


def die_before(path: str, fatal: int) -> None:
    """Migrate on a connection that kills the process."""
    count = itertools.count()
    execute = dbapi.Connection.execute

    def counted(
        self: dbapi.Connection,
        sql: str,
        parameters: Iterable[object] = (),
    ) -> dbapi.Cursor:
        if next(count) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(self, sql, parameters)

    connection = dbapi.connect(path, pragmas=("journal_mode=wal", "synchronous=full"))
    dbapi.Connection.execute = counted  # type: ignore[method-assign]  # the fault
    migrate(connection)


if __name__ == "__main__":
    die_before(sys.argv[1], int(sys.argv[2]))
