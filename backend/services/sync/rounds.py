"""One round of the exchange: tell what is new here, take what is new elsewhere.

Each step is one transaction, and a round that is cut off anywhere is simply done again.
Nothing a folder or a server can do to records is believed: what is not whole, signed by
a member and next in its stream stays where it is, and is told.
"""

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backend.ids import now_ms
from backend.services.sync.arrivals import (
    AFTER_REMOVAL,
    Arrivals,
    apply,
    count_first,
    read_of,
    writer_of,
)
from backend.services.sync.beginning import (
    leaving_stream,
    own_keys,
    telling_all,
)
from backend.services.sync.branches import (
    StreamBranches,
    compare,
    must_tell_heads,
    note_fork,
    note_left,
    note_names,
    to_compare,
)
from backend.services.sync.compaction import Compaction
from backend.services.sync.file_exchange import FileExchange
from backend.services.sync.retelling import FREE, counted, held_back, pause_ms
from backend.services.sync.sealing import Sealing
from backend.store.sync.heads import ReadHeads
from backend.store.sync.state import Look, Peer, SyncState
from backend.sync.group import SyncGroup
from backend.sync.records import (
    START,
    ForkedStreamError,
    MissingRecordError,
    RecordHeader,
    RecordKind,
    RecordReader,
    RefusedRecordError,
    StreamHead,
    erased,
    keys_in,
    mark_of,
)
from backend.sync.transport import Exchanged, FoundRecord, Transport

if TYPE_CHECKING:
    from backend.store.sync.sync import SyncStore

_NEVER: Final = -1
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


def is_of_another(look: Look, there: Exchanged) -> bool:
    """Whether there is something in our stream that this computer did not write."""
    lost = {n for n, _ in look.out} - {*there.kept}
    if there.head > look.state.n or there.head in lost:
        return True
    return there.head == look.state.n and there.last not in ("", look.state.prev)


