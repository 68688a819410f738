"""Seals what is to be told next: controls, changes, and how far others were read."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backend.ids import now_ms
from backend.services.sync.beginning import MANY, first_payload, own_keys
from backend.services.sync.branches import fresh_heads
from backend.store.sync.forgetting import ALSO, SENT, LogSpan
from backend.store.sync.state import Look, SyncState
from backend.store.sync.travelling import Op
from backend.sync.group import SyncGroup
from backend.sync.records import RecordKind, RecordWriter, StreamHead, mark_of

if TYPE_CHECKING:
    from backend.store.sync.sync import SyncStore

_NEVER: Final = -1


class Sealing:
    """Makes the next records of this computer."""

    def __init__(self, store: "SyncStore") -> None:
        """Seal what a store has to tell."""
        self._store = store
        self._nothing_at = _NEVER
        """How much was stored when nothing waited."""

    def seal(self, look: Look) -> bool:
        """Seal what waits; return whether anything did."""
        commits = self._store.commits
        if commits == self._nothing_at:
            return False
        is_sealed = self._seal(look)
        self._nothing_at = _NEVER if is_sealed else commits
        return is_sealed

    def _seal(self, look: Look) -> bool:
        state = look.state
        group = SyncGroup.from_json(state.group)
        controls = list(state.controls)
        if group.needs_rotation:
            group = group.rotated(self._store.reading())
            controls.append((RecordKind.KEYS, group.keys_payload()))
        again = [
            one
            for one in self._store.spoiled()
            if one.stream == state.stream and not one.is_repeated
        ]
        repeated = [
            (SENT, one.after, one.last, self._store.ops_in(state, one)) for one in again
        ]
        after, parts = self._parts(state)
        wanted = self._store.wanted(state)
        if after == state and not any((controls, again, wanted)):
            return False
        is_over = state.back and not after.back and state.back_total >= MANY
        writer, heads = _writer(state, group), fresh_heads(look)
        records, spans, marks = [], [], []

        def seal(kind: RecordKind, payload: object) -> None:
            own_heads = [] if kind is RecordKind.KEYS else heads
            sealed = writer.seal(kind, payload, own_heads)
            records.append((writer.n, sealed))
            marks.append(StreamHead(state.stream, writer.n, mark_of(writer.prev.hex())))
            if own_heads:
                heads.clear()

        # Nobody can open what stands before the key under which it is sealed.
        for kind, payload in sorted(controls, key=_is_no_key):
            seal(RecordKind(kind), payload)
        for span, begin, end, ops in (*repeated, *parts):
            if ops:
                seal(RecordKind.OPS, ops)
                spans.append(LogSpan(span, writer.n, begin, end))
        answers = {row: _sealed(seal, writer, of_row) for row, of_row in wanted.items()}
        after = replace(
            after if heads or not records else _with_heads(after, look),
            group=group.to_json(),
            n=writer.n,
            prev=writer.prev.hex(),
            controls=[first_payload(group, 0)] if is_over else (),
        )
        self._store.sealed(after, records, spans, again, marks, answers)
        return True

    def _parts(
        self, state: SyncState
    ) -> tuple[SyncState, list[tuple[str, int, int, Sequence[Op]]]]:
        """Return what is to be told of the log, and the state when it was."""
        last, ops, _ = self._store.waiting(state)
        if ops:
            return replace(state, seq=last), [(SENT, state.seq, last, ops)]
        if before := self._store.waiting_before(state):
            left = max(0, state.back_left - before.size) if before.last else 0
            part = SENT, before.last, state.back, before.ops
            return replace(state, back=before.last, back_left=left), [part]
        if other := self._store.of_others(state):
            which, (begin, ops, _) = other
            offers = list(state.offers)
            names, after, upto, at = offers[which]
            offers[which] = names, after, upto, begin
            return replace(state, offers=offers), [(ALSO, begin, at, ops)]
        return state, []


def _sealed(
    seal: Callable[[RecordKind, object], None],
    writer: RecordWriter,
    parts: Sequence[Sequence[Op]],
) -> Sequence[tuple[int, Sequence[Op]]]:
    """Seal what another computer asked for; return the record of each part."""
    done = []
    for ops in parts:
        seal(RecordKind.OPS, ops)
        done.append((writer.n, ops))
    return done


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


def _is_no_key(control: tuple[int, object]) -> bool:
    return control[0] != RecordKind.KEYS


def _with_heads(state: SyncState, look: Look) -> SyncState:
    """Return the state after others were told how far this computer has read."""
    said = {**state.announced, **{head.stream: head.n for head in fresh_heads(look)}}
    return replace(state, announced=said, announced_at=now_ms(), has_heard=False)
