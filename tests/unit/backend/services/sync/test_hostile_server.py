"""A server that lies: nothing in it can be read, and nothing it makes up is taken."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.ids import new_id
from backend.store.notes import NoteStore
from backend.sync.group import SyncGroup
from backend.sync.hrana import HranaClient, Statement
from tests.helpers.sqld import Sqld
from tests.helpers.synced import Computer, grouped, settle, state_of, titles
from tests.unit.backend.services.sync.test_hostile_folder import (
    FORGED,
    LIES,
    Lie,
    of_another,
    peer,
    pretended,
    unknown_writer,
)

_READ = "select data from hearth_record where grp = ? and stream = ? order by n"
_CLEAR = "delete from hearth_record where grp = ? and stream = ?"
_WRITE = "insert into hearth_record(grp, stream, n, part, data) values (?, ?, ?, 0, ?)"
OF_FOLDER = {of_another, pretended, unknown_writer}


class LyingServer:
    """What is on a real server, and whoever runs it."""

    def __init__(self, server: Sqld) -> None:
        self.client = HranaClient(server.url, "", "")

    def read(self, computer: Computer, stream: str) -> list[bytes]:
        """Return the records of a stream."""
        where = group_of(computer), stream
        [found] = self.client.run([Statement(_READ, where)])
        return [data for (data,) in found if isinstance(data, bytes)]

    def write(self, computer: Computer, stream: str, records: list[bytes]) -> None:
        """Have other records in their place."""
        where = group_of(computer), stream
        self.client.run([Statement(_CLEAR, where)])
        for n, record in enumerate(records, 1):
            self.client.run([Statement(_WRITE, (*where, n, record))])


def group_of(computer: Computer) -> str:
    return SyncGroup.from_json(state_of(computer).group).id


@pytest.fixture(scope="module")
def sqld(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqld]:
    with Sqld(tmp_path_factory.mktemp("sqld")) as server:
        yield server


@pytest.fixture(scope="module")
def liar(sqld: Sqld) -> Iterator[LyingServer]:
    liar = LyingServer(sqld)
    yield liar
    liar.client.close()


@pytest.fixture(scope="module")
def group(
    sqld: Sqld, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Computer]]:
    three = grouped(tmp_path_factory.mktemp("group"), ["a", "b", "c"], sqld.url)
    settle(three)
    yield three
    for one in three:
        one.close()


@pytest.fixture
def three(group: list[Computer]) -> list[Computer]:
    """Three computers; a has written two notes that b has not."""
    settle(group)
    for number in range(2):
        NoteStore(group[0].database).create(f"canary {number} {new_id()}", "canary")
        group[0].sync(3)
    return group


@pytest.mark.parametrize(
    "lie",
    [lie for lie in LIES if lie not in OF_FOLDER],
    ids=lambda lie: lie.__name__,
)
def test_a_lie_is_not_taken_and_is_told(
    three: list[Computer], liar: LyingServer, lie: Lie
) -> None:
    a, b, _ = three
    stream = state_of(a).stream
    honest = liar.read(a, stream)
    liar.write(a, stream, lie(three, honest))
    b.rounds.look_again()
    b.sync(5)
    assert titles(b) < titles(a)
    assert peer(b, stream).is_stopped
    liar.write(a, stream, honest)
    settle(three)
    assert titles(b) == titles(a)
    assert not peer(b, stream).is_stopped


def test_a_stream_under_the_name_of_another_is_not_taken(
    three: list[Computer], liar: LyingServer
) -> None:
    a, b, c = three
    stream = state_of(a).stream
    honest = liar.read(a, stream)
    liar.write(a, stream, [*honest[:-1], liar.read(c, state_of(c).stream)[-1]])
    b.rounds.look_again()
    b.sync(5)
    assert peer(b, stream).is_stopped
    liar.write(a, stream, honest)
    settle(three)
    assert titles(b) == titles(a)


def test_records_told_twice_are_nothing(
    three: list[Computer], liar: LyingServer
) -> None:
    a, b, _ = three
    stream = state_of(a).stream
    settle(three)
    honest, before = liar.read(a, stream), titles(b)
    for again in (honest[:1], honest[-1:]):
        liar.write(a, stream, [*honest, *again])
        b.rounds.look_again()
        b.sync(5)
        assert titles(b) == before
    liar.write(a, stream, honest)
    settle(three)
    assert not peer(b, stream).is_stopped


def test_two_accounts_cannot_be_spliced(
    three: list[Computer], liar: LyingServer, sqld: Sqld, tmp_path: Path
) -> None:
    """Streams of another person, moved to ours: by themselves, or after one of ours."""
    a, b, _ = three
    [other] = grouped(tmp_path, ["x"], sqld.url)
    NoteStore(other.database).create(FORGED, "")
    other.sync(3)
    theirs = liar.read(other, state_of(other).stream)
    liar.write(a, state_of(other).stream, theirs)
    stream = state_of(a).stream
    honest = liar.read(a, stream)
    liar.write(a, stream, [*honest[:-1], theirs[-1]])
    b.rounds.look_again()
    b.sync(5)
    assert FORGED not in titles(b)
    assert peer(b, state_of(other).stream).problem
    assert not peer(b, state_of(other).stream).member
    assert peer(b, stream).is_stopped
    liar.write(a, stream, honest)
    settle(three)
    assert titles(b) == titles(a)
    other.close()


def test_nothing_on_the_server_can_be_read(
    three: list[Computer], liar: LyingServer, sqld: Sqld
) -> None:
    settle(three)
    records = liar.read(three[0], state_of(three[0]).stream)
    assert records
    assert not any(b"canary" in record for record in records)
    for file in sqld.files():
        assert b"canary" not in file.read_bytes()
