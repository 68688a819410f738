"""What is noted of each stream beside how far it was read: its marks, and doubts.

Of every record is kept what tells it from others, and the place of the log at which it
was merged. So what another computer says it has read can be compared, and what came
after some record can be told to who misses it.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, NamedTuple

from sqlmodel import Session

from backend.store.change_log import StoreSession
from backend.store.database import Database
from backend.store.sync.outbox import last_place
from backend.sync.records import StreamHead

_NOTES: Final = (
    "select key, value from sync_state where key > 'seen:' and key < 'seen;'"
)
_KEEP: Final = "insert or replace into sync_state(key, value) values (?, ?)"
_MARKS: Final = """
    select key, value from sync_state where key in (select value from json_each(?))
"""
_FORGET: Final = "delete from sync_state where key > ? and key < ?"
_NAMES: Final = """
    select device_id, count(*) from change
    where device_id not like '%-untold' and device_id <> '' group by device_id
"""


class RecordMark(NamedTuple):
    """What is kept of a record that was read.

    Attributes:
        mark: What tells it from another one in the same place.
        place: The place of the log after which its changes stand.
    """

    mark: str
    place: int


@dataclass(frozen=True, slots=True)
class StreamNotes:
    """What is noted of the stream of another computer.

    Attributes:
        names: Under which changes came in it.
        ahead: What others have read of it and this computer has not: number, mark,
            since when.
        left_n: Up to where its writer knew it when it went on in another one; -1 while
            it does not say so.
        left_mark: The mark of that record; "" for none.
        forked_at: Since when two different records in one place are known; 0 for never.
        missed_at: Since when less of it is there than was read; 0 when all is.
        given_n: Up to which record others were told what is not there.
        given_at: When that was done; 0 for never.
        is_seen: A person has taken note of it.
    """

    names: Sequence[str] = ()
    ahead: Sequence[tuple[int, str, int]] = ()
    left_n: int = -1
    left_mark: str = ""
    forked_at: int = 0
    missed_at: int = 0
    given_n: int = 0
    given_at: int = 0
    is_seen: bool = False


class ReadHeads(NamedTuple):
    """What one round found out of streams.

    Attributes:
        read: Of each record that was read.
        notes: Those that are others now.
    """

    read: Sequence[StreamHead] = ()
    notes: Mapping[str, StreamNotes] = {}


def notes_of(session: Session) -> dict[str, StreamNotes]:
    """Return what is noted of each stream."""
    found = session.connection().exec_driver_sql(_NOTES).all()
    return {key.split(":")[1]: _notes(value) for key, value in found}


def keep_read(session: StoreSession, found: ReadHeads) -> None:
    """Keep what was found out; call before the changes are merged."""
    if found.read:
        place = last_place(session)
        entries = [(_key(one.stream, one.n), [one.mark, place]) for one in found.read]
        session.run(_KEEP, [(key, json.dumps(value)) for key, value in entries])
    if found.notes:
        notes = found.notes.items()
        entries_ = [(f"seen:{name}", json.dumps(asdict(one))) for name, one in notes]
        session.run(_KEEP, entries_)


def forget_marks(session: StoreSession, stream: str) -> None:
    """Keep nothing of the records of a stream, which is read anew or gone."""
    session.run(_FORGET, (f"head:{stream}:", f"head:{stream};"))


class HeadStore:
    """Reads what is kept of the records of streams."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def marks(
        self, wanted: Collection[tuple[str, int]]
    ) -> dict[tuple[str, int], RecordMark]:
        """Return what is kept of some records; older ones are not known."""
        if not wanted:
            return {}
        names = json.dumps([_key(stream, n) for stream, n in wanted])
        with self._database.read() as session:
            found = session.connection().exec_driver_sql(_MARKS, (names,)).all()
        marks: dict[tuple[str, int], RecordMark] = {}
        for key, value in found:
            _, stream, n = key.split(":")
            marks[stream, int(n, 16)] = RecordMark(*json.loads(value))
        return marks

    def names(self) -> dict[str, int]:
        """Return under which names changes were made, with how many: reads the log."""
        with self._database.read() as session:
            found = session.connection().exec_driver_sql(_NAMES).all()
        return {name: int(count) for name, count in found}

    def last_place(self) -> int:
        """Return the last place of the log."""
        with self._database.read() as session:
            return last_place(session)


def _key(stream: str, n: int) -> str:
    return f"head:{stream}:{n:012x}"


def _notes(value: str) -> StreamNotes:
    data = json.loads(value)
    ahead = [(n, mark, since) for n, mark, since in data.pop("ahead")]
    return StreamNotes(ahead=ahead, **data)
