"""Finds streams that go on in two ways, or end before what was read of them.

Every record says how far its writer had read the others. Who has another record in the
same place knows then that a computer was set back or copied, or that a place shows
different things to different computers. Nothing is thrown away: each tells what it has
and others miss, and the writer begins again under another name.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from backend.ids import now_ms
from backend.services.sync.arrivals import Arrivals
from backend.services.sync.beginning import own_keys
from backend.services.sync.retelling import HOUR_MS
from backend.store.sync.heads import RecordMark, StreamNotes
from backend.store.sync.state import Look, Peer, SyncState
from backend.sync.group import Member, SyncGroup
from backend.sync.records import (
    RecordHeader,
    RecordKind,
    RefusedRecordError,
    StreamHead,
    check_signature,
    hash_of,
    mark_of,
)
from backend.sync.transport import Transport

if TYPE_CHECKING:
    from backend.store.sync.sync import SyncStore

ABSENT_MS: Final = 24 * HOUR_MS
"""As long may a writer be away before another computer tells what is missing of it."""
_EVERY_S: Final = 3600.0
_MOST_AHEAD: Final = 8

Marks = Mapping[tuple[str, int], RecordMark]


class _End(NamedTuple):
    """How a stream ends where it is kept."""

    n: int
    mark: str


def fresh_heads(look: Look) -> list[StreamHead]:
    """Return how far others' streams were read that others were not told yet."""
    said = look.state.announced
    return [
        StreamHead(peer.stream, peer.n, mark_of(peer.prev))
        for peer in look.peers.values()
        if peer.member and peer.n and said.get(peer.stream) != peer.n
    ]


def must_tell_heads(state: SyncState) -> bool:
    """Whether others are to hear how far this computer has read, without more."""
    return state.has_heard and abs(now_ms() - state.announced_at) >= HOUR_MS


def note_left(look: Look, came: Arrivals, member_id: str, payload: object) -> None:
    """Take note of where a computer wrote before, as it says itself.

    Raises:
        TypeError, ValueError: It says nothing that is understood.
    """
    left = payload.get("left", {}) if isinstance(payload, dict) else {}
    for stream, (n, mark) in left.items():
        peer = came.peers.get(stream) or look.peers.get(stream)
        if peer and peer.member == member_id:
            note = _note(look, came, stream)
            said = replace(note, left_n=int(n), left_mark=str(mark))
            came.notes[stream] = said


def note_names(look: Look, came: Arrivals, stream: str, begin: int) -> None:
    """Take note under which names changes have come in a stream."""
    note = _note(look, came, stream)
    names = {*note.names, *(op.device_id for op in came.ops[begin:])}
    if len(names) > len(note.names):
        came.notes[stream] = replace(note, names=sorted(names))


def note_fork(look: Look, came: Arrivals, stream: str) -> None:
    """Take note that a stream has two records in one place."""
    note = _note(look, came, stream)
    if not note.forked_at:
        came.notes[stream] = replace(note, forked_at=now_ms(), is_seen=False)


def to_compare(look: Look, came: Arrivals) -> set[tuple[str, int]]:
    """Return of which records the marks are needed to compare what came."""
    waited_for = {
        (stream, n)
        for stream in came.peers
        if stream in look.notes
        for n, *_ in look.notes[stream].ahead
    }
    return waited_for | {(head.stream, head.n) for head in came.heads}


def compare(look: Look, came: Arrivals, marks: Marks) -> None:
    """Compare what others say they have read with what was read here."""
    state = look.state
    peers = {**look.peers, **came.peers}
    known = {key: one.mark for key, one in marks.items()}
    known |= {(p.stream, p.n): mark_of(p.prev) for p in peers.values() if p.n}
    known |= {(head.stream, head.n): head.mark for head in came.read}
    known[state.stream, state.n] = mark_of(state.prev)
    for stream, n, mark in came.heads:
        differs = known.get((stream, n), mark) != mark
        if stream == state.stream:
            came.is_behind |= differs or n > state.n
        elif differs:
            note_fork(look, came, stream)
        elif n > (peers[stream].n if stream in peers else 0):
            _wait_for(look, came, stream, (n, mark))
    for stream, peer in came.peers.items():
        note = _note(look, came, stream)
        if reached := [one for one in note.ahead if one[0] <= peer.n]:
            ahead = [one for one in note.ahead if one not in reached]
            came.notes[stream] = replace(note, ahead=ahead)
            if any(known.get((stream, n), mark) != mark for n, mark, _ in reached):
                note_fork(look, came, stream)


def _wait_for(look: Look, came: Arrivals, stream: str, said: tuple[int, str]) -> None:
    note = _note(look, came, stream)
    if said not in [one[:2] for one in note.ahead]:
        ahead = [*note.ahead, (*said, now_ms())][-_MOST_AHEAD:]
        came.notes[stream] = replace(note, ahead=ahead)


def _note(look: Look, came: Arrivals, stream: str) -> StreamNotes:
    return came.notes.get(stream) or look.notes.get(stream) or StreamNotes()


