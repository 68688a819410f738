"""What another program on this computer can do to the port without the token."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final

import psutil

from backend.interface.protocol import HEALTH_PATH, LOOPBACK
from backend.runtime.process_guard import MAPPED_BYTES, MEMORY_HEADROOM_BYTES
from tests.helpers.connection_flood import READY
from tests.helpers.fault_injection import Trial, Trials
from tests.helpers.sidecar import ROOT
from tests.helpers.window import until

MOST_BYTES: Final = MAPPED_BYTES + MEMORY_HEADROOM_BYTES + 256 * 1024 * 1024
"""What the sidecar may use at most, with what it had mapped at its start."""
HUGE_BYTES: Final = 2 * 1024 * 1024 * 1024
FEW_FILES: Final = 300
_PIECE: Final = bytes(4 * 1024 * 1024)
_BAD_CHUNK: Final = b"transfer-encoding: chunked\r\n\r\nZZZ\r\n\r\n"
_DYING_S: Final = 60.0


def strike(sidecar: psutil.Process, port: int) -> None:
    """Send one malformed chunk, of which Robyn 0.88 dies."""
    with socket.create_connection((LOOPBACK, port), 10) as connection:
        head = f"POST / HTTP/1.1\r\nhost: {LOOPBACK}:{port}\r\n".encode()
        connection.sendall(head + _BAD_CHUNK)
        sidecar.wait(_DYING_S)


def flood(sidecar: psutil.Process, port: int) -> int:
    """Send a body until the sidecar dies of it; return the most memory it used."""
    most = 0
    head = f"POST / HTTP/1.1\r\nhost: {LOOPBACK}:{port}\r\ncontent-length: "
    with (
        socket.create_connection((LOOPBACK, port), 10) as connection,
        contextlib.suppress(OSError, psutil.NoSuchProcess),
    ):
        connection.sendall(f"{head}{HUGE_BYTES * 4}\r\n\r\n".encode())
        for _ in range(HUGE_BYTES * 4 // len(_PIECE)):
            connection.sendall(_PIECE)
            most = max(most, sidecar.memory_info().rss)
    sidecar.wait(_DYING_S)
    return most


@contextlib.contextmanager
def crowd(port: int, count: int) -> Iterator[None]:
    """Hold connections that are idle, or dribble a head or a body for ever."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.connection_flood", str(port), str(count)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline().strip() == READY
            yield
        finally:
            process.kill()


def is_answered(port: int) -> bool:
    """Whether a new connection is answered within a second."""
    head = f"GET {HEALTH_PATH} HTTP/1.1\r\nhost: {LOOPBACK}:{port}\r\n\r\n"
    try:
        with socket.create_connection((LOOPBACK, port), 1) as connection:
            connection.settimeout(1)
            connection.sendall(head.encode())
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


def strike_answering_sidecar(trials: Trials) -> Trial:
    """Send a malformed request at any moment of an answer."""
    sidecar, port = trials.window.sidecar, trials.window.port
    return trials.interrupt_answer(lambda: strike(sidecar, port))


def flood_sidecar(trials: Trials) -> Trial:
    """Send a body without end, and measure from the sidecar's death."""
    trials.keep_row()
    most = flood(trials.window.sidecar, trials.window.port)
    assert most < MOST_BYTES, f"{most >> 20} MB"
    return trials.measure(lambda: None)


def crowd_out_sidecar(trials: Trials) -> Trial:
    """Take every connection it may have, and keep them."""
    trials.keep_row()
    sidecar, port = trials.window.sidecar, trials.window.port
    _, hard = sidecar.rlimit(psutil.RLIMIT_NOFILE)
    sidecar.rlimit(psutil.RLIMIT_NOFILE, (FEW_FILES, hard))
    with crowd(port, FEW_FILES + 100):
        started = time.monotonic()
        until(lambda: is_answered(trials.window.port), "an answer")
        trial = trials.measure(lambda: None)
        seconds = time.monotonic() - started
    return Trial(recovery_s=seconds, rows_lost=trial.rows_lost)
