"""A database of the first schema with many messages, some of them imported late."""

from pathlib import Path
from typing import Final

from backend.sqlite import dbapi
from backend.sqlite.migrations import migrate
from backend.sqlite.schema import STEPS

ROWS: Final = 2_500
CHAT: Final = "0198c0de-0000-7000-8000-ffffffffffff"


def write_first_schema(path: Path) -> None:
    """Write it: more messages than an opening puts into the index."""
    path.parent.mkdir(parents=True, mode=0o700)
    connection = dbapi.connect(path, pragmas=("journal_mode=wal",))
    migrate(connection, STEPS[:1])
    connection.begin()
    connection.execute(
        "insert into conversation(id, title) values (?, 'ёлки')", (CHAT,)
    )
    for number in range(ROWS):
        # Every other one was imported: stored later, said earlier.
        said = 1_700_000_000_000 + number * (1_000 if number % 2 else -1_000)
        row_id = f"0198c0de-0000-7000-8000-{number:012x}"
        connection.execute(
            "insert into message(id, created_at, conversation_id, text, deleted_at)"
            " values (?, ?, ?, ?, ?)",
            (row_id, said, CHAT, f"ёлка w{number}w", None if number % 10 else 1),
        )
    connection.commit()
    connection.close()
