"""Writes to a database until it is killed, telling what was committed.

Run as `python -m tests.helpers.store_writer PATH`; prints one number per commit.
"""

import sys

from backend.sqlite import dbapi
from backend.sqlite.migrations import migrate

_PRAGMAS = ("busy_timeout=0", "journal_mode=wal", "synchronous=full")


def write_for_ever(path: str) -> None:
    """Commit three messages at a time and say so."""
    connection = dbapi.connect(path, pragmas=_PRAGMAS)
    migrate(connection)
    (number,) = connection.execute("select count(*) from message").fetchone() or (0,)
    while True:
        connection.begin("IMMEDIATE")
        for _ in range(3):
            number += 1
            connection.execute(
                "insert into message(id, text) values (?, ?)",
                (f"{number:08}", f"word{number} " * 40),
            )
        connection.commit()
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    write_for_ever(sys.argv[1])
