"""A libSQL server as the place of records: three tables, to which each computer adds.

The server merges nothing. It is asked for what follows on what is known of each stream,
never by its own row numbers: those are not signed. Nothing is taken that would leave a
gap in a stream, which would hide that the server was set back.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from typing import Final

from backend.sync.hrana import (
    HranaClient,
    MissingTableError,
    Rows,
    Statement,
    Value,
)
from backend.sync.records import BODY_AT, RecordHeader, RefusedRecordError, hash_of
from backend.sync.transport import (
    WINDOW_BYTES,
    Exchanged,
    FoundRecord,
    TransportError,
)

_REQUEST_BYTES: Final = 1024 * 1024
_PART_BYTES: Final = 1024 * 1024
"""A server takes no value of more than 5 MB."""
_MOST_BYTES: Final = 128 * 1024 * 1024
_MOST_RECORDS: Final = 64
_STREAM: Final = re.compile(r"[0-9a-f]{32}")
_FORGETS: Final = (
    "The server does not keep what it is given. Check it; Hearth goes on by itself and "
    "keeps what waits."
)

_TABLES: Final = (
    """create table if not exists hearth_record(
        grp text not null,
        stream text not null,
        n integer not null,
        part integer not null,
        data blob not null,
        primary key (grp, stream, n, part)
    )""",
    """create table if not exists hearth_file(
        grp text not null,
        name text not null,
        part integer not null,
        parts integer not null,
        data blob not null,
        primary key (grp, name, part)
    )""",
    """create table if not exists hearth_left(
        name text primary key not null,
        data blob not null
    )""",
)
_PUSH: Final = """
    insert into hearth_record(grp, stream, n, part, data)
    select ?1, ?2, ?3, 0, ?4 where ?3 = 1 + coalesce(
        (select max(n) from hearth_record where grp = ?1 and stream = ?2), 0)
"""
# A long record is cut: its later parts follow on its own beginning, and on no other's.
_PUSH_PART: Final = """
    insert or ignore into hearth_record(grp, stream, n, part, data)
    select ?1, ?2, ?3, ?4, ?5 from hearth_record
    where grp = ?1 and stream = ?2 and n = ?3 and part = 0
        and substr(data, 1, 192) = ?6
"""
_KEPT: Final = """
    select r.n, substr(r.data, 1, 192), (
        select sum(length(p.data)) from hearth_record p
        where p.grp = ?1 and p.stream = ?2 and p.n = r.n
    ) from hearth_record r
    where r.grp = ?1 and r.stream = ?2 and r.n between ?3 and ?4 and r.part = 0
"""
_HEAD: Final = """
    select n, substr(data, 1, 192) from hearth_record
    where grp = ?1 and stream = ?2 and part = 0 order by n desc limit 1
"""
# Each stream is found by a look into the index, so that asking in vain reads few rows.
_STREAMS: Final = """
    with recursive stream_of(name) as (
        select min(stream) from hearth_record where grp = ?1
        union all
        select (
            select min(stream) from hearth_record
            where grp = ?1 and stream > stream_of.name
        ) from stream_of where name is not null
    )
"""
_HEADS: Final = f"""{_STREAMS}
    select name, (
        select substr(data, 1, 192) from hearth_record
        where grp = ?1 and stream = stream_of.name and part = 0
        order by n desc limit 1
    ) from stream_of where name is not null
"""  # noqa: S608 our own
_PULL: Final = f"""{_STREAMS}
    , wanted(name, after) as (
        select name, coalesce((select value from json_each(?2) where key = name), 0)
        from stream_of
        where name is not null and name not in (select value from json_each(?3))
    ), found(place, stream, data, size) as (
        select r.rowid, r.stream, r.data, sum(length(r.data)) over (order by r.rowid)
        from wanted cross join hearth_record r
        where r.grp = ?1 and r.stream = wanted.name and r.part = 0
            and r.n > wanted.after and r.n <= (select max(n) from (
                select n from hearth_record
                where grp = ?1 and stream = wanted.name and n > wanted.after
                    and part = 0
                order by n limit ?4
            ))
    )
    select stream, data from found
    where size <= ?5 or size = length(data) order by place
