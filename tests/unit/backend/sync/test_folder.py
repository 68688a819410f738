"""A folder that programs sync: half written, missing, copied, gone, and full."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.sync.folder import ROOT, FolderTransport
from backend.sync.records import RecordKind, RecordWriter
from backend.sync.transport import TransportError

MINE, OTHER = "a" * 32, "b" * 32


@pytest.fixture
def folder(tmp_path: Path) -> FolderTransport:
    transport = FolderTransport(tmp_path, "group")
    transport.begin()
    return transport


def records(count: int, size: int = 10) -> list[tuple[int, bytes]]:
    signer = Ed25519PrivateKey.generate()
    writer = RecordWriter(b"e" * 8, b"k" * 32, signer, b"s" * 16, 0, bytes(32))
    noise = [os.urandom(size).hex() for _ in range(count)]
    return [(n + 1, writer.seal(RecordKind.OPS, [noise[n]])) for n in range(count)]


def files(root: Path, stream: str) -> list[Path]:
    return sorted((root / ROOT / "group" / stream).glob("*.hs"))


def test_what_one_writes_another_finds_once(
    folder: FolderTransport, tmp_path: Path
) -> None:
    made = records(3)
    done = folder.exchange(OTHER, made, {})
    assert (done.kept, done.head, done.found) == ([1, 2, 3], 3, [])
    reading = FolderTransport(tmp_path, "group")
    found = reading.exchange(MINE, [], {OTHER: 1}).found
    assert [(one.stream, one.record) for one in found] == [
        (OTHER, record) for _, record in made[1:]
    ]
    assert reading.exchange(MINE, [], {OTHER: 3}).found == []
    assert reading.exchange(MINE, [], {OTHER: None}).found == []


def test_only_what_follows_is_kept_and_what_was_kept_is_known(
    folder: FolderTransport,
) -> None:
    made = records(4)
    folder.exchange(MINE, made[:1], {})
    assert folder.exchange(MINE, made[2:], {}).kept == []
    assert folder.exchange(MINE, made[:2], {}).kept == [1, 2]
    foreign = records(2)
    done = folder.exchange(MINE, foreign, {})
    assert (done.kept, done.head) == ([], 2)


def test_a_torn_end_is_read_when_it_is_whole(
    folder: FolderTransport, tmp_path: Path
) -> None:
    folder.exchange(OTHER, records(3), {})
    [path] = files(tmp_path, OTHER)
    whole = path.read_bytes()
    for end in (0, 5, len(whole) // 3 + 9, len(whole) - 1):
        path.write_bytes(whole[:end])
        found = folder.exchange(MINE, [], {}).found
        assert b"".join(one.record for one in found) == whole[: len(whole) // 3] * (
            end > len(whole) // 3
        ) + whole[len(whole) // 3 : 2 * (len(whole) // 3)] * (end == len(whole) - 1)
    path.write_bytes(whole)
    assert len(folder.exchange(MINE, [], {}).found) == 3


def test_a_torn_end_of_ours_is_written_anew(
    folder: FolderTransport, tmp_path: Path
) -> None:
    made = records(3)
    folder.exchange(MINE, made[:2], {})
    [path] = files(tmp_path, MINE)
    path.write_bytes(path.read_bytes()[:-4])
    done = folder.exchange(MINE, made[1:], {})
    assert (done.kept, done.head) == ([2, 3], 3)
    assert path.read_bytes() == b"".join(record for _, record in made)


def test_large_files_are_not_touched_again(
    folder: FolderTransport, tmp_path: Path
) -> None:
    made = records(6, size=100_000)
    for one in made:
        folder.exchange(OTHER, [one], {})
    paths = files(tmp_path, OTHER)
    assert len(paths) > 2
    last, found = 0, []
    while came := folder.exchange(MINE, [], {OTHER: last}).found:
        found += [one.record for one in came]
        last = len(found)
    assert found == [record for _, record in made]


def test_copies_of_conflicts_and_what_is_no_file_are_left_out(
    folder: FolderTransport, tmp_path: Path
) -> None:
    folder.exchange(OTHER, records(1), {})
    [path] = files(tmp_path, OTHER)
    path.with_name("000000000001.sync-conflict-1.hs").write_bytes(b"H1")
    path.with_name(".000000000001.hs-x").write_bytes(b"half")
    path.parent.with_name("no stream").mkdir()
    assert len(folder.exchange(MINE, [], {}).found) == 1
    pipe = path.with_name("000000000002.hs")
    if hasattr(os, "mkfifo"):
        os.mkfifo(pipe)
        with pytest.raises(TransportError):
            folder.exchange(MINE, [], {})


def test_a_folder_that_is_gone_or_emptied_is_not_taken_for_empty(
    tmp_path: Path,
) -> None:
    home = tmp_path / "drive"
    home.mkdir()
    folder = FolderTransport(home, "group")
    with pytest.raises(TransportError, match="no longer in the folder"):
        folder.exchange(MINE, records(1), {})
    home.rmdir()
    with pytest.raises(TransportError, match="is not there"):
        folder.exchange(MINE, records(1), {})


def test_what_is_left_for_another_is_found(folder: FolderTransport) -> None:
    assert folder.take("hello") is None
    folder.leave("hello", b"said")
    assert folder.take("hello") == b"said"
    folder.drop("hello")
    folder.drop("hello")
    assert folder.take("hello") is None
