"""Where a computer is with the others, and how far it has read each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from backend.store.sync.first_time import FirstTime
from backend.store.sync.heads import StreamNotes


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncState:
    """Where this computer is.

    Attributes:
        folder: What carries its records; "" where a server does.
        server: Its address; "" where a folder carries them.
        has_token: Whether it asks for a token, which is in the keyring.
        group: What it knows of the others, with the keys, as `backend.sync` has it.
        own: Its own secrets, likewise.
        stream: Where it writes; n and prev are of its last record.
        seq: As far the change log was told, up from where the exchange began.
        back: As far it was told down from there, the newest first; 0 when all is.
        back_total: How many changes there were below; back_left are not told yet.
        controls: What is to be told before the next changes: a kind and what it says.
        authors: Under which names it made changes; the last one is of now.
        is_removed: Another computer has removed this one.
        last_ok: When all was well last, in milliseconds.
        old_streams: Where it wrote before.
        retired: The one of them that goes, as it is told again; "" for none.
        retired_at: Since when, in milliseconds.
        compact_at: So many records may be where it writes before they are told again.
        joined: The place of the log at which it joined others; -1 when it was first.
        joined_at: When, in milliseconds.
        going_back: It takes that back: a reading of the clock, as far as it is.
        sent_again: When others' place for records had lost some of ours, likewise.
        is_on_metered: It exchanges over a server also on metered connections.
        announced: How far others were told that their streams were read.
        announced_at: When, in milliseconds.
        has_heard: Changes came since then.
        left: Where it wrote before, and up to where: number and mark.
        offers: What it tells of others: the names they wrote under, the places of the
            log after which and up to which, and as far it was told down from there.
        agains: How often it told all again, because its records were not there.
        again_at: When the last time was, in milliseconds.
        is_behind: Others have more of what this computer wrote than it knows of, or
            other things: it was set back, or there is a copy.
        set_back_at: When that was found out last.
    """

    folder: str
    group: str
    own: str
    stream: str
    n: int
    prev: str
    authors: Sequence[str]
    seq: int = 0
    back: int = 0
    back_total: int = 0
    back_left: int = 0
    controls: Sequence[tuple[int, object]] = ()
    is_paused: bool = False
    is_removed: bool = False
    last_ok: int = 0
    server: str = ""
    has_token: bool = False
    sent_again: int = 0
    old_streams: Sequence[str] = ()
    retired: str = ""
    retired_at: int = 0
    compact_at: int = 0
    joined: int = -1
    joined_at: int = 0
    going_back: str = ""
    is_on_metered: bool = False
    announced: Mapping[str, int] = field(default_factory=dict)
    announced_at: int = 0
    has_heard: bool = False
    left: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    offers: Sequence[tuple[Sequence[str], int, int, int]] = ()
    agains: int = 0
    again_at: int = 0
    is_behind: bool = False
    set_back_at: int = 0

    @property
    def is_resting(self) -> bool:
        """Whether nothing is exchanged now."""
        return self.is_paused or self.is_removed or bool(self.going_back)


class Peer(NamedTuple):
    """How far a stream of another computer was read.

    Attributes:
        member: Whose it is; "" for one nobody knows.
        seen: When something of it was read last, in milliseconds.
        waits_since: Since when what comes next is missing; 0 when nothing is.
        problem: Why what comes next was refused; "" when it was not.
    """

    stream: str
    member: str
    n: int
    prev: str
    seen: int = 0
    waits_since: int = 0
    problem: str = ""

    @property
    def is_stopped(self) -> bool:
        """Whether what comes next cannot be read."""
        return bool(self.waits_since or self.problem)


class Look(NamedTuple):
    """What a step begins with.

    Attributes:
        first: The streams that still tell what was before them.
        notes: What is noted of each stream.
    """

    state: SyncState
    out: Sequence[tuple[int, bytes]]
    peers: Mapping[str, Peer]
    first: Mapping[str, FirstTime]
    notes: Mapping[str, StreamNotes] = {}
