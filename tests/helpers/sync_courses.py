"""What three computers do one after the other, and how all is to be in the end.

Chance alone hardly ever does this: what one of them has not heard is what counts.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from backend.ids import now_ms
from backend.services.sync.beginning import own_keys
from backend.store.history.changes import ChangeStore
from backend.store.history.trash import TrashStore
from backend.store.notes import NoteStore
from backend.sync.group import SyncGroup
from backend.sync.records import RecordHeader, RecordKind, keys_in
from tests.helpers.store_actor import contents
from tests.helpers.synced import (
    Computer,
    carry,
    remove,
    settle,
    state_of,
    titles,
    write,
)

Course = Callable[[Sequence[Computer]], None]
_HOURS_MS = 3600 * 1000


def rotate(computer: Computer) -> None:
    """Let there be another key."""
    state = state_of(computer)
    group = SyncGroup.from_json(state.group).rotated(computer.store.reading())
    said = RecordKind.CONTROL, group.members_payload()
    keys = RecordKind.KEYS, group.keys_payload()
    controls = [*state.controls, said, keys]
    computer.store.keep(replace(state, group=group.to_json(), controls=controls))


def a_key_of_who_was_removed_meanwhile(three: Sequence[Computer]) -> None:
    """See that what another sealed under it is read by who never heard of it."""
    a, b, c = three
    rotate(b)
    b.sync(4)
    carry(b, c)
    c.sync(4)
    write(c, "under the new key")
    c.sync(4)
    remove(a, b)
    a.sync()
    settle([a, c])
    assert titles(a) == titles(c) == {"under the new key"}


def a_key_before_what_is_sealed_under_it(three: Sequence[Computer]) -> None:
    """See that who reads a stream in its order finds each key in time."""
    a, b, _ = three
    settle(three)
    known = {bytes.fromhex(SyncGroup.from_json(state_of(b).group).current.id)}
    rotate(b)
    settle(three)
    state = state_of(b)
    verifier = own_keys(state).as_member("").verifier
    found = a.carrier(state_of(a)).exchange(os.urandom(16).hex(), [], {}).found
    for stream, record in found:
        if stream == state.stream:
            keys = keys_in(record, verifier)
            if isinstance(keys, dict):
                known |= {bytes.fromhex(name) for name in keys["epochs"]}
            else:
                assert RecordHeader.of(record).epoch in known


def a_key_newer_than_one_of_a_clock_ahead(three: Sequence[Computer]) -> None:
    """See that who was removed has not the key that seals from then on."""
    a, b, c = three
    a.skew_ms = a.clock.skew_ms = 20 * _HOURS_MS
    rotate(a)
    settle(three)
    remove(b, c)
    write(b, "after that")
    assert not _seals_for(b, c)
    settle([a, b])
    assert titles(a) == {"after that"}
    assert not _seals_for(a, c)


def what_expired_stays_away(three: Sequence[Computer]) -> None:
    """See that telling all again brings nothing back that lies in the trash."""
    a, _, c = three
    note = NoteStore(c.database).create("expires", "")
    settle(three)
    NoteStore(a.database).delete(note.id)
    settle(three)
    expire(a)
    c.start_again()
    settle(three)
    assert contents(a.database)["note"] == []


def what_another_takes_out_of_the_trash_is_whole(three: Sequence[Computer]) -> None:
    """See that who had let it expire gets all of it."""
    a, _, c = three
    note = NoteStore(c.database).create("restored", "")
    settle(three)
    NoteStore(a.database).delete(note.id)
    settle(three)
    expire(a)
    TrashStore(c.database).restore("note", note.id)
    settle(three)
    assert titles(a) == {"restored"}


def expire(computer: Computer) -> None:
    """Let 30 days pass for what is in the trash of one."""
    expired = TrashStore(computer.database).expired(now_ms() + 1)
    ChangeStore(computer.database).forget_all(expired, is_shared=False)


def _seals_for(computer: Computer, other: Computer) -> bool:
    current = SyncGroup.from_json(state_of(computer).group).current
    return other.own.as_member("").id in current.given


COURSES: list[Course] = [
    what_expired_stays_away,
    what_another_takes_out_of_the_trash_is_whole,
    a_key_of_who_was_removed_meanwhile,
    a_key_before_what_is_sealed_under_it,
    a_key_newer_than_one_of_a_clock_ahead,
]