class StreamBranches:
    """At rest, sees that what was read is still there for others; else tells it."""

    def __init__(self, store: "SyncStore") -> None:
        """Work on the streams of a store."""
        self._store = store
        self._next = 0.0

    def look_again(self) -> None:
        """Look at the next step."""
        self._next = 0.0

    def step(self, transport: Transport) -> bool:
        """Compare how streams end there; return whether there is something to tell.

        Raises:
            TransportError: That is not possible now.
        """
        if time.monotonic() < self._next or (look := self._store.look()) is None:
            return False
        there = transport.heads()
        self._next = time.monotonic() + _EVERY_S
        group, me = SyncGroup.from_json(look.state.group), own_keys(look.state)
        own = me.as_member("").id
        peers = [p for p in look.peers.values() if p.n and p.member not in ("", own)]
        ends = {
            peer.stream: _end(there.get(peer.stream), group.members[peer.member])
            for peer in peers
            if peer.member in group.members
        }
        changed = self._judged(look, peers, ends)
        return bool(changed) and self._tell(look, changed)

    def _judged(
        self, look: Look, peers: list[Peer], ends: Mapping[str, _End]
    ) -> dict[str, tuple[StreamNotes, int]]:
        """Return the notes that are others now, and from which record all is told."""
        about = {(name, end.n) for name, end in ends.items()}
        about |= {(name, note.left_n) for name, note in look.notes.items()}
        marks = self._store.heads.marks(about)
        changed: dict[str, tuple[StreamNotes, int]] = {}
        for peer in peers:
            if peer.stream not in ends:
                continue
            note = look.notes.get(peer.stream, StreamNotes())
            end = ends[peer.stream]
            judged = _judge(peer, note, end, marks)
            begin = 0
            if _is_due(peer, judged):
                begin = 1 + _common(peer, judged, end, marks)
                judged = replace(
                    judged, given_n=peer.n, given_at=now_ms(), is_seen=False
                )
            if judged != note:
                changed[peer.stream] = judged, begin
        return changed

    def _tell(self, look: Look, changed: dict[str, tuple[StreamNotes, int]]) -> bool:
        """Keep what was found; tell others of what they may miss, and that itself."""
        state, last = look.state, self._store.heads.last_place()
        begins = {(name, begin) for name, (_, begin) in changed.items() if begin}
        marks, offers = self._store.heads.marks(begins), list(state.offers)
        own = {*state.authors}
        for name, begin in begins:
            note = changed[name][0]
            names = note.names or sorted(self._store.heads.names().keys() - own)
            after = marks[name, begin].place if (name, begin) in marks else 0
            offers.append((names, after, last, last))
        doubted = {
            name
            for name, (note, _) in changed.items()
            if _is_doubted(note) and not _is_doubted(look.notes.get(name))
        }
        controls = list(state.controls)
        if doubted:
            group = SyncGroup.from_json(state.group)
            controls.append((RecordKind.CONTROL, group.members_payload()))
        said = {name: n for name, n in state.announced.items() if name not in doubted}
        state = replace(state, offers=offers, controls=controls, announced=said)
        self._store.keep_notes(state, {k: note for k, (note, _) in changed.items()})
        return bool(offers or doubted)


def _end(data: bytes | None, writer: Member) -> _End:
    """Return how a stream ends; what its writer has not signed is nothing."""
    try:
        header = RecordHeader.of(data or b"")
        check_signature(data or b"", writer.verifier)
    except RefusedRecordError:
        return _End(0, "")
    return _End(header.n, mark_of(hash_of(data or b"")))


def _judge(peer: Peer, note: StreamNotes, end: _End, marks: Marks) -> StreamNotes:
    known = marks.get((peer.stream, end.n))
    mark = known.mark if known else end.mark
    if end.n == peer.n:
        mark = mark_of(peer.prev)
    is_other = end.n <= peer.n and mark != end.mark
    if is_other and not note.forked_at:
        note = replace(note, forked_at=now_ms(), is_seen=False)
    is_missed = (is_other or end.n < peer.n) and not _is_with_writer(peer, note)
    missed_at = (note.missed_at or now_ms()) if is_missed else 0
    return replace(note, missed_at=missed_at)


def _is_with_writer(peer: Peer, note: StreamNotes) -> bool:
    """Whether its writer has all of it, and tells that in another stream."""
    if note.left_n == peer.n:
        return note.left_mark == mark_of(peer.prev)
    return note.left_n > peer.n and not note.forked_at


def _is_due(peer: Peer, note: StreamNotes) -> bool:
    if note.given_n >= peer.n or _is_with_writer(peer, note):
        return False
    if note.forked_at:
        return True
    is_away = now_ms() - note.missed_at >= ABSENT_MS
    return bool(note.missed_at) and (note.left_n >= 0 or is_away)


def _common(peer: Peer, note: StreamNotes, end: _End, marks: Marks) -> int:
    """Return up to which record others have what was read here, as far as is known."""
    said = {end.n: end.mark, note.left_n: note.left_mark}
    same = (
        n
        for n, mark in said.items()
        if (known := marks.get((peer.stream, n))) and known.mark == mark
    )
    return max([note.given_n, *same])


def _is_doubted(note: StreamNotes | None) -> bool:
    return bool(note and (note.forked_at or note.missed_at))
