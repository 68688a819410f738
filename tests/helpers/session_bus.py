"""A session bus of a test's own."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.helpers.window import ROOT


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run a session bus and return its address, which the environment has too."""
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address=1"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with daemon:
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address
        daemon.terminate()


@pytest.fixture
def portal(bus: str) -> Iterator[Callable[[str], "subprocess.Popen[str]"]]:
    """Starts a portal that behaves in a way."""
    started = []

    def start(behaviour: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.helpers.fake_portal", behaviour]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        with process:
            process.kill()
