"""The real sidecar: boots, proves itself, serves, and ends in every way it must."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from backend.interface.protocol import HEALTH_PATH, LOOPBACK, prove
from tests.helpers.misbehaving_sidecar import CANARY
from tests.helpers.sidecar import ROOT, Sidecar

pytestmark = [pytest.mark.sidecar, pytest.mark.e2e]

ODD = "tests.helpers.misbehaving_sidecar"


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[Sidecar]:
    with Sidecar.start(tmp_path) as running:
        yield running


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Sidecar]:
    with Sidecar.start(tmp_path, module=ODD) as running:
        yield running


def wait_until_gone(pid: int, seconds: float) -> None:
    """Fail when a process still lives then; one nobody waited for counts as gone."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.02)
                continue
        return
    pytest.fail(f"{pid} still lives after {seconds} s")


def test_it_proves_that_it_knows_the_token(sidecar: Sidecar) -> None:
    answer = sidecar.request("GET", f"{HEALTH_PATH}?nonce=once", token=False)
    data = json.loads(answer.body)
    assert data["status"] == "healthy"
    assert data["proof"] == prove(sidecar.token, "once")
    assert sidecar.token not in answer.text


def test_the_heartbeat_says_how_the_database_is(sidecar: Sidecar) -> None:
    data = json.loads(sidecar.get(HEALTH_PATH).body)
    assert data["database"]
    assert "proof" not in data


def test_the_last_port_is_taken_again_after_a_crash(tmp_path: Path) -> None:
    with Sidecar.start(tmp_path) as first:
        with socket.create_connection((LOOPBACK, first.port)):
            first.kill()
        with Sidecar.start(tmp_path, port=first.port) as second:
            assert second.port == first.port


