"""A folder that lies: nothing in it can be read, and nothing it makes up is taken."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backend.ids import new_id
from backend.services.sync.beginning import new_state, telling_all
from backend.store.notes import NoteStore
from backend.store.sync.state import Peer
from backend.sync.folder import ROOT
from backend.sync.group import OwnKeys, SyncGroup
from backend.sync.records import (
    BODY_AT,
    HEADER_BYTES,
    START,
    RecordHeader,
    RecordKind,
    RecordWriter,
)
from tests.helpers.synced import (
    ZERO,
    Computer,
    carry,
    files_of,
    grouped,
    opened,
    settle,
    state_of,
    titles,
)

FORGED = "forged words"


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Computer]]:
    yield from opened(tmp_path_factory.mktemp("group"))


@pytest.fixture
def three(group: list[Computer]) -> list[Computer]:
    """Three computers; a and c have written notes that b has not."""
    a, b, c = group
    settle(group)
    for number in range(2):
        NoteStore(a.database).create(f"canary {number} {new_id()}", "canary")
        a.sync(3)
    for number in range(3):
        NoteStore(c.database).create(f"of c {number} {new_id()}", "")
        c.sync(3)
    carry(a, b)
    carry(c, b)
    return group


@pytest.fixture
def parting(tmp_path: Path) -> Iterator[list[Computer]]:
    """Three computers that know each other, of which one is to go."""
    yield from opened(tmp_path)


def stream_file(computer: Computer, stream: str) -> Path:
    group = SyncGroup.from_json(state_of(computer).group).id
    [path] = (computer.shared / ROOT / group / stream).glob("*.hs")
    return path


def records_in(path: Path) -> list[bytes]:
    data, found = path.read_bytes(), []
    while data:
        size = RecordHeader.of(data).size
        found.append(data[:size])
        data = data[size:]
    return found


def forged(three: list[Computer], after: bytes, own: OwnKeys) -> bytes:
    """Return a record in the place after one of a's, signed by somebody else."""
    state, header = state_of(three[2]), RecordHeader.of(after)
    epoch = SyncGroup.from_json(state.group).current
    writer = RecordWriter(
        bytes.fromhex(epoch.id),
        bytes.fromhex(epoch.key),
        own.signer,
        header.stream,
        header.n - 1,
        header.prev,
    )
    fields = {"title": FORGED, "body": FORGED}
    hlc = f"{2**60:016x}-liar"
    return writer.seal(RecordKind.OPS, [[hlc, "t", "note", "n", None, fields]])


def flip(record: bytes, at: int) -> bytes:
    return record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :]


def of_header(_: list[Computer], records: list[bytes]) -> list[bytes]:
    return [*records[:-2], flip(records[-2], 40), records[-1]]


def of_signature(_: list[Computer], records: list[bytes]) -> list[bytes]:
    return [*records[:-1], flip(records[-1], HEADER_BYTES + 3)]


def of_body(_: list[Computer], records: list[bytes]) -> list[bytes]:
    return [*records[:-1], flip(records[-1], BODY_AT + 9)]


def swapped(_: list[Computer], records: list[bytes]) -> list[bytes]:
    return [*records[:-2], records[-1], records[-2]]


def dropped(_: list[Computer], records: list[bytes]) -> list[bytes]:
    return [*records[:-2], records[-1]]


def spliced(_: list[Computer], records: list[bytes]) -> list[bytes]:
    head, body = records[-1][:BODY_AT], records[-2][BODY_AT:]
    return [*records[:-1], head + body]


def of_another(three: list[Computer], records: list[bytes]) -> list[bytes]:
    stream = state_of(three[2]).stream
    return [*records[:-1], records_in(stream_file(three[1], stream))[-1]]


def rubbish(_: list[Computer], records: list[bytes]) -> list[bytes]:
    return [*records[:-1], b"rubbish" * 100]


def pretended(three: list[Computer], records: list[bytes]) -> list[bytes]:
    """A paired device writes as another one."""
    return [*records[:-1], forged(three, records[-1], three[2].own)]


def unknown_writer(three: list[Computer], records: list[bytes]) -> list[bytes]:
    return [*records[:-1], forged(three, records[-1], OwnKeys.make())]


