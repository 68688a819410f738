"""A libSQL server as the place of records: kept, cut, emptied, set back, spoiled."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.sync.hrana import HranaClient, Statement
from backend.sync.records import RecordKind, RecordWriter
from backend.sync.server import ServerTransport
from backend.sync.transport import TransportError
from tests.helpers.model_server import FakeModelServer
from tests.helpers.sqld import Sqld

MINE, OTHER = "a" * 32, "b" * 32


@pytest.fixture(scope="module")
def sqld(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqld]:
    with Sqld(tmp_path_factory.mktemp("sqld")) as server:
        yield server


@pytest.fixture
def client(sqld: Sqld) -> Iterator[HranaClient]:
    client = HranaClient(sqld.url)
    yield client
    client.run([Statement("drop table if exists hearth_record")])
    client.close()


@pytest.fixture
def server(client: HranaClient) -> ServerTransport:
    transport = ServerTransport(client, "group")
    transport.begin()
    return transport


def records(count: int, size: int = 10) -> list[tuple[int, bytes]]:
    signer = Ed25519PrivateKey.generate()
    writer = RecordWriter(b"e" * 8, b"k" * 32, signer, b"s" * 16, 0, bytes(32))
    noise = [os.urandom(size).hex() for _ in range(count)]
    return [(n + 1, writer.seal(RecordKind.OPS, [noise[n]])) for n in range(count)]


def test_what_one_writes_another_finds_once(
    server: ServerTransport, client: HranaClient
) -> None:
    made = records(3)
    done = server.exchange(OTHER, made, {})
    assert (done.kept, done.head, done.found) == ([1, 2, 3], 3, [])
    found = server.exchange(MINE, [], {OTHER: 1}).found
    assert [(one.stream, one.record) for one in found] == [
        (OTHER, record) for _, record in made[1:]
    ]
    assert server.exchange(MINE, [], {OTHER: 3}).found == []
    assert server.exchange(MINE, [], {OTHER: None}).found == []
    assert ServerTransport(client, "others").exchange(MINE, [], {}).found == []


def test_only_what_follows_is_kept_and_what_was_kept_is_known(
    server: ServerTransport,
) -> None:
    made = records(4)
    server.exchange(MINE, made[:1], {})
    assert server.exchange(MINE, made[2:], {}).kept == []
    assert server.exchange(MINE, made[:2], {}).kept == [1, 2]
    done = server.exchange(MINE, records(2), {})
    assert (done.kept, done.head) == ([], 2)


def test_streams_come_in_the_order_in_which_they_were_written(
    server: ServerTransport,
) -> None:
    first, second = records(2), records(2)
    server.exchange(OTHER, first[:1], {})
    server.exchange("c" * 32, second, {})
    server.exchange(OTHER, first[1:], {})
    found = [one.record for one in server.exchange(MINE, [], {}).found]
    assert found == [first[0][1], second[0][1], second[1][1], first[1][1]]


def test_a_record_beyond_what_a_server_takes_is_cut_and_joined(
    server: ServerTransport, client: HranaClient
) -> None:
    made = records(2, size=6_000_000)
    assert len(made[0][1]) > 5_000_000
    assert server.exchange(OTHER, made, {}).kept == [1, 2]
    assert server.exchange(OTHER, made, {}).kept == [1, 2]
    found = server.exchange(MINE, [], {}).found
    assert [one.record for one in found] == [made[0][1]]
    found = server.exchange(MINE, [], {OTHER: 1}).found
    assert [one.record for one in found] == [made[1][1]]
    # One whose end is still on its way, and what follows on it, has not come.
    client.run([Statement("delete from hearth_record where n = 2 and part = 2")])
    assert server.exchange(MINE, [], {OTHER: 1}).found == []
    assert server.exchange(OTHER, made[1:], {}).kept == [2]
    found = server.exchange(MINE, [], {OTHER: 1}).found
    assert [one.record for one in found] == [made[1][1]]


def test_parts_of_another_do_not_follow_on_our_beginning(
    server: ServerTransport,
) -> None:
    ours, theirs = records(1, size=2_000_000), records(1, size=3_000_000)
    server.exchange(OTHER, ours, {})
    assert server.exchange(OTHER, theirs, {}).kept == []
    [found] = server.exchange(MINE, [], {}).found
    assert found.record == ours[0][1]


def test_much_comes_in_windows(server: ServerTransport) -> None:
    made = records(8, size=500_000)
    server.exchange(OTHER, made, {})
    last, found, windows = 0, list[bytes](), 0
    while came := server.exchange(MINE, [], {OTHER: last}).found:
        found += [one.record for one in came]
        last, windows = len(found), windows + 1
    assert found == [record for _, record in made]
    assert windows > 2


def test_a_gap_is_given_as_it_is(server: ServerTransport, client: HranaClient) -> None:
    made = records(100)
    server.exchange(OTHER, made, {})
    client.run([Statement("delete from hearth_record where n < 90")])
    found = server.exchange(MINE, [], {}).found
    assert found[0].record == made[89][1]


def test_what_is_no_record_and_no_stream(
    server: ServerTransport, client: HranaClient
) -> None:
    put = "insert into hearth_record values ('group', ?1, 1, 0, ?2)"
    client.run(
        [
            Statement(put, (OTHER, b"rubbish")),
            Statement(put, ("no stream", b"rubbish")),
            Statement(put, ("c" * 32, "words")),
        ]
    )
    found = server.exchange(MINE, [], {}).found
    assert {(one.stream, one.record) for one in found} == {
        (OTHER, b"rubbish"),
        ("c" * 32, b""),
    }


def test_an_emptied_server_is_begun_anew(sqld: Sqld, client: HranaClient) -> None:
    server = ServerTransport(client, "group")
    done = server.exchange(MINE, records(1), {})
    assert (done.kept, done.head) == ([1], 1)
    client.run([Statement("drop table hearth_record")])
    assert server.exchange(MINE, [], {}).head == 0


def test_a_server_that_forgets_at_once_is_told() -> None:
    gone = '{"results": [{"type": "error", "error": {"message": "no such table"}}]}'
    done = '{"type": "ok", "response": {"result": {"rows": []}}}'
    made = f'{{"results": [{", ".join([done] * 3)}]}}'
    answers = iter([gone, made, gone, made])
    with FakeModelServer(lambda one: one.answer(200, next(answers))) as fake:
        server = ServerTransport(HranaClient(fake.url), "group")
        with pytest.raises(TransportError, match="does not keep"):
            server.take("hello")
        server.close()


def test_what_is_left_for_another_is_found(server: ServerTransport) -> None:
    assert server.take("hello") is None
    server.leave("hello", b"said")
    server.leave("hello", b"said again")
    assert server.take("hello") == b"said again"
    server.drop("hello")
    server.drop("hello")
    assert server.take("hello") is None
    away = ServerTransport(HranaClient("http://127.0.0.1:1"), "group")
    away.drop("hello")


def test_no_word_is_in_the_files_of_the_server(
    server: ServerTransport, sqld: Sqld, tmp_path: Path
) -> None:
    signer = Ed25519PrivateKey.generate()
    writer = RecordWriter(b"e" * 8, b"k" * 32, signer, b"s" * 16, 0, bytes(32))
    server.exchange(MINE, [(1, writer.seal(RecordKind.OPS, ["kanarienvogel"]))], {})
    assert server.exchange(OTHER, [], {}).found
    assert all(b"kanarienvogel" not in file.read_bytes() for file in sqld.files())
