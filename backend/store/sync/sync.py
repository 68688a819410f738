"""Keeps where this computer is with the others: all of a step in one transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Final

from backend.ids import now_ms
from backend.store.change_log import StoreSession
from backend.store.database import Database
from backend.store.search.indexes import are_words_left
from backend.store.sync.files import TravellingFiles
from backend.store.sync.first_time import FirstTime, first_times, keep_first_times
from backend.store.sync.forgetting import (
    LogSpan,
    Spoiled,
    erased,
    forget_spans,
    keep_span,
    sent_again,
    spoiled,
    still_there,
)
from backend.store.sync.heads import (
    HeadStore,
    ReadHeads,
    StreamNotes,
    forget_marks,
    keep_read,
    notes_of,
)
from backend.store.sync.inbox import merge
from backend.store.sync.newer_fields import note_known, take_up_new
from backend.store.sync.outbox import (
    Outgoing,
    changes_between,
    last_place,
    settled,
    waiting,
    waiting_before,
    waiting_count,
)
from backend.store.sync.state import Look, Peer, SyncState
from backend.store.sync.travelling import Op
from backend.store.sync.unmade import drop_unmade
from backend.store.sync.untold import forget_untold
from backend.store.sync.wanting import (
    WantedRow,
    all_of,
    ask,
    keep_answer,
    missed,
    wanted_rows,
)
from backend.sync.records import StreamHead

_STATE: Final = "select value from sync_state where key = 'state'"
_KEEP: Final = "insert or replace into sync_state(key, value) values ('state', ?)"
_PAIRING: Final = "select value from sync_state where key = 'pairing'"
_KEEP_PAIRING: Final = "insert into sync_state(key, value) values ('pairing', ?)"
_OUT: Final = "select n, record from sync_out order by n limit ?"
_PEERS: Final = """
    select stream, member, n, prev, seen, waits_since, problem from sync_peer
"""
_PEER: Final = """
    insert or replace into sync_peer(
        stream, member, n, prev, seen, waits_since, problem
    ) values (?, ?, ?, ?, ?, ?, ?)
"""
_CONFLICTS: Final = "select distinct table_name, row_id from sync_conflict"
_PARKED: Final = "select count(*) from sync_parked"
_LOOKED_AT: Final = "delete from sync_conflict where table_name = ? and row_id = ?"
_TABLES: Final = (
    "sync_state",
    "sync_out",
    "sync_peer",
    "sync_gone",
    "sync_parked",
    "sync_conflict",
)
_COUNTS: Final = """
    select (select count(*) from conversation where deleted_at is null),
        (select count(*) from note where deleted_at is null)
