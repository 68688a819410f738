"""Calls survive the wire, and the lock decides who is the one instance."""

import contextlib
import os
import socket
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from qtshell.ipc.instance import (
    MAX_CALL_BYTES,
    Call,
    CallError,
    Instance,
    Reply,
    WrongCallError,
    call,
    claim_or_call,
    running,
)


@pytest.fixture(autouse=True)
def runtime_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime folder of the test's own."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def claim(data_dir: Path) -> Instance:
    claimed = Instance.claim(data_dir)
    assert claimed is not None
    return claimed


@contextlib.contextmanager
def serving(instance: Instance, *replies: bytes) -> Iterator[list[bytes]]:
    heard: list[bytes] = []
    listening = instance.listen()

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as lines:
                heard.append(lines.readline())
                for reply in replies:
                    connection.sendall(reply)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield heard
    with contextlib.suppress(OSError):
        listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(5)


@pytest.mark.parametrize(
    "asked",
    [
        Call("open"),
        Call("ask", "", "two\nlines\0 and 👋"),
        Call("action", "x", "", "t"),
    ],
    ids=["bare", "text", "all"],
)
def test_a_call_comes_out_as_it_went_in(asked: Call) -> None:
    line = asked.to_line()
    assert line.count(b"\n") == 1
    assert Call.from_line(line) == asked


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"nonsense",
        b"[]",
        b"\xff\xfe",
        b'{"hearth": 2, "verb": "open"}',
        b'{"hearth": 1}',
        b'{"hearth": 1, "verb": 5}',
        b"[" * 100_000,
        b'{"hearth": 1, "verb": ' + b"[" * 100_000,
    ],
)
def test_anything_else_is_no_call(line: bytes) -> None:
    with pytest.raises(WrongCallError):
        Call.from_line(line)


@pytest.mark.parametrize("line", [b"", b"{}", b"[1]", b'"x"', b"[" * 100_000])
def test_a_reply_that_cannot_be_read_ends_the_call_as_failed(line: bytes) -> None:
    assert Reply.from_line(line).exit == 1


def test_only_one_holds_the_lock_and_it_can_be_taken_when_let_go(
    tmp_path: Path,
) -> None:
    first = claim(tmp_path)
    assert Instance.claim(tmp_path) is None
    assert running(tmp_path) == os.getpid()
    first.release()
    assert running(tmp_path) is None
    claim(tmp_path).release()


def test_two_data_folders_do_not_collide(tmp_path: Path) -> None:
    one, two = claim(tmp_path / "one"), claim(tmp_path / "two")
    assert one.address != two.address
    one.release()
    two.release()


def test_two_users_do_not_collide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    long = tmp_path / ("long" * 30)
    first = claim(long)
    first.release()
    monkeypatch.setattr("os.getuid", lambda: 12345)
    # A folder that is not this user's own is never listened in.
    (tmp_path / "hearth-12345").mkdir(mode=0o755)
    with pytest.raises(CallError, match="another user"):
        Instance.claim(long)


def test_a_folder_that_others_may_write_to_is_never_listened_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    # Short, so that the socket would fit there.
    with tempfile.TemporaryDirectory(prefix="h", dir="/tmp") as short:
        monkeypatch.setattr("tempfile.tempdir", short)
        shared = Path(short) / f"hearth-{os.getuid()}"
        shared.mkdir()
        shared.chmod(0o770)
        with pytest.raises(CallError, match="another user"):
            Instance.claim(tmp_path / ("long" * 30))


def test_the_same_folder_by_a_link_is_the_same_instance(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    first = claim(real)
    assert Instance.claim(tmp_path / "link") is None
    first.release()


def test_no_folder_is_too_long_for_the_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 30)
    long.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    monkeypatch.setattr("tempfile.tempdir", str(long))
    first = claim(long)
    with first.listen():
        assert Path(first.address).is_socket()
    first.release()


def test_the_socket_is_this_users_only(tmp_path: Path) -> None:
    first = claim(tmp_path)
    with first.listen():
        mode = Path(first.address).stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
    first.release()
    assert not Path(first.address).exists()


def test_a_socket_somebody_left_behind_is_replaced(tmp_path: Path) -> None:
    first = claim(tmp_path)
    first.listen().close()
    assert Path(first.address).exists()
    with first.listen():
        pass
    first.release()


def test_a_call_is_handed_over_and_its_replies_come_back(tmp_path: Path) -> None:
    first = claim(tmp_path)
    replies = [Reply("Hel"), Reply(), Reply("lo", exit=0)]
    with serving(first, *(reply.to_line() for reply in replies)) as heard:
        assert list(call(tmp_path, Call("ask", "", "hi"))) == replies
    assert Call.from_line(heard[0]) == Call("ask", "", "hi")
    first.release()


def test_nobody_running_is_said(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="not running"):
        list(call(tmp_path, Call("status")))


def test_an_instance_that_hangs_is_named(tmp_path: Path) -> None:
    first = claim(tmp_path)
    with first.listen(), pytest.raises(CallError, match=f"process {os.getpid()}"):
        list(call(tmp_path, Call("open"), answer_s=0.05))
    first.release()


def test_too_long_a_text_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="too long"):
        list(call(tmp_path, Call("ask", "", "x" * MAX_CALL_BYTES)))


def test_a_second_launch_waits_for_one_that_is_starting(tmp_path: Path) -> None:
    first = claim(tmp_path)
    data: list[object] = []
    thread = threading.Thread(
        target=lambda: data.append(claim_or_call(tmp_path, Call("open")))
    )
    thread.start()
    with serving(first, Reply(exit=0).to_line()):
        thread.join(10)
    assert data == [[Reply(exit=0)]]
    first.release()


def test_a_second_launch_takes_over_from_one_that_quits(tmp_path: Path) -> None:
    first = claim(tmp_path)
    data: list[object] = []
    thread = threading.Thread(
        target=lambda: data.append(claim_or_call(tmp_path, Call("open")))
    )
    thread.start()
    first.release()
    thread.join(10)
    [second] = data
    assert isinstance(second, Instance)
    second.release()


def test_giving_up_is_said(tmp_path: Path) -> None:
    first = claim(tmp_path)
    with pytest.raises(CallError):
        claim_or_call(tmp_path, Call("open"), free_s=0.05)
    first.release()
