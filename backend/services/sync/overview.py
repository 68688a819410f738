"""What a person sees of the computers that exchange their data."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from backend.ids import now_ms
from backend.services.sync.rounds import own_keys
from backend.sync.group import Member, SyncGroup

if TYPE_CHECKING:
    from backend.store.sync.sync import Peer, SyncState

_LATE_MS: Final = 10 * 60 * 1000
"""As late may be what is missing before it is said."""


class SyncPhase(StrEnum):
    """Where this computer is with the others."""

    OFF = "off"
    CHOSEN = "folder chosen"
    JOINING = "joining"
    ON = "on"
    PAUSED = "paused"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Another computer, as a person sees it.

    Attributes:
        seen: When something of it came last, in milliseconds; 0 for never.
        problem: What is wrong with what comes of it, in a sentence; "" for nothing.
    """

    id: str
    name: str
    seen: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOverview:
    """What the page shows.

    Attributes:
        name: Of this computer.
        waiting: How many changes the folder has not got.
        last_ok: When all was well last, in milliseconds; 0 for never.
        problem: Why nothing moves, in a sentence; "" for nothing.
        code: A pairing code to be typed elsewhere; "" for none.
        asks: The computer that typed it; "" for none.
        number: What both computers show while one is let in.
        strangers: How many streams in the folder are none of these computers'.
    """

    phase: SyncPhase
    name: str
    folder: str
    devices: Sequence[Device] = ()
    waiting: int = 0
    last_ok: int = 0
    problem: str = ""
    code: str = ""
    asks: str = ""
    number: str = ""
    strangers: int = 0


def devices_of(state: "SyncState", peers: "Sequence[Peer]") -> list[Device]:
    """Return the other computers, with what came of them."""
    group, me = SyncGroup.from_json(state.group), own_keys(state).as_member("")
    others = [one for one in group.present.values() if one.id != me.id]
    return [_device(one, [p for p in peers if p.member == one.id]) for one in others]


def _device(member: Member, peers: "Sequence[Peer]") -> Device:
    problem = ""
    if any(peer.problem for peer in peers):
        problem = (
            f"The folder holds something that {member.name} did not write so. It was "
            "left out. Choose Sync now there, or add that computer again."
        )
    elif any(0 < peer.waits_since < now_ms() - _LATE_MS for peer in peers):
        problem = (
            f"Part of what {member.name} wrote has not arrived. Check that the folder "
            "is synced on both computers."
        )
    seen = max((peer.seen for peer in peers), default=0)
    return Device(id=member.id, name=member.name, seen=seen, problem=problem)
