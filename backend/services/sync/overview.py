"""What a person sees of the computers that exchange their data."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from backend.interface.api_types import SyncSummary
from backend.services.sync.arrivals import AFTER_REMOVAL
from backend.services.sync.beginning import MANY, own_keys
from backend.services.sync.doubts import doubts_of
from backend.services.sync.places import SyncPlace
from backend.store.exports import Counts
from backend.store.sync.first_time import FirstTime
from backend.sync.group import Member, SyncGroup
from backend.sync.pairing import shown_number

if TYPE_CHECKING:
    from backend.services.sync.pairing_moment import PairingOffer, SyncMoment
    from backend.store.sync.state import Look, SyncState
    from backend.store.sync.sync import SyncStore


class SyncPhase(StrEnum):
    """Where this computer is with the others."""

    OFF = "off"
    CHOSEN = "chosen"
    JOINING = "joining"
    ASKED = "asked"
    GOING_BACK = "going back"
    ON = "on"
    PAUSED = "paused"
    METERED = "metered"
    REMOVED = "removed"


_WORDS: Final = {
    SyncPhase.ASKED: "waits for your answer",
    SyncPhase.GOING_BACK: "joining is being undone",
    SyncPhase.PAUSED: "paused",
    SyncPhase.METERED: "waits: this connection is metered",
    SyncPhase.REMOVED: "removed by another computer",
}
"""What is said where nothing is exchanged."""
_FORKED: Final = "{name} was set back or copied: open Settings, Devices"


class Device(Struct, frozen=True, kw_only=True):
    """Another computer, as a person sees it.

    Attributes:
        seen: When something of it came last, in milliseconds; 0 for never.
        problem: What is wrong with what comes of it, in a sentence; "" for nothing.
        is_forked: It has gone on in two ways, and does not know it yet.
        is_coming: More of it is known to be on its way.
        mended: What was put right, in a sentence, until a person has taken note of it.
        first: How much has come of what it had before; None when all has.
    """

    id: str
    name: str
    seen: int
    problem: str
    first: FirstTime | None = None
    is_forked: bool = False
    is_coming: bool = False
    mended: str = ""


class DeviceOverview(Struct, frozen=True, kw_only=True):
    """What the page shows.

    Attributes:
        name: Of this computer.
        place: Where it exchanges; nowhere yet when that has no name.
        open_server: A server to which others on the way could listen: its use is asked
            about; "" for none.
        sending: How much is sent of what was here before; None when all is.
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
        here: How much there is on this computer, while a person is asked to join it.
        there: How much there is on the other one.
        joined_at: When this computer joined others, in milliseconds; 0 when it did not.
        is_on_metered: Whether a server is used on metered connections too.
        set_back_at: When it was found that this computer was set back or copied, until
            a person has taken note of it.
        left_out: The computers that were removed here and have written since.
    """

    phase: SyncPhase
    name: str
    place: SyncPlace
    open_server: str = ""
    devices: Sequence[Device] = ()
    sending: FirstTime | None = None
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
    here: Counts | None = None
    there: Counts | None = None
    joined_at: int = 0
    is_on_metered: bool = False
    set_back_at: int = 0
    left_out: Sequence[str] = ()

    def with_full_code(self, full_code: str) -> "DeviceOverview":
        """Return it with the code that names the server too."""
        return replace(self, full_code=full_code)


def _progress(overview: DeviceOverview) -> str:
    if overview.sending:
        return f"{overview.sending.words} sent"
    if coming := [one.first for one in overview.devices if one.first]:
        total, came = map(sum, zip(*coming, strict=True))
        return f"{FirstTime(total, came).words} have come"
    if overview.waiting:
        changes = "change waits" if overview.waiting == 1 else "changes wait"
        return f"{overview.waiting} {changes}"
    return "up to date"


def summary_of(overview: DeviceOverview) -> SyncSummary:
    """Return what the tray and the command line say."""
    if overview.phase is SyncPhase.ON:
        forked = [one.name for one in overview.devices if one.is_forked]
        doubt = _FORKED.format(name=forked[0]) if forked else ""
        words = overview.problem or doubt or _progress(overview)
    else:
        words = _WORDS.get(overview.phase, "")
    return SyncSummary(words=words, is_paused=overview.phase is SyncPhase.PAUSED)


def phase_of(state: "SyncState | None", now: "SyncMoment") -> SyncPhase:
    """Return where this computer is with the others."""
    if state is None:
        if now.joining:
            return SyncPhase.ASKED if now.joining.welcome else SyncPhase.JOINING
        return SyncPhase.CHOSEN if now.chosen else SyncPhase.OFF
    if state.going_back:
        return SyncPhase.GOING_BACK
    if state.is_removed:
        return SyncPhase.REMOVED
    if state.is_paused:
        return SyncPhase.PAUSED
    # A folder is of this computer: who carries it on decides about connections.
    costs = now.report.is_metered and bool(state.server) and not state.is_on_metered
    return SyncPhase.METERED if costs and not now.is_wanted else SyncPhase.ON


def overview_of(
    store: "SyncStore", now: "SyncMoment", offer: "PairingOffer | None", name: str
) -> DeviceOverview:
    """Return what the page shows, but for the code that says where a server is."""
    look = store.look()
    asked = now.open_server.place.name if now.open_server else ""
    if look is None:
        joining = now.joining
        welcome = joining.welcome if joining else None
        return DeviceOverview(
            phase=phase_of(None, now),
            name=name,
            place=now.chosen or SyncPlace(),
            open_server=asked,
            problem=now.problem,
            number=shown_number(joining.secret, joining.me) if joining else "",
            here=Counts(*store.counts()) if welcome else None,
            there=Counts(*welcome.counts) if welcome else None,
        )
    state = look.state
    asks = offer.asks if offer else None
    return DeviceOverview(
        phase=phase_of(state, now),
        name=name,
        place=SyncPlace(folder=state.folder, server=state.server),
        open_server=asked,
        devices=devices_of(look),
        sending=sending_of(state),
        waiting=store.rest(state),
        last_ok=max(state.last_ok, now.last_ok),
        sent_again=state.sent_again,
        parked=store.parked(),
        problem=now.problem,
        code=offer.code if offer else "",
        asks=asks.name if asks else "",
        number=shown_number(offer.secret, asks) if offer and asks else "",
        strangers=sum(not peer.member for peer in look.peers.values()),
        joined_at=state.joined_at,
        is_on_metered=state.is_on_metered,
        set_back_at=state.set_back_at,
        left_out=_left_out(look),
    )


def sending_of(state: "SyncState") -> FirstTime | None:
    """Return how much is sent of what was here before; None for little, or all."""
    if not state.back or state.back_total < MANY:
        return None
    return FirstTime(state.back_total, state.back_total - state.back_left)


def devices_of(look: "Look") -> list[Device]:
    """Return the other computers, with what came of them."""
    group, me = SyncGroup.from_json(look.state.group), own_keys(look.state)
    own = me.as_member("").id
    return [_device(one, look) for one in group.present.values() if one.id != own]


def _left_out(look: "Look") -> Sequence[str]:
    """Return who was removed here and has written since: it may have removed us too."""
    group = SyncGroup.from_json(look.state.group)
    again = {one.name for one in group.present.values()}
    write = {one.member for one in look.peers.values() if one.problem == AFTER_REMOVAL}
    removed = [one for name, one in group.members.items() if name in group.removed]
    return [o.name for o in removed if o.id in write and o.name not in again]


def _device(member: Member, look: "Look") -> Device:
    peers = [one for one in look.peers.values() if one.member == member.id]
    doubts = doubts_of(member.name, peers, look)
    coming = (look.first[one.stream] for one in peers if one.stream in look.first)
    return Device(
        id=member.id,
        name=member.name,
        seen=max((peer.seen for peer in peers), default=0),
        problem=doubts.problem,
        first=next(coming, None),
        is_forked=doubts.is_forked,
        is_coming=doubts.is_coming,
        mended=doubts.mended,
    )
