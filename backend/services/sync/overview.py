"""What a person sees of the computers that exchange their data."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from backend.ids import now_ms
from backend.interface.api_types import SyncSummary
from backend.services.sync.places import SyncPlace
from backend.services.sync.rounds import own_keys
from backend.sync.group import Member, SyncGroup

if TYPE_CHECKING:
    from backend.store.sync.sync import Peer, SyncState

_LATE_MS: Final = 10 * 60 * 1000
"""As late may be what is missing before it is said."""


class SyncPhase(StrEnum):
    """Where this computer is with the others."""

    OFF = "off"
    CHOSEN = "chosen"
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
        place: Where it exchanges; nowhere yet when that has no name.
        open_server: A server to which others on the way could listen: its use is asked
            about; "" for none.
        waiting: How many changes are not known to be kept there.
        last_ok: When all was well last, in milliseconds; 0 for never.
        sent_again: When the place had lost some of ours, likewise.
        parked: How many changes came that are of the future.
        problem: Why nothing moves, in a sentence; "" for nothing.
        code: A pairing code to be typed elsewhere; "" for none.
        full_code: The same with the server in it; "" for a folder.
        asks: The computer that typed it; "" for none.
        number: What both computers show while one is let in.
        strangers: How many streams there are none of these computers'.
    """

    phase: SyncPhase
    name: str
    place: SyncPlace
    open_server: str = ""
    devices: Sequence[Device] = ()
    waiting: int = 0
    last_ok: int = 0
    problem: str = ""
    sent_again: int = 0
    parked: int = 0
    code: str = ""
    full_code: str = ""
    asks: str = ""
    number: str = ""
    strangers: int = 0


def summary_of(overview: DeviceOverview) -> SyncSummary:
    """Return what the tray and the command line say."""
    match overview.phase:
        case SyncPhase.OFF | SyncPhase.CHOSEN | SyncPhase.JOINING:
            words = ""
        case SyncPhase.REMOVED:
            words = "removed by another computer"
        case SyncPhase.PAUSED:
            words = "paused"
        case _ if overview.problem:
            words = overview.problem
        case _ if overview.waiting:
            changes = "change waits" if overview.waiting == 1 else "changes wait"
            words = f"{overview.waiting} {changes}"
        case _:
            words = "up to date"
    return SyncSummary(words=words, is_paused=overview.phase is SyncPhase.PAUSED)


def devices_of(state: "SyncState", peers: "Sequence[Peer]") -> list[Device]:
    """Return the other computers, with what came of them."""
    group, me = SyncGroup.from_json(state.group), own_keys(state).as_member("")
    others = [one for one in group.present.values() if one.id != me.id]
    return [_device(one, [p for p in peers if p.member == one.id]) for one in others]


def _device(member: Member, peers: "Sequence[Peer]") -> Device:
    problem = ""
    if any(peer.problem for peer in peers):
        problem = (
            f"Something that {member.name} wrote was altered on its way, and was left "
            "out. Choose Sync now there, or add that computer again."
        )
    elif any(0 < peer.waits_since < now_ms() - _LATE_MS for peer in peers):
        problem = (
            f"Part of what {member.name} wrote has not arrived. Check that a folder is "
            "synced on both computers, or the server."
        )
    seen = max((peer.seen for peer in peers), default=0)
    return Device(id=member.id, name=member.name, seen=seen, problem=problem)
