"""What a stream begins with: all is told in it, the newest first."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final

from backend.store.sync.state import SyncState
from backend.sync.group import OwnKeys, SyncGroup
from backend.sync.records import START, RecordKind, mark_of

if TYPE_CHECKING:
    from backend.store.sync.sync import SyncStore

MANY: Final = 2_000
"""As many changes from before take a while: how far they are is told and shown."""


def new_state(
    folder: str, group: SyncGroup, own: OwnKeys, device_id: str, server: str = ""
) -> SyncState:
    """Return the state of a computer that has told nothing yet."""
    return SyncState(
        folder=folder,
        server=server,
        group=group.to_json(),
        own=json.dumps(asdict(own)),
        stream=os.urandom(16).hex(),
        n=0,
        prev=START,
        authors=[device_id],
    )


def with_others(
    store: "SyncStore", state: SyncState, theirs: Mapping[str, int] | None = None
) -> SyncState:
    """Return the state of a computer that tells also what was written by others here.

    It has that of another group, or wrote it under an earlier name of its own.

    Args:
        store: Has the changes.
        state: Of a computer that begins a group, or joins one.
        theirs: How many changes of each name the others have already.
    """
    known = theirs or {}
    names = [
        name
        for name, count in store.heads.names().items()
        if name not in state.authors and count > known.get(name, 0)
    ]
    last = store.heads.last_place()
    return replace(state, offers=[(sorted(names), 0, last, last)] if names else ())


def telling_all(store: "SyncStore", state: SyncState) -> SyncState:
    """Return the state of a stream that begins: all is told in it, the newest first."""
    state = store.from_newest(state)
    group = SyncGroup.from_json(state.group)
    controls = [
        first_payload(group, state.back_total, state.left),
        (RecordKind.KEYS, group.keys_payload()),
    ]
    offers = [(names, after, upto, upto) for names, after, upto, _ in state.offers]
    return replace(state, controls=controls, offers=offers, announced={})


def first_payload(
    group: SyncGroup, count: int, left: Mapping[str, tuple[int, str]] | None = None
) -> tuple[int, object]:
    """Return what tells the members and how much is from before; 0 at its end.

    Args:
        group: The members.
        count: How many changes are from before.
        left: Where this computer wrote until now, and up to where.
    """
    said: dict[str, object] = {**group.members_payload(), "first": count}
    if left:
        said["left"] = left
    return RecordKind.CONTROL, said


def leaving_stream(state: SyncState) -> SyncState:
    """Return the state of a computer that goes on in another stream from now on."""
    return replace(
        state,
        stream=os.urandom(16).hex(),
        n=0,
        prev=START,
        old_streams=[*state.old_streams, state.stream],
        left={**state.left, state.stream: (state.n, mark_of(state.prev))},
    )


def own_keys(state: SyncState) -> OwnKeys:
    """Return the secrets of this computer."""
    return OwnKeys(**json.loads(state.own))
