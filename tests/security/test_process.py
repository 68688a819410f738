"""What surrounds the process: its port, environment, memory and files."""

import os
import signal
import socket
import stat
import statistics
import time
from pathlib import Path

import psutil
import pytest

from backend.interface.protocol import HEALTH_PATH, LOOPBACK
from backend.runtime.process_guard import OPEN_FILES
from tests.helpers.misbehaving_sidecar import TIGHT_BYTES
from tests.helpers.sidecar import ROOT, Sidecar

pytestmark = pytest.mark.sidecar


@pytest.mark.parametrize(
    "options",
    [[], [socket.SO_REUSEADDR], [socket.SO_REUSEPORT]],
    ids=["plain", "reuse address", "reuse port"],
)
def test_nobody_can_bind_the_port_beside_us(
    sidecar: Sidecar, options: list[int]
) -> None:
    with socket.socket() as second:
        for option in options:
            second.setsockopt(socket.SOL_SOCKET, option, 1)
        with pytest.raises(OSError, match="in use"):
            listen(second, sidecar.port)


def listen(listener: socket.socket, port: int) -> None:
    listener.bind((LOOPBACK, port))
    listener.listen()


def test_the_token_is_neither_in_arguments_nor_environment(sidecar: Sidecar) -> None:
    process = Path(f"/proc/{sidecar.pid}")
    for name in ("cmdline", "environ"):
        assert sidecar.token.encode() not in (process / name).read_bytes()
    assert sidecar.token not in sidecar.log


def test_nothing_outside_moves_the_listener(tmp_path: Path) -> None:
    (tmp_path / "robyn.env").write_text("ROBYN_HOST=0.0.0.0\nROBYN_PORT=9\n")
    odd = {
        "ROBYN_HOST": "0.0.0.0",
        "ROBYN_PORT": "9",
        "ROBYN_DEV_MODE": "True",
        "ROBYN_BROWSER_OPEN": "1",
        "ROBYN_MAX_PAYLOAD_SIZE": "1",
        "PYTHONINSPECT": "1",
    }
    arguments = ["--dev", "--open-browser", "--processes", "4"]
    with Sidecar.start(
        tmp_path / "data", arguments=arguments, environment=odd, folder=tmp_path
    ) as sidecar:
        listening = [
            (found.laddr.ip, found.laddr.port)
            for process in [psutil.Process(sidecar.pid)]
            for found in process.net_connections("inet")
            if found.status == psutil.CONN_LISTEN
        ]
        assert listening == [(LOOPBACK, sidecar.port)]
        assert psutil.Process(sidecar.pid).children(recursive=True) == []


def test_many_files_may_be_open(sidecar: Sidecar) -> None:
    soft, hard = psutil.Process(sidecar.pid).rlimit(psutil.RLIMIT_NOFILE)
    assert soft == min(hard if hard >= 0 else OPEN_FILES, OPEN_FILES)


def test_a_crash_leaves_no_dump_of_the_memory(sidecar: Sidecar) -> None:
    soft, _ = psutil.Process(sidecar.pid).rlimit(psutil.RLIMIT_CORE)
    assert soft == 0


def test_a_huge_body_without_the_token_costs_bounded_memory(tmp_path: Path) -> None:
    with Sidecar.start(tmp_path, module="tests.helpers.misbehaving_sidecar") as odd:
        assert int(odd.get("/odd/tighten").text) > 0
        most = 0
        head = f"POST / HTTP/1.1\r\nhost: {odd.host}\r\ncontent-length: {2**31}\r\n\r\n"
        piece = bytes(4 * 1024 * 1024)
        process = psutil.Process(odd.pid)
        with socket.create_connection((LOOPBACK, odd.port), 10) as attack:
            attack.sendall(head.encode())
            try:
                for _ in range(2**31 // len(piece)):
                    attack.sendall(piece)
                    most = max(most, process.memory_info().rss)
            except (OSError, psutil.NoSuchProcess):
                pass
        assert most < TIGHT_BYTES * 1.5
        # Whoever asks for memory in vain ends it: Rust aborts, Python leaves.
        odd.process.wait(5)


def test_robyn_still_dies_of_one_bad_chunk(tmp_path: Path) -> None:
    """Fails when a new Robyn survives it (sparckles/Robyn#1425).

    Then the words about it in SECURITY.md and this test can go.
    """
    with Sidecar.start(tmp_path) as sidecar:
        head = f"POST / HTTP/1.1\r\nhost: {sidecar.host}\r\n"
        bad = f"{head}transfer-encoding: chunked\r\n\r\nZZZ\r\n\r\n"
        sidecar.send_raw(bad.encode(), timeout=2)
        assert sidecar.process.wait(5) in {-signal.SIGABRT, -signal.SIGSEGV}


def test_a_stranger_waits_for_nothing(sidecar: Sidecar) -> None:
    idle = [socket.create_connection((LOOPBACK, sidecar.port)) for _ in range(500)]
    try:
        times = []
        for _ in range(40):
            start = time.perf_counter()
            assert sidecar.get(HEALTH_PATH).status == 200
            times.append(time.perf_counter() - start)
        # One that had to wait for a stranger would wait for seconds.
        assert statistics.median(times) < 1
    finally:
        for connection in idle:
            connection.close()


def test_every_file_is_ours_alone_under_any_umask(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Sidecar.start(data, umask=0, folder=ROOT) as sidecar:
        sidecar.wait_for_database()
        sidecar.get("/")
        for folder, _, names in os.walk(data):
            for path in [Path(folder), *(Path(folder, name) for name in names)]:
                assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