"""
_NEVER: Final = -1
_RECORDS: Final = 16
_OPS: Final = 500


class SyncStore:
    """Reads and keeps the state of the exchange with other computers.

    Attributes:
        files: What of attached files is here and wanted.
        heads: What is kept of the records of streams.
    """

    def __init__(self, database: Database) -> None:
        """Work on a database; go on under the name of its latest changes."""
        self._database = database
        self._seen: tuple[int, Look | None] = (_NEVER, None)
        self.files = TravellingFiles(database)
        self.heads = HeadStore(database)
        self.device_id = database.clock.device_id
        if state := self.state():
            take_up_new(database)
            self._write_as(state)

    @property
    def commits(self) -> int:
        """Another number whenever something was stored: whatever is read may differ."""
        return self._database.commits

    def state(self) -> SyncState | None:
        """Return where this computer is; None when it exchanges nothing."""
        look = self.look()
        return look.state if look else None

    def keep(self, state: SyncState) -> None:
        """Keep another state."""
        with self._database.write() as session:
            note_known(session)
            keep_state(session, state)
        self._write_as(state)

    def pairing(self) -> str:
        """Return what is kept of a code or a request; "" for nothing."""
        with self._database.read() as session:
            found = session.connection().exec_driver_sql(_PAIRING).scalar()
            return str(found or "")

    def keep_pairing(self, said: str) -> None:
        """Keep a code that is shown or a request to be let in; "" for none."""
        with self._database.write() as session:
            session.run("delete from sync_state where key = 'pairing'", ())
            if said:
                session.run(_KEEP_PAIRING, (said,))

    def look(self) -> Look | None:
        """Return what a step begins with; None when nothing is exchanged.

        It is read again when something was stored since: looking in vain reads nothing.
        """
        if self._seen[0] != (commits := self.commits):
            self._seen = commits, self._look()
        return self._seen[1]

    def _look(self) -> Look | None:
        with self._database.read() as session:
            run = session.connection().exec_driver_sql
            found = run(_STATE).scalar()
            if not found:
                return None
            out = [(n, bytes(record)) for n, record in run(_OUT, (_RECORDS,)).all()]
            peers = {row[0]: Peer(*row) for row in run(_PEERS).all()}
            state = SyncState(**json.loads(found))
            return Look(state, out, peers, first_times(session), notes_of(session))

    def join(self, state: SyncState) -> SyncState:
        """Return the state of a computer that joins others now."""
        with self._database.write() as session:
            forget_untold(session)
            return replace(state, joined=last_place(session), joined_at=now_ms())

    def counts(self) -> tuple[int, int]:
        """Return how many conversations and notes a person has here."""
        with self._database.read() as session:
            conversations, notes = session.connection().exec_driver_sql(_COUNTS).one()
            return conversations, notes

    def reading(self) -> str:
        """Return a reading of the clock of changes."""
        return self._database.clock.read()

    def from_newest(self, state: SyncState) -> SyncState:
        """Return the state from which all is told: what is new, then what was before.

        Counts all there is, once: half a second for a million changes.
        """
        with self._database.read() as session:
            count = waiting_count(session, state.authors, 0)
            last = last_place(session)
        return replace(state, seq=last, back=last, back_total=count, back_left=count)

    def waiting(self, state: SyncState) -> Outgoing:
        """Return what is to be told next."""
        with self._database.read() as session:
            return waiting(session, state.authors, state.seq, _OPS)

    def waiting_before(self, state: SyncState) -> Outgoing | None:
        """Return what is to be told next of what was before; None at its end."""
        if not state.back:
            return None
        with self._database.read() as session:
            return waiting_before(session, state.authors, 0, state.back, _OPS)

    def of_others(self, state: SyncState) -> tuple[int, Outgoing] | None:
        """Return what is to be told next of what others wrote, and of which offer."""
        for which, (names, after, _, at) in enumerate(state.offers):
            if at > after:
                with self._database.read() as session:
                    return which, waiting_before(session, names, after, at, _OPS)
        return None

    def spoiled(self) -> Sequence[Spoiled]:
        """Return records of ours that hold what was deleted for good; a few."""
        with self._database.read() as session:
            return spoiled(session, _RECORDS)

    def ops_in(self, state: SyncState, record: Spoiled) -> Sequence[Op]:
        """Return what a record tells that was not deleted."""
        with self._database.read() as session:
            others = (name for names, *_ in state.offers for name in names)
            authors = [*state.authors, *others]
            return changes_between(session, authors, record.after, record.last)

    def erased(self, record: Spoiled) -> None:
        """Keep that a record was erased."""
        with self._database.write() as session:
            erased(session, record)

    def parked(self) -> int:
        """Return how many changes wait because they are of the future."""
        with self._database.read() as session:
            return int(session.connection().exec_driver_sql(_PARKED).scalar() or 0)

    def are_words_left(self) -> bool:
        """Return whether words of what others deleted for good are here yet."""
        return are_words_left(self._database)

    def still_there(self) -> Sequence[tuple[str, str]]:
        """Return what others deleted for good and is here yet: table and id."""
        with self._database.read() as session:
            return still_there(session)

    def ask(self) -> bool:
        """Ask for what was left out and is there again, and for what never came."""
        with self._database.read() as session:
            rows = missed(session)
        if rows:
            with self._database.write() as session:
                ask(session, rows)
        return bool(rows)

    def wanted(self, state: SyncState) -> Mapping[WantedRow, Sequence[Sequence[Op]]]:
        """Return a row others ask for, with all that is to be told of it, in parts."""
        with self._database.read() as session:
            rows = wanted_rows(session, state.authors, state.stream)[:1]
            return {row: list(all_of(session, row)) for row in rows}

    def rest(self, state: SyncState) -> int:
        """Return how many changes wait to be told."""
        with self._database.read() as session:
            others = sum(
                waiting_count(session, names, after, at)
                for names, after, _, at in state.offers
                if at > after
            )
            own = waiting_count(session, state.authors, state.seq)
            return own + state.back_left + others

    def sealed(
        self,
        state: SyncState,
        records: Sequence[tuple[int, bytes]],
        spans: Sequence[LogSpan] = (),
        again: Sequence[Spoiled] = (),
        marks: Sequence[StreamHead] = (),
        answers: Mapping[WantedRow, Sequence[tuple[int, Sequence[Op]]]] = {},
    ) -> None:
        """Keep records until they are known to be kept, and how far they go.

        Args:
            state: As it is afterwards.
            records: With their numbers.
            spans: For each that tells of the log, of which part.
            again: Of which what was not deleted is told by these.
            marks: What tells these records from others.
            answers: The rows others asked for, and which records tell what of them.
        """
        with self._database.write() as session:
            if records:
                session.run("insert into sync_out(n, record) values (?, ?)", [*records])
            for span in spans:
                keep_span(session, state.stream, span)
            for record in again:
                sent_again(session, record)
            for row, parts in answers.items():
                keep_answer(session, state.stream, row, parts)
            keep_read(session, ReadHeads(marks))
            keep_state(session, state)

    def written(self, state: SyncState) -> int:
        """Return how many changes this computer has to tell in all."""
        with self._database.read() as session:
            return waiting_count(session, state.authors, 0)

    def dropped(self, state: SyncState, compact_at: int) -> None:
        """Keep that the stream that goes is gone, and when the next one may."""
        old = [one for one in state.old_streams if one != state.retired]
        with self._database.write() as session:
            forget_spans(session, state.retired)
            forget_marks(session, state.retired)
            state = replace(state, old_streams=old, retired="", compact_at=compact_at)
            keep_state(session, state)

    def begin_stream(self, state: SyncState, old: Peer | None = None) -> None:
        """Go on in another stream; what was sealed for the old one is dropped.

        Args:
            state: As it is afterwards.
            old: The old one, where nobody else writes on in it.
        """
        with self._database.write() as session:
            session.run("delete from sync_out", ())
            if old:
                session.run(_PEER, tuple(old))
            elif state.old_streams:
                # What is there is read like a stranger's: it may be another's.
                forget_marks(session, state.old_streams[-1])
            keep_state(session, state)
        self._write_as(state)

    def received(
        self,
        state: SyncState,
        kept: Sequence[int],
        ops: Sequence[Op],
        peers: Sequence[Peer],
        first: Mapping[str, FirstTime],
        heads: ReadHeads = ReadHeads(),  # noqa: B008 it never changes
    ) -> int:
        """Merge what came; return how many changes were new.

        Args:
            state: As it is afterwards.
            kept: The records that are kept there now.
            ops: What came.
            peers: How far the streams were read.
            first: How far some are with what was before them.
            heads: What was found out of streams.
        """
        with self._database.write() as session:
            keep_read(session, heads)
            if kept:
                session.run("delete from sync_out where n = ?", [(n,) for n in kept])
            came = merge(session, self._database.clock, ops)
            if peers:
                session.run(_PEER, [tuple(peer) for peer in peers])
            keep_first_times(session, first)
            # Where nothing of ours waits, the next look begins after what came.
            seq = settled(session, state.authors, state.seq)
            keep_state(session, replace(state, seq=seq))
            return came

    def keep_notes(self, state: SyncState, notes: Mapping[str, StreamNotes]) -> None:
        """Keep another state, and what is noted of some streams."""
        with self._database.write() as session:
            keep_read(session, ReadHeads((), notes))
            keep_state(session, state)

    def take_note(self, state: SyncState) -> None:
        """Keep that a person has read what was found out and put right."""
        with self._database.write() as session:
            notes = notes_of(session).items()
            seen = {name: replace(one, is_seen=True) for name, one in notes}
            keep_read(session, ReadHeads((), seen))
            keep_state(session, replace(state, sent_again=0, set_back_at=0))

    def forget(self) -> None:
        """Exchange nothing from now on; what came stays."""
        with self._database.write() as session:
            drop_all(session)

    def conflicts(self) -> Sequence[tuple[str, str]]:
        """Return what was changed on two computers: table and id of each."""
        with self._database.read() as session:
            found = session.connection().exec_driver_sql(_CONFLICTS).all()
            return [(table, row_id) for table, row_id in found]

    def looked_at(self, table: str, row_id: str) -> None:
        """Take note that a person has seen both versions."""
        with self._database.write() as session:
            session.run(_LOOKED_AT, (table, row_id))

    def _write_as(self, state: SyncState) -> None:
        self._database.clock.device_id = state.authors[-1]


def drop_all(session: StoreSession) -> None:
    """Let nothing be exchanged."""
    drop_unmade(session)
    for table in _TABLES:
        kept = "where key <> 'latest'" if table == "sync_state" else ""
        session.run(f"delete from {table} {kept}", ())  # noqa: S608 names of our own


def keep_state(session: StoreSession, state: SyncState) -> None:
    """Keep where this computer is."""
    session.run(_KEEP, (json.dumps(asdict(state)),))
