"""The files of questions, which travel beside the rows that name them.

Each is sealed under a key of its own, which stands in its row, and named after what is
sealed: so it is given away as it lies here, and looked at when it comes.
"""

from collections.abc import Iterable, Set
from typing import Final

from backend.attachments.files import names_in
from backend.store.branches.tree import PATH
from backend.store.change_log import RowChange, StoreSession
from backend.store.database import Database

_WANTED: Final = """
    select file from attachment where file <> ''
    union select text_file from attachment where text_file <> ''
"""
_CONVERSATIONS: Final = """
    select distinct m.conversation_id from message m
    join attachment a on a.message_id = m.id where ?1 in (a.file, a.text_file)
"""
_SPOIL: Final = """
    insert or ignore into sync_state(key, value)
    select 'drop:' || ?, '' where exists(select 1 from sync_state where key = 'state')
"""
_SPOILED: Final = "select key from sync_state where key > 'drop:' and key < 'drop;'"
_DROPPED: Final = "delete from sync_state where key = 'drop:' || ?"


def let_go(session: StoreSession, names: Iterable[str]) -> None:
    """Have files that no row names any more dropped from what is shared."""
    if entries := [(name,) for name in names]:
        session.run(_SPOIL, entries)


class TravellingFiles:
    """The files of this computer that others are to have, or have."""

    def __init__(self, database: Database) -> None:
        """Work on a database, with the files beside it."""
        self._database = database

    def wanted(self) -> Set[str]:
        """Return the names of all files of questions."""
        with self._database.read() as session:
            found = session.connection().exec_driver_sql(_WANTED).all()
        return {name for (name,) in found}

    def here(self) -> Set[str]:
        """Return the names of all files that are here."""
        return names_in(self._database.files.folder)

    def size(self, name: str) -> int | None:
        """Return how large a file is as it is kept; None for one that is damaged."""
        return self._database.files.size(name)

    def piece(self, name: str, at: int, size: int) -> bytes:
        """Return a part of a file as it is kept.

        Raises:
            NotFoundError: It is not there any more.
        """
        return self._database.files.piece(name, at, size)

    def come(self, name: str) -> int:
        """Return how much of a file has come, in bytes."""
        return self._database.files.come(name)

    def add(self, name: str, at: int, piece: bytes) -> None:
        """Keep a piece of a file that comes.

        Raises:
            StoreError: It cannot be written.
        """
        self._database.files.add(name, at, piece)

    def finish(self, name: str) -> bool:
        """Keep a file that came; return whether it is what its name says.

        Raises:
            StoreError: It cannot be written.
        """
        if not self._database.files.finish(name):
            return False
        with self._database.write() as session:
            session.note(RowChange("attachment", None, {}, {}))
            for (conversation_id,) in session.run(_CONVERSATIONS, (name,)).all():
                what = {"conversation_id": conversation_id}
                session.note(RowChange(PATH, None, {}, what))
        return True

    def unwanted(self) -> list[str]:
        """Return the names of files that were deleted for good."""
        with self._database.read() as session:
            found = session.connection().exec_driver_sql(_SPOILED).all()
        return [key.partition(":")[2] for (key,) in found]

    def dropped(self, name: str) -> None:
        """Keep that a file is no longer shared."""
        with self._database.write() as session:
            session.run(_DROPPED, (name,))