"""  # noqa: S608 our own
_PART: Final = """
    select data from hearth_record
    where grp = ?1 and stream = ?2 and n = ?3 and part = ?4
"""
_REWRITE: Final = """
    update hearth_record set data = ?5
    where grp = ?1 and stream = ?2 and n = ?3 and part = ?4
"""
_DROP_STREAM: Final = "delete from hearth_record where grp = ?1 and stream = ?2"
_FILES: Final = """
    select name from hearth_file where grp = ?1
    group by name having count(*) = max(parts)
"""
_PUT: Final = """
    insert or replace into hearth_file(grp, name, part, parts, data)
    values (?1, ?2, ?3, ?4, ?5)
"""
_PIECES: Final = """
    select part, length(data) from hearth_file where grp = ?1 and name = ?2
"""
_GET: Final = """
    select data from hearth_file where grp = ?1 and name = ?2 and part = ?3
"""
_DROP_FILE: Final = "delete from hearth_file where grp = ?1 and name = ?2"
_LEAVE: Final = "insert or replace into hearth_left(name, data) values (?1, ?2)"
_TAKE: Final = "select data from hearth_left where name = ?1"
_DROP: Final = "delete from hearth_left where name = ?1"


class ServerTransport:
    """The streams of one group on a server."""

    def __init__(self, client: HranaClient, group: str) -> None:
        self._client = client
        self._group = group

    def begin(self) -> None:
        """Make the tables.

        Raises:
            TransportError: The server cannot be reached, or refuses.
        """
        self._client.run([Statement(sql) for sql in _TABLES])

    def exchange(
        self,
        stream: str,
        records: Sequence[tuple[int, bytes]],
        known: Mapping[str, int | None],
    ) -> Exchanged:
        """Add records to our stream, and read what others have added."""
        for statements in _requests(self._pushing(stream, records)):
            self._run(statements)
        numbers = [n for n, _ in records] or [0]
        own = self._group, stream
        there, ends, found = self._run(
            [
                Statement(_KEPT, (*own, numbers[0] - 1, numbers[-1])),
                Statement(_HEAD, own),
                self._pulling(stream, known),
            ]
        )
        is_there = {n: (begins, size) for n, begins, size in there}
        kept = [n for n, one in records if is_there.get(n) == _outline(one)]
        if kept and not _follows(records[0][1], is_there.get(kept[0] - 1)):
            kept = []
        head, last = ends[0] if ends else (0, None)
        name = hash_of(_bytes(last)) if last else ""
        return Exchanged(kept, int(head or 0), name, list(self._whole(found)))

    def heads(self) -> Mapping[str, bytes]:
        """Return how each stream ends there."""
        [found] = self._run([Statement(_HEADS, (self._group,))])
        return {str(name): _bytes(data) for name, data in found}

    def rewrite(self, stream: str, n: int, change: Callable[[bytes], bytes]) -> None:
        """Replace a record of ours by what is made of it, of the same size."""
        own = self._group, stream, n
        [found] = self._run([Statement(_PART, (*own, 0))])
        whole = self._joined(stream, _bytes(found[0][0])) if found else None
        if whole is None:
            return
        new = change(whole)
        parts = enumerate(range(0, len(new), _PART_BYTES))
        statements = (
            Statement(_REWRITE, (*own, part, new[at : at + _PART_BYTES]))
            for part, at in parts
        )
        for request in _requests(statements):
            self._run(request)

    def drop_stream(self, stream: str) -> None:
        """Remove a stream of ours, if it is there."""
        self._run([Statement(_DROP_STREAM, (self._group, stream))])

    def files(self) -> Set[str]:
        """Return the names of the files that are kept whole."""
        [found] = self._run([Statement(_FILES, (self._group,))])
        return {str(name) for (name,) in found}

    def pieces(self, name: str) -> Mapping[int, int]:
        """Return which pieces of a file are there, each with its size."""
        [found] = self._run([Statement(_PIECES, (self._group, name))])
        return {int(part or 0): int(size or 0) for part, size in found}

    def put_piece(self, name: str, number: int, count: int, data: bytes) -> None:
        """Keep a piece of a file."""
        self._run([Statement(_PUT, (self._group, name, number, count, data))])

    def get_piece(self, name: str, number: int) -> bytes | None:
        """Return a piece of a file, as it is there; None when it is not."""
        [found] = self._run([Statement(_GET, (self._group, name, number))])
        return _bytes(found[0][0]) if found else None

    def drop_file(self, name: str) -> None:
        """Remove a file, if it is there."""
        self._run([Statement(_DROP_FILE, (self._group, name))])

    def leave(self, name: str, data: bytes) -> None:
        """Leave something for a computer that is to join."""
        self._run([Statement(_LEAVE, (name, data))])

    def take(self, name: str) -> bytes | None:
        """Return what was left under a name, if it is there yet."""
        [found] = self._run([Statement(_TAKE, (name,))])
        return _bytes(found[0][0]) if found else None

    def drop(self, name: str) -> None:
        """Remove what was left under a name."""
        with suppress(TransportError):
            self._run([Statement(_DROP, (name,))])

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _run(self, statements: Sequence[Statement]) -> list[Rows]:
        try:
            return self._client.run(statements)
        except MissingTableError:
            # A new server, or an emptied one: who finds its stream gone tells all anew.
            self.begin()
        try:
            return self._client.run(statements)
        except MissingTableError as exc:
            raise TransportError(_FORGETS) from exc

    def _pushing(
        self, stream: str, records: Sequence[tuple[int, bytes]]
    ) -> Iterator[Statement]:
        for n, record in records:
            own = self._group, stream, n
            yield Statement(_PUSH, (*own, record[:_PART_BYTES]))
            for at in range(_PART_BYTES, len(record), _PART_BYTES):
                data = record[at : at + _PART_BYTES]
                values = *own, at // _PART_BYTES, data, record[:BODY_AT]
                yield Statement(_PUSH_PART, values)

    def _pulling(self, own: str, known: Mapping[str, int | None]) -> Statement:
        after = {name: n for name, n in known.items() if n is not None}
        left_out = [own, *(name for name, n in known.items() if n is None)]
        return Statement(
            _PULL,
            (
                self._group,
                json.dumps(after),
                json.dumps(left_out),
                _MOST_RECORDS,
                WINDOW_BYTES,
            ),
        )

    def _whole(self, found: Rows) -> Iterator[FoundRecord]:
        """Put the parts of long records together; what is not whole has not come."""
        waits: set[str] = set()
        given = 0
        for name, data in found:
            stream, record = str(name), _bytes(data)
            if stream in waits or not _STREAM.fullmatch(stream):
                continue
            whole = self._joined(stream, record)
            if whole is None:
                waits.add(stream)
            else:
                yield FoundRecord(stream, whole)
                given += len(whole)
            if given > WINDOW_BYTES:
                return

    def _joined(self, stream: str, begins: bytes) -> bytes | None:
        try:
            header = RecordHeader.of(begins)
        except RefusedRecordError:
            return begins
        whole, part = bytearray(begins), 0
        while len(whole) < header.size <= _MOST_BYTES:
            part += 1
            asked = Statement(_PART, (self._group, stream, header.n, part))
            [found] = self._run([asked])
            more = _bytes(found[0][0]) if found else b""
            if not more:
                # Of a short one the end is not on its way: it was cut off.
                return None if len(begins) == _PART_BYTES else begins
            whole += more
        return bytes(whole)


def _outline(record: bytes) -> tuple[bytes, int]:
    return record[:BODY_AT], len(record)


def _follows(record: bytes, before: tuple[Value, Value] | None) -> bool:
    """Whether a record was made after the one before it, and not after a copy's."""
    if before is None:
        return True
    return RecordHeader.of(record).prev.hex() == hash_of(_bytes(before[0]))


def _requests(statements: Iterator[Statement]) -> Iterator[list[Statement]]:
    """Put statements into requests of some size."""
    request: list[Statement] = []
    size = 0
    for one in statements:
        request.append(one)
        size += sum(len(value) for value in one.values if isinstance(value, bytes))
        if size > _REQUEST_BYTES:
            yield request
            request, size = [], 0
    if request:
        yield request


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
