"""One round of the exchange: tell what is new here, take what is new elsewhere.

Each step is one transaction, and a round that is cut off anywhere is simply done again.
Nothing a folder or a server can do to records is believed: what is not whole, signed by
a member and next in its stream stays where it is, and is told.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backend.ids import now_ms
from backend.services.sync.arrivals import (
    Arrivals,
    apply,
    count_first,
    read_of,
    writer_of,
)
from backend.services.sync.beginning import (
    MANY,
    first_payload,
    own_keys,
    telling_all,
)
from backend.services.sync.compaction import Compaction
from backend.services.sync.file_exchange import FileExchange
from backend.store.sync.state import Look, Peer, SyncState
from backend.store.sync.travelling import FORGOTTEN
from backend.sync.group import SyncGroup
from backend.sync.records import (
    START,
    MissingRecordError,
    RecordHeader,
    RecordKind,
    RecordReader,
    RecordWriter,
    RefusedRecordError,
    erased,
)
from backend.sync.transport import Exchanged, FoundRecord, Transport

if TYPE_CHECKING:
    from backend.store.sync.sync import SyncStore

_MOST_PATIENCE: Final = 32
"""Rounds for which a stream that could not be read on is left alone, at most."""


def is_set_back(look: Look, there: Exchanged) -> bool:
    """Whether our stream is not there as we have given it.

    The folder or server was set back, or this computer was, or a copy of it writes too.
    """
    acknowledged = look.out[0][0] - 1 if look.out else look.state.n
    is_between = acknowledged <= there.head <= look.state.n
    is_ours = there.head != look.state.n or there.last in ("", look.state.prev)
    return not is_between or len(there.kept) < len(look.out) or not is_ours


class SyncRounds:
    """The rounds of one run; one at a time, in a thread that may wait."""

    def __init__(
        self,
        store: "SyncStore",
        transport: Callable[[SyncState], Transport],
        forget: Callable[[Sequence[tuple[str, str]]], object],
    ) -> None:
        self._store = store
        self._transport = transport
        self._forget = forget
        self._hears_of_gone = True
        self._files = FileExchange(store.files)
        self._compaction = Compaction(store)
        self._left_alone: dict[str, tuple[int, int]] = {}
        """For each stream that could not be read on: rounds to go, and the last."""

    def look_again(self) -> None:
        """Look at every stream in the next round."""
        self._left_alone.clear()
        self._files.look_again()

    def round(self) -> bool:
        """Do one round; return whether there may be more to do at once.

        Raises:
            TransportError: The folder or server cannot be reached or used.
            StoreError: The database failed.
        """
        look = self._store.look()
        if look is None or look.state.is_resting:
            return False
        if not look.out and self._seal(look.state):
            look = self._store.look() or look
        known: dict[str, int | None] = {s: peer.n for s, peer in look.peers.items()}
        exchanged = self._transport(look.state).exchange(
            look.state.stream, look.out, {**known, **self._resting()}
        )
        if is_set_back(look, exchanged):
            self._begin_again(look, exchanged.head)
            return True
        arrivals = self._read(look, exchanged.found)
        self._rest(arrivals.stalled)
        news = [peer for name, peer in arrivals.peers.items() if _is_news(look, peer)]
        if not exchanged.kept and not news:
            transport = self._transport(look.state)
            return (
                self._do_away()
                or self._files.step(transport)
                or self._compaction.step(transport)
            )
        return self._receive(look, exchanged.kept, arrivals, news)

    def _do_away(self) -> bool:
        """At rest, let go of what others deleted for good, and of our words of it.

        Returns:
            Whether there may be more to do at once.
        """
        if self._hears_of_gone:
            self._hears_of_gone = False
            if gone := self._store.still_there():
                self._forget(gone)
                return True
        state = self._store.state()
        if state is None:
            return False
        signer, found = own_keys(state).signer, self._store.spoiled()
        for record in found:
            if record.is_repeated or record.stream != state.stream:
                self._transport(state).rewrite(
                    record.stream, record.n, lambda sealed: erased(sealed, signer)
                )
                self._store.erased(record)
        return bool(found)

    def _seal(self, state: SyncState) -> bool:
        """Seal what waits; return whether anything did."""
        group = SyncGroup.from_json(state.group)
        controls = list(state.controls)
        if group.needs_rotation:
            group = group.rotated(self._store.reading())
            controls.append((RecordKind.KEYS, group.keys_payload()))
        last, ops, _ = self._store.waiting(state)
        parts = [(state.seq, last, ops)]
        if before := self._store.waiting_before(state) if not ops else None:
            parts.append((before.last, state.back, before.ops))
            is_all = not before.last
            left = 0 if is_all else max(0, state.back_left - before.size)
            state = replace(state, back=before.last, back_left=left)
        again = [
            one
            for one in self._store.spoiled()
            if one.stream == state.stream and not one.is_repeated
        ]
        if not ops and not controls and not again and not before:
            return False
        repeated = [
            (one.after, one.last, self._store.ops_in(state, one)) for one in again
        ]
        writer = _writer(state, group)
        records = []
        for kind, payload in controls:
            sealed = writer.seal(RecordKind(kind), payload)
            records.append((writer.n, sealed))
        spans = []
        for begin, end, some in (*repeated, *parts):
            if some:
                sealed = writer.seal(RecordKind.OPS, some)
                records.append((writer.n, sealed))
                spans.append((writer.n, begin, end))
        is_over = before and not before.last and state.back_total >= MANY
        state = replace(
            state,
            group=group.to_json(),
            n=writer.n,
            prev=writer.prev.hex(),
            seq=last,
            controls=[first_payload(group, 0)] if is_over else (),
        )
        self._store.sealed(state, records, spans, again)
        return True

    def _begin_again(self, look: Look, head: int) -> None:
        """Begin another stream and tell all again; others know what they had."""
        state = look.state
        acknowledged = look.out[0][0] - 1 if look.out else state.n
        authors = list(state.authors)
        if head >= acknowledged:
            # Not the place but this computer was set back, or there are two of it:
            # no reading of its clock may be given twice.
            authors.append(f"{self._store.device_id}.{os.urandom(4).hex()}")
        state = replace(
            state,
            stream=os.urandom(16).hex(),
            n=0,
            prev=START,
            authors=authors,
            old_streams=[*state.old_streams, state.stream],
            sent_again=now_ms() if head < acknowledged else state.sent_again,
        )
        self._store.begin_stream(telling_all(self._store, state))

    def _receive(
        self, look: Look, kept: Sequence[int], came: Arrivals, news: Sequence[Peer]
    ) -> bool:
        own = own_keys(look.state).as_member("")
        group = came.group.counting(read_of(look, came))
        controls = list(look.state.controls)
        if group.removed != came.group.removed:
            controls.append((RecordKind.KEYS, group.keys_payload()))
        state = replace(
            look.state,
            group=group.to_json(),
            controls=controls,
            is_removed=own.id in group.removed,
            last_ok=now_ms(),
        )
        self._files.look_again()
        self._store.received(state, kept, came.ops, news, came.first)
        if any(op.table == FORGOTTEN for op in came.ops):
            self._hears_of_gone = True
        if state.group != look.state.group:
            # A key or a member may be what was missing.
            self.look_again()
        return bool(kept) or any(not peer.is_stopped for peer in news)

    def _read(self, look: Look, found: Sequence[FoundRecord]) -> Arrivals:
        came = Arrivals(SyncGroup.from_json(look.state.group))
        for stream, record in found:
            if stream in came.stalled:
                continue
            peer = came.peers.get(stream) or look.peers.get(stream)
            try:
                came.peers[stream] = self._take(look, came, peer, stream, record)
            except MissingRecordError:
                since = (peer and peer.waits_since) or now_ms()
                came.peers[stream] = _stopped(peer, stream, waits_since=since)
                came.stalled.add(stream)
            except RefusedRecordError as exc:
                came.peers[stream] = _stopped(peer, stream, problem=str(exc))
                came.stalled.add(stream)
        return came

    def _take(
        self,
        look: Look,
        came: Arrivals,
        peer: Peer | None,
        stream: str,
        record: bytes,
    ) -> Peer:
        """Take in the next record of a stream; return how far it was read then."""
        header = RecordHeader.of(record)
        known = peer if peer and peer.member else Peer(stream, "", 0, START)
        member = came.group.members.get(known.member) or writer_of(came.group, record)
        counts = came.group.removed.get(member.id)
        if counts is not None and header.n > counts.get(stream, 0):
            raise RefusedRecordError("written after this device was removed")
        reader = RecordReader(
            member.verifier, bytes.fromhex(stream), known.n, bytes.fromhex(known.prev)
        )
        opened = reader.open(record, came.group.keys)
        if opened:
            try:
                apply(look.state, came, *opened)
                count_first(look, came, known._replace(member=member.id), opened[1])
            except (ValueError, KeyError, TypeError, AttributeError) as exc:
                raise RefusedRecordError("not understood") from exc
        return Peer(stream, member.id, reader.n, reader.prev.hex(), now_ms())

    def _resting(self) -> Mapping[str, None]:
        """Return the streams that are left alone in this round."""
        resting = {name for name, (left, _) in self._left_alone.items() if left > 0}
        self._left_alone = {
            name: (left - 1, last) for name, (left, last) in self._left_alone.items()
        }
        return dict.fromkeys(resting)

    def _rest(self, stalled: set[str]) -> None:
        for name in stalled:
            _left, last = self._left_alone.get(name, (0, 0))
            rounds = min(last * 2 or 1, _MOST_PATIENCE)
            self._left_alone[name] = (rounds, rounds)


def _writer(state: SyncState, group: SyncGroup) -> RecordWriter:
    """Return what seals the next records of our stream."""
    return RecordWriter(
        bytes.fromhex(group.current.id),
        bytes.fromhex(group.current.key),
        own_keys(state).signer,
        bytes.fromhex(state.stream),
        state.n,
        bytes.fromhex(state.prev),
    )


def _is_news(look: Look, peer: Peer) -> bool:
    was = look.peers.get(peer.stream)
    return was is None or was._replace(seen=0) != peer._replace(seen=0)


def _stopped(
    peer: Peer | None, stream: str, waits_since: int = 0, problem: str = ""
) -> Peer:
    known = peer or Peer(stream, "", 0, START)
    return known._replace(waits_since=waits_since, problem=problem)
