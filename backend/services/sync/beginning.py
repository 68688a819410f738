"""What a stream begins with: all is told in it, the newest first."""

import json
import os
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final

from backend.store.sync.state import SyncState
from backend.sync.group import OwnKeys, SyncGroup
from backend.sync.records import START, RecordKind

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


def telling_all(store: "SyncStore", state: SyncState) -> SyncState:
    """Return the state of a stream that begins: all is told in it, the newest first."""
    state = store.from_newest(state)
    group = SyncGroup.from_json(state.group)
    controls = [
        first_payload(group, state.back_total),
        (RecordKind.KEYS, group.keys_payload()),
    ]
    return replace(state, controls=controls)


def first_payload(group: SyncGroup, count: int) -> tuple[int, object]:
    """Return what tells the members and how much is from before; 0 at its end."""
    return RecordKind.CONTROL, {**group.members_payload(), "first": count}


def own_keys(state: SyncState) -> OwnKeys:
    """Return the secrets of this computer."""
    return OwnKeys(**json.loads(state.own))