class SyncRounds:
    """The rounds of one run; one at a time, in a thread that may wait."""

    def __init__(
        self,
        store: "SyncStore",
        transport: Callable[[SyncState], Transport],
        forget: Callable[[Sequence[tuple[str, str]]], object],
        free: int = FREE,
    ) -> None:
        """Exchange what a store has.

        Args:
            store: What there is to tell, and how far it was told.
            transport: Returns what carries records.
            forget: Deletes rows for good, as another computer has.
            free: As often all is told again without a pause.
        """
        self._free = free
        self._is_wanted = False
        self._branches = StreamBranches(store)
        self._sealing = Sealing(store)
        self._store = store
        self._transport = transport
        self._forget = forget
        self._hears_of_gone = True
        self._nothing_at = _NEVER
        """How much was stored when there was nothing to let go of."""
        self._files = FileExchange(store.files)
        self._compaction = Compaction(store)
        self._left_alone: dict[str, tuple[int, int]] = {}
        """For each stream that could not be read on: rounds to go, and the last."""

    def look_again(self) -> None:
        """Look at every stream in the next round."""
        self._left_alone.clear()
        self._files.look_again()
        self._branches.look_again()

    def tell_again(self) -> None:
        """Tell all again in the next round also where that would wait."""
        self._is_wanted = True

    def round(self) -> bool:
        """Do one round; return whether there may be more to do at once.

        Raises:
            TransportError: The folder or server cannot be reached or used, or has lost
                what it was given too often.
            StoreError: The database failed.
        """
        look = self._store.look()
        if look is None or look.state.is_resting:
            return False
        if not look.out and self._sealing.seal(look):
            look = self._store.look() or look
        exchanged = self._transport(look.state).exchange(
            look.state.stream, look.out, {**_known(look), **self._resting()}
        )
        is_back = look.state.is_behind or is_set_back(look, exchanged)
        if is_back and not self._must_wait(look.state):
            self._begin_again(look, exchanged)
            return True
        self._is_wanted = self._is_wanted and is_back
        kept = () if is_back else exchanged.kept
        has_moved = self._take_in(look, kept, exchanged.found)
        if is_back and not has_moved:
            is_copy = look.state.is_behind or is_of_another(look, exchanged)
            pause = self._must_wait(look.state)
            raise held_back(look.state, pause, is_copy=is_copy)
        return has_moved

    def _take_in(
        self, look: Look, kept: Sequence[int], found: Sequence[FoundRecord]
    ) -> bool:
        """Take what came; at rest, do the rest."""
        if not kept and not found:
            return self._rest_of_work(look)
        arrivals = self._read(look, found)
        self._rest(arrivals.stalled)
        news = [peer for name, peer in arrivals.peers.items() if _is_news(look, peer)]
        is_news = arrivals.group.to_json() != look.state.group
        if kept or news or arrivals.notes or is_news:
            return self._receive(look, kept, arrivals, news)
        return self._rest_of_work(look)

    def _rest_of_work(self, look: Look) -> bool:
        """Do what waits until nothing is told or taken; return whether there is more.

        Where nothing was stored since the last time, it is known that nothing waits.
        """
        transport = self._transport(look.state)
        return (
            self._do_away()
            or self._branches.step(transport)
            or self._tell_heads()
            or self._files.step(transport)
            or self._compaction.step(transport)
        )

    def _must_wait(self, state: SyncState) -> int:
        """Return how long telling all again has to wait, in milliseconds."""
        return 0 if self._is_wanted else pause_ms(state, self._free)

    def _tell_heads(self) -> bool:
        state = self._store.state()
        if state is None or not must_tell_heads(state):
            return False
        group = SyncGroup.from_json(state.group)
        said = RecordKind.CONTROL, group.members_payload()
        self._store.keep(replace(state, controls=[*state.controls, said]))
        return True

    def _do_away(self) -> bool:
        """At rest, let go of what others deleted for good, and of our words of it.

        Returns:
            Whether there may be more to do at once.
        """
        commits = self._store.commits
        if commits == self._nothing_at:
            return False
        if self._hears_of_gone:
            self._hears_of_gone = False
            if (gone := self._store.still_there()) or self._store.are_words_left():
                self._forget(gone)
                return True
        if self._store.ask():
            return True
        found = self._erase()
        if not found:
            self._nothing_at = commits
        return found

    def _erase(self) -> bool:
        """Take words that are gone out of our records; return whether there were."""
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

    def _begin_again(self, look: Look, there: Exchanged) -> None:
        """Begin another stream and tell all again; others know what they had."""
        state, now = look.state, now_ms()
        acknowledged = look.out[0][0] - 1 if look.out else state.n
        authors = list(state.authors)
        if there.head >= acknowledged or state.is_behind:
            # Not the place but this computer was set back, or there are two of it:
            # no reading of its clock may be given twice.
            authors.append(f"{self._store.device_id}.{os.urandom(4).hex()}")
        is_copy = state.is_behind or is_of_another(look, there)
        state = replace(
            leaving_stream(counted(state)),
            authors=authors,
            sent_again=now if there.head < acknowledged else state.sent_again,
            set_back_at=now if is_copy else state.set_back_at,
            is_behind=False,
        )
        self._is_wanted = False
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
            has_heard=look.state.has_heard or bool(came.ops),
            is_behind=look.state.is_behind or came.is_behind,
        )
        self._files.look_again()
        heads = ReadHeads(came.read, came.notes)
        self._store.received(state, kept, came.ops, news, came.first, heads)
        if any(note.left_n >= 0 or note.forked_at for note in came.notes.values()):
            self._branches.look_again()
        if any(op.base is None for op in came.ops):
            # Something was deleted for good, or made anew after that.
            self._hears_of_gone = True
        if state.group != look.state.group:
            # A key or a member may be what was missing.
            self.look_again()
            return True
        return bool(kept) or came.is_behind or any(not one.is_stopped for one in news)

    def _read(self, look: Look, found: Sequence[FoundRecord]) -> Arrivals:
        came = Arrivals(SyncGroup.from_json(look.state.group))
        for stream, record in found:
            if stream in came.stalled:
                self._hear_keys(look, came, stream, record)
                continue
            peer = came.peers.get(stream) or look.peers.get(stream)
            try:
                came.peers[stream] = self._take(look, came, peer, stream, record)
            except ForkedStreamError as exc:
                note_fork(look, came, stream)
                came.peers[stream] = _stopped(peer, stream, problem=str(exc))
                came.stalled.add(stream)
            except MissingRecordError:
                since = (peer and peer.waits_since) or now_ms()
                came.peers[stream] = _stopped(peer, stream, waits_since=since)
                came.stalled.add(stream)
            except RefusedRecordError as exc:
                came.peers[stream] = _stopped(peer, stream, problem=str(exc))
                came.stalled.add(stream)
        if came.heads or came.read:
            compare(look, came, self._store.heads.marks(to_compare(look, came)))
        return came

    def _hear_keys(
        self, look: Look, came: Arrivals, stream: str, record: bytes
    ) -> None:
        """Take a key that stands behind what is sealed under it.

        Whoever made it was removed by somebody who had not heard of it, and its writer
        told it once more as soon as that was known.
        """
        peer = look.peers.get(stream)
        with contextlib.suppress(RefusedRecordError, KeyError, TypeError, ValueError):
            member = came.group.members.get(peer.member if peer else "")
            member = member or writer_of(came.group, record)
            keys = keys_in(record, member.verifier)
            if keys is not None and member.id not in came.group.removed:
                apply(look.state, came, RecordKind.KEYS, keys)

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
            raise RefusedRecordError(AFTER_REMOVAL)
        reader = RecordReader(
            member.verifier, bytes.fromhex(stream), known.n, bytes.fromhex(known.prev)
        )
        opened = reader.open(record, came.group.keys)
        if opened:
            begin = len(came.ops)
            try:
                apply(look.state, came, *opened)
                count_first(look, came, known._replace(member=member.id), opened[1])
                note_left(look, came, member.id, opened[1])
            except (ValueError, KeyError, TypeError, AttributeError) as exc:
                raise RefusedRecordError("not understood") from exc
            note_names(look, came, stream, begin)
            came.heads += reader.heads
            came.read.append(StreamHead(stream, reader.n, mark_of(reader.prev.hex())))
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


def _known(look: Look) -> dict[str, int | None]:
    """Return how far streams were read; one that goes on otherwise is left out."""
    notes = look.notes
    forked = {name for name, note in notes.items() if note.forked_at}
    return {
        name: None if name in forked and peer.problem else peer.n
        for name, peer in look.peers.items()
    }


def _is_news(look: Look, peer: Peer) -> bool:
    was = look.peers.get(peer.stream)
    return was is None or was._replace(seen=0) != peer._replace(seen=0)


def _stopped(
    peer: Peer | None, stream: str, waits_since: int = 0, problem: str = ""
) -> Peer:
    known = peer or Peer(stream, "", 0, START)
    return known._replace(waits_since=waits_since, problem=problem)