Lie = Callable[[list[Computer], list[bytes]], list[bytes]]
LIES: list[Lie] = [
    of_header,
    of_signature,
    of_body,
    swapped,
    dropped,
    spliced,
    of_another,
    rubbish,
    pretended,
    unknown_writer,
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_lie_is_not_taken_and_is_told(three: list[Computer], lie: Lie) -> None:
    a, b, c = three
    stream = state_of(a).stream
    path = stream_file(b, stream)
    honest = path.read_bytes()
    path.write_bytes(b"".join(lie(three, records_in(path))))
    b.rounds.look_again()
    b.sync(5)
    assert titles(b) < titles(a) | titles(c)
    assert peer(b, stream).is_stopped
    path.write_bytes(honest)
    settle(three)
    assert titles(b) == titles(a) == titles(c)
    assert FORGED not in titles(b)
    assert not peer(b, stream).is_stopped


def test_a_replay_is_nothing(three: list[Computer]) -> None:
    a, b, _ = three
    path = stream_file(b, state_of(a).stream)
    records = records_in(path)
    path.write_bytes(b"".join([*records, *records, records[0]]))
    b.rounds.look_again()
    b.sync(5)
    assert titles(b) >= titles(a)
    assert not peer(b, state_of(a).stream).is_stopped


def test_a_stream_of_a_stranger_is_told_and_left_out(three: list[Computer]) -> None:
    b, own = three[1], OwnKeys.make()
    state = state_of(b)
    epoch = SyncGroup.from_json(state.group).current
    stream = secrets.token_bytes(16)
    writer = RecordWriter(
        bytes.fromhex(epoch.id),
        bytes.fromhex(epoch.key),
        own.signer,
        stream,
        0,
        bytes.fromhex(START),
    )
    home = stream_file(b, state_of(three[0]).stream).parent.with_name(stream.hex())
    home.mkdir()
    op = [f"{1:016x}-liar", "t", "note", "n", None, {"title": FORGED}]
    (home / f"{1:012x}.hs").write_bytes(writer.seal(RecordKind.OPS, [op]))
    b.sync(5)
    assert FORGED not in titles(b)
    assert peer(b, stream.hex()).problem
    assert not peer(b, stream.hex()).member


def test_records_of_another_group_are_strange(
    three: list[Computer], tmp_path: Path
) -> None:
    [other] = grouped(tmp_path / "other", ["x"])
    NoteStore(other.database).create(FORGED, "")
    other.sync(3)
    [file] = files_of(other)
    home = stream_file(three[1], state_of(three[0]).stream).parent
    home.with_name(file.parent.name).mkdir()
    target = home.with_name(file.parent.name) / file.name
    target.write_bytes((other.shared / file).read_bytes())
    three[1].sync(5)
    assert FORGED not in titles(three[1])
    assert peer(three[1], file.parent.name).problem
    other.close()


def test_nothing_in_the_folder_can_be_read(three: list[Computer]) -> None:
    for file in files_of(three[1]):
        data = (three[1].shared / file).read_bytes()
        assert b"canary" not in data
        for record in records_in(three[1].shared / file):
            assert len(record) - BODY_AT in {512 + 16, 512} or len(record) > 700


def remove(remover: Computer, removed: Computer) -> None:
    state, group = state_of(remover), SyncGroup.from_json(state_of(remover).group)
    member = removed.own.as_member("").id
    counts = {p.stream: p.n for p in peers_of(remover) if p.member == member}
    group = group.without(member, counts, remover.store.reading())
    control = (RecordKind.KEYS, group.keys_payload())
    remover.store.keep(replace(state, group=group.to_json(), controls=[control]))


def test_a_removed_computer_reads_and_writes_nothing_more(
    parting: list[Computer],
) -> None:
    a, b, c = parting
    remove(a, c)
    settle([a, b])
    NoteStore(c.database).create("too late", "")
    c.sync(3)
    NoteStore(a.database).create("after it", "")
    settle(parting)
    assert state_of(c).is_removed
    assert "after it" in titles(b) - titles(c)
    assert "too late" not in titles(a) | titles(b)
    keys = [SyncGroup.from_json(state_of(one).group).current.id for one in parting]
    assert keys[0] == keys[1] != keys[2]


def test_what_one_has_read_of_a_removed_computer_all_have(
    parting: list[Computer],
) -> None:
    a, b, c = parting
    settle(parting)
    NoteStore(c.database).create("in time for b", "")
    c.sync(3)
    remove(a, c)
    carry(c, b)
    b.sync(3)
    settle(parting)
    assert "in time for b" in titles(a) & titles(b)


def test_one_that_joins_while_the_key_changes_is_given_it(tmp_path: Path) -> None:
    a, b, c = (Computer(tmp_path / name) for name in "abc")
    everybody = [one.own.as_member(one.home.name) for one in (a, b, c)]
    group = SyncGroup.found(everybody[0], ZERO).with_member(everybody[1])
    a.join(group)
    b.join(group)
    settle([a, b])
    # At the same time b changes the key, and a lets c in.
    changed = group.rotated(b.store.reading())
    control = (RecordKind.KEYS, changed.keys_payload())
    b.store.keep(replace(state_of(b), group=changed.to_json(), controls=[control]))
    let_in = group.with_member(everybody[2])
    control = (RecordKind.CONTROL, let_in.members_payload())
    a.store.keep(replace(state_of(a), group=let_in.to_json(), controls=[control]))
    device_id = c.database.clock.device_id
    state = new_state(str(c.shared), let_in, c.own, device_id)
    c.store.keep(telling_all(c.store, state))
    NoteStore(b.database).create("under the new key", "")
    settle([a, b, c])
    assert "under the new key" in titles(c)
    newest = {SyncGroup.from_json(state_of(one).group).current.id for one in (a, b, c)}
    assert len(newest) == 1
    for one in (a, b, c):
        one.close()


def peer(computer: Computer, stream: str) -> Peer:
    look = computer.store.look()
    assert look
    return look.peers[stream]


def peers_of(computer: Computer) -> list[Peer]:
    look = computer.store.look()
    return list(look.peers.values()) if look else []
