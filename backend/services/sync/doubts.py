"""What a person is told of a computer whose changes do not come as they should."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from backend.ids import now_ms
from backend.store.sync.heads import StreamNotes

if TYPE_CHECKING:
    from backend.store.sync.state import Look, Peer

_LATE_MS: Final = 10 * 60 * 1000
"""As late may be what is missing before it is said."""
_FORKED: Final = (
    "{name} has written two different things in one place: it was restored from a "
    "backup or copied, or the {where} shows your computers different things. Each of "
    "them keeps what it has. Start Hearth on {name} and let it sync: then all of them "
    "get everything."
)
_PUT_TOGETHER: Final = (
    "Two versions of what {name} wrote were put together; nothing is lost. If you "
    "neither restored nor copied {name}, do not trust this {where}: use another one."
)
_ALTERED: Final = (
    "Something that {name} wrote was altered on its way, and was left out. Choose Sync "
    "now there, or add that computer again."
)
_MISSED: Final = (
    "The {where} no longer has all that {name} wrote. Start Hearth on {name}: it sends "
    "it again. If it stays away for a day, this computer gives the others what it has."
)
_LATE: Final = (
    "Part of what {name} wrote has not arrived. Check that a folder is synced on both "
    "computers, or the server."
)
_GIVEN: Final = (
    "The {where} had lost something that {name} wrote. This computer had it and gave "
    "it to the others; nothing is lost."
)


class Doubts(NamedTuple):
    """What is wrong with what comes of a computer, and what was put right.

    Attributes:
        is_coming: Others have read more of it than has come here.
    """

    problem: str
    is_forked: bool
    mended: str
    is_coming: bool


def doubts_of(name: str, peers: Sequence["Peer"], look: "Look") -> Doubts:
    """Return what is to be said of a computer of this name and its streams."""
    where = "server" if look.state.server else "folder"
    notes = {one.stream: look.notes.get(one.stream, StreamNotes()) for one in peers}
    forked = [one for one in notes.values() if one.forked_at]
    is_forked = any(one.left_n < 0 for one in forked)
    altered = [p for p in peers if p.problem and not notes[p.stream].forked_at]
    missing = _missing_since(peers, notes)
    late = now_ms() - _LATE_MS
    problem = mended = ""
    if is_forked:
        problem = _FORKED
    elif altered:
        problem = _ALTERED
    elif any(one.missed_at and not one.given_at for one in notes.values()):
        problem = _MISSED
    elif any(0 < since < late for since in missing):
        problem = _LATE
    elif any(not one.is_seen for one in forked):
        mended = _PUT_TOGETHER
    elif any(one.given_at and not one.is_seen for one in notes.values()):
        mended = _GIVEN
    said = {"name": name, "where": where}
    problem, mended = problem.format(**said), mended.format(**said)
    return Doubts(problem, is_forked, mended, bool(missing) and not problem)


def _missing_since(
    peers: Sequence["Peer"], notes: Mapping[str, StreamNotes]
) -> list[int]:
    """Return since when something is missed: here, or as others have read more."""
    waits = [one.waits_since for one in peers if one.waits_since]
    # Where it wrote before, others may have read what is no longer there.
    newest = max(peers, key=lambda one: one.seen, default=None)
    ahead = notes[newest.stream].ahead if newest else ()
    return [*waits, *(since for _, _, since in ahead)]