def test_a_taken_port_is_given_up_for_a_free_one(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with Sidecar.start(tmp_path, port=port) as sidecar:
            assert sidecar.port not in {0, port}
            assert sidecar.get(HEALTH_PATH).status == 200


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"])
def test_a_signal_ends_it_cleanly(sidecar: Sidecar, name: str) -> None:
    sidecar.process.send_signal(getattr(signal, name))
    assert sidecar.process.wait(10) == 0


def test_the_end_of_the_leash_ends_it_cleanly(sidecar: Sidecar) -> None:
    assert sidecar.stop() == 0
    assert not sidecar.is_listening()


def test_the_end_does_not_wait_for_open_streams(sidecar: Sidecar) -> None:
    with sidecar.open_events():
        assert sidecar.stop() == 0


@pytest.mark.parametrize("state", ["running", "stopped", "block", "hold-gil"])
def test_it_dies_with_the_shell_in_any_state(tmp_path: Path, state: str) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.helpers.crashing_shell",
        str(tmp_path),
        state,
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        pid = int(shell.stdout.readline())
        shell.kill()
    wait_until_gone(pid, 5.0)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word on a pipe")
def test_an_illegal_instruction_still_ends_it(sidecar: Sidecar) -> None:
    """The first one sets the alarm, as its handler serves the leash."""
    pause = threading.Event()
    while sidecar.process.poll() is None:
        sidecar.process.send_signal(signal.SIGILL)
        pause.wait(0.1)
    assert sidecar.process.returncode == -signal.SIGILL


def test_an_end_that_hangs_is_cut_short(tmp_path: Path) -> None:
    with Sidecar.start(tmp_path, module=ODD, environment={"HEARTH_ODD": "stop"}) as odd:
        assert odd.stop(5.0) == -signal.SIGALRM


def test_a_start_that_fails_leaves_health_and_page(tmp_path: Path) -> None:
    with Sidecar.start(
        tmp_path, module=ODD, environment={"HEARTH_ODD": "start"}
    ) as odd:
        assert odd.get(HEALTH_PATH).status == 200
        odd.wait_for_log("could not start: builtins.RuntimeError")
        assert CANARY not in odd.log


@pytest.mark.parametrize("hello", [b"", b"not json\n", b'{"protocol": 9}\n'])
def test_without_a_hello_it_says_so_and_exits_2(hello: bytes) -> None:
    command = [sys.executable, "-m", "backend"]
    ended = subprocess.run(
        command, cwd=ROOT, input=hello, capture_output=True, timeout=20, check=False
    )
    assert ended.returncode == 2
    assert b"`hearth`" in ended.stderr
    assert b"Traceback" not in ended.stderr
    assert ended.stdout == b""


def test_noise_neither_blocks_it_nor_reaches_stdout(tmp_path: Path) -> None:
    with Sidecar.start(tmp_path, module=ODD, drain=False) as odd:
        assert odd.get("/odd/noise").text == "said"
        odd.stop()
        assert odd.process.stdout is not None
        assert odd.process.stdout.read() == b""


def test_it_serves_on_when_nobody_reads_its_log_any_more(tmp_path: Path) -> None:
    with Sidecar.start(tmp_path, module=ODD, drain=False) as odd:
        assert odd.process.stderr is not None
        odd.process.stderr.close()
        assert odd.get("/odd/boom").status == 500
        assert odd.get(HEALTH_PATH).status == 200


def test_a_loop_that_stands_still_is_measured_and_logged(tmp_path: Path) -> None:
    with Sidecar.start(tmp_path, module=ODD) as odd:
        assert odd.get("/odd/stall").text == "stalled"
        odd.wait_for_log("all requests were held up for 1")
        assert json.loads(odd.get(HEALTH_PATH).body)["lag_ms"] >= 1_000


def test_work_in_a_thread_does_not_hold_up_others(odd: Sidecar) -> None:
    with socket.create_connection((LOOPBACK, odd.port)) as slow:
        head = f"GET /odd/sleep HTTP/1.1\r\nhost: {odd.host}\r\nx-hearth-token: "
        slow.sendall(f"{head}{odd.token}\r\n\r\n".encode())
        for _ in range(5):
            assert odd.get(HEALTH_PATH).status == 200
        slow.setblocking(False)
        with pytest.raises(BlockingIOError):  # it sleeps on, for three seconds
            slow.recv(1)


@pytest.mark.parametrize("state", ["block", "hold-gil"])
def test_a_hang_shows_where_it_hangs_before_the_kill(odd: Sidecar, state: str) -> None:
    with socket.create_connection((LOOPBACK, odd.port)) as stuck:
        head = f"GET /odd/{state} HTTP/1.1\r\nhost: {odd.host}\r\nx-hearth-token: "
        stuck.sendall(f"{head}{odd.token}\r\n\r\n".encode())
        odd.wait_for_log("reached")
        os.kill(odd.pid, signal.SIGUSR1)
        odd.wait_for_log(f"in {state.replace('-', '_')}")
    odd.kill()
    assert "Stack (most recent call first)" in odd.log


def test_a_stream_begins_where_the_page_was_rendered(sidecar: Sidecar) -> None:
    with sidecar.open_events(since=1) as events:
        event = next(events)
    assert event.name == "resync"
    assert event.seq is not None
    assert event.seq > 1


def test_reloading_often_keeps_few_streams(sidecar: Sidecar) -> None:
    def threads() -> int:
        return psutil.Process(sidecar.pid).num_threads()

    before = threads()
    for _ in range(60):
        with sidecar.open_events(since=1) as events:
            next(events)
    deadline = time.monotonic() + 10
    while threads() > before + 16 and time.monotonic() < deadline:
        sidecar.get(HEALTH_PATH)
        time.sleep(0.1)
    assert threads() <= before + 16


def test_three_hundred_streams_do_not_starve_the_page(sidecar: Sidecar) -> None:
    head = f"GET /events HTTP/1.1\r\nhost: {sidecar.host}\r\nx-hearth-token: "
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            stream = stack.enter_context(
                socket.create_connection((LOOPBACK, sidecar.port))
            )
            stream.sendall(f"{head}{sidecar.token}\r\n\r\n".encode())
        assert sidecar.get(HEALTH_PATH).status == 200
        assert sidecar.get("/assets/0/none.js").status == 404
