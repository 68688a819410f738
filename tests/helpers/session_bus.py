"""A session bus of a test's own."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.helpers.window import ROOT

_CONFIGURATION: Final = """\
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


@contextmanager
def bus_with(services: Path) -> Iterator[str]:
    """Run a session bus that starts the services of a folder and no others.

    A keyring, say, would ask for a password and hold the keyboard meanwhile.

    Yields:
        Its address.
    """
    configuration = services / "bus.conf"
    configuration.write_text(_CONFIGURATION.format(services=services), "utf-8")
    daemon = subprocess.Popen(
        ["dbus-daemon", "--nofork", "--print-address", "--config-file", configuration],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with daemon:
        assert daemon.stdout is not None
        try:
            yield daemon.stdout.readline().strip()
        finally:
            daemon.terminate()


@pytest.fixture
def bare_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run a session bus without services, and return its address."""
    services = tmp_path / "services"
    services.mkdir()
    with bus_with(services) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


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
def portal(bus: str) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts a portal that behaves in a way, and gives a picture if it has one."""
    started = []

    def start(behaviour: str, *picture: str) -> "subprocess.Popen[str]":
        module = "tests.helpers.fake_portal"
        command = [sys.executable, "-m", module, behaviour, *picture]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        with process:
            process.kill()
