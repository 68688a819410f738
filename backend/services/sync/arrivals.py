"""What came in one round, before it is merged: changes, members, keys."""

from collections import defaultdict
from typing import Final

from msgspec import Struct, field

from backend.services.sync.beginning import MANY, own_keys
from backend.store.sync.first_time import FirstTime
from backend.store.sync.heads import StreamNotes
from backend.store.sync.state import Look, Peer, SyncState
from backend.store.sync.travelling import Op
from backend.sync.group import Member, SyncGroup
from backend.sync.records import (
    RecordKind,
    RefusedRecordError,
    StreamHead,
    check_signature,
)

AFTER_REMOVAL: Final = "written after this device was removed"
"""Why a record of a computer that was removed is left out."""
_MOST: Final = 10**12


class Arrivals(Struct):
    """What was read in one round.

    Attributes:
        heads: How far others have read, as their records say.
        read: Of each record that was read.
        notes: What is noted of streams since.
        is_behind: Others have more, or other things, of what this computer wrote.
    """

    group: SyncGroup
    ops: list[Op] = field(default_factory=list)
    peers: dict[str, Peer] = field(default_factory=dict)
    stalled: set[str] = field(default_factory=set)
    first: dict[str, FirstTime] = field(default_factory=dict)
    heads: list[StreamHead] = field(default_factory=list)
    read: list[StreamHead] = field(default_factory=list)
    notes: dict[str, StreamNotes] = field(default_factory=dict)
    is_behind: bool = False


def read_of(look: Look, came: Arrivals) -> dict[str, dict[str, int]]:
    """Return for each member how far its streams are read now."""
    read: dict[str, dict[str, int]] = defaultdict(dict)
    for peer in {**look.peers, **came.peers}.values():
        if peer.member:
            read[peer.member][peer.stream] = peer.n
    return read


def apply(state: SyncState, came: Arrivals, kind: RecordKind, payload: object) -> None:
    """Take in what a record says.

    Raises:
        TypeError, ValueError: It says nothing that is understood.
    """
    match kind:
        case RecordKind.OPS:
            if not isinstance(payload, list):
                raise TypeError("no changes")
            came.ops += [Op.read(one) for one in payload]
        case RecordKind.CONTROL:
            came.group = came.group.joined(payload)
        case RecordKind.KEYS:
            own = own_keys(state)
            came.group = came.group.with_keys(payload, own.as_member(""), own)


def count_first(look: Look, came: Arrivals, peer: Peer, payload: object) -> None:
    """Take note how far a stream is with what was before it.

    Raises:
        TypeError, ValueError: It says nothing that is understood.
    """
    if isinstance(payload, list):
        if first := came.first.get(peer.stream) or look.first.get(peer.stream):
            came.first[peer.stream] = first.with_more(len(payload))
    elif isinstance(payload, dict) and "first" in payload:
        peers = {**look.peers, **came.peers}.values()
        for other in (one.stream for one in peers if one.member == peer.member):
            if other in look.first or other in came.first:
                came.first[other] = FirstTime(0)
        total = int(payload["first"])
        came.first[peer.stream] = FirstTime(total if MANY <= total < _MOST else 0)


def writer_of(group: SyncGroup, record: bytes) -> Member:
    """Return who wrote the first record of a stream.

    Raises:
        RefusedRecordError: None of the computers of this group.
    """
    for member in group.members.values():
        try:
            check_signature(record, member.verifier)
        except RefusedRecordError:
            continue
        return member
    raise RefusedRecordError("written by none of your computers")
