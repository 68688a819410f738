"""A sidecar that hangs says where before it is killed; one that slept does not hang."""

import os
import signal
import sys
import threading
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QElapsedTimer
from pytestqt.qtbot import QtBot

from backend.interface.api_types import Done
from qtshell.sidecar import lifecycle
from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.clock import SystemClock
from qtshell.sidecar.launch import Launch
from qtshell.sidecar.lifecycle import Phase, Reason
from qtshell.sidecar.supervisor import SidecarSupervisor
from tests.helpers.fault_injection import running
from tests.helpers.stub_sidecar import stub_launch
from tests.helpers.window import until

pytestmark = pytest.mark.sidecar

_WAIT_MS = 30_000
_ODD = Launch(sys.executable, ("-u", "-m", "tests.helpers.misbehaving_sidecar"))


@pytest.mark.parametrize("way", ["spin", "hold-gil", "deadlock"])
def test_the_log_shows_where_it_hung(
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    way: str,
) -> None:
    caplog.set_level("INFO", "hearth.sidecar")
    supervisor = SidecarSupervisor(_ODD, tmp_path)
    with qtbot.waitSignal(supervisor.ready, timeout=_WAIT_MS):
        supervisor.start()
    for phase in (Phase.READY, Phase.UNRESPONSIVE):
        monkeypatch.setitem(lifecycle.DEADLINES_MS, phase, 300)
    hung = supervisor.pid
    client = SidecarClient(lambda: supervisor.trust)
    client.get(f"/odd/{way}", Done, lambda _: None)
    with qtbot.waitSignal(supervisor.ready, timeout=_WAIT_MS):
        pass
    assert supervisor.reason is Reason.HUNG
    assert not psutil.pid_exists(hung)
    assert f"in {way.replace('-', '_')}" in caplog.text
    supervisor.stop()
    qtbot.waitUntil(lambda: supervisor.phase is Phase.STOPPED, timeout=_WAIT_MS)


class SleepyClock(SystemClock):
    """A clock of a machine that can be put to sleep."""

    def __init__(self) -> None:
        self.extra_ms = 0

    def slept_ms(self) -> int:
        return super().slept_ms() + self.extra_ms


@pytest.mark.parametrize("slept_ms", [60_000, 8 * 3_600_000], ids=["1 min", "8 h"])
def test_what_went_unanswered_around_a_sleep_is_no_hang(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slept_ms: int
) -> None:
    """The sidecar wakes much later than the shell."""
    clock = SleepyClock()
    supervisor = SidecarSupervisor(stub_launch("obey"), tmp_path, clock=clock)
    with qtbot.waitSignal(supervisor.ready, timeout=_WAIT_MS):
        supervisor.start()
    for phase in (Phase.READY, Phase.UNRESPONSIVE):
        monkeypatch.setitem(lifecycle.DEADLINES_MS, phase, 200)
    pid = supervisor.pid
    os.kill(pid, signal.SIGSTOP)
    clock.extra_ms = slept_ms
    # Without the sleep it would be killed after 800 ms.
    waited = QElapsedTimer()
    waited.start()
    qtbot.waitUntil(lambda: waited.elapsed() > 3_000, timeout=_WAIT_MS)
    assert supervisor.pid == pid
    os.kill(pid, signal.SIGCONT)
    qtbot.waitUntil(
        lambda: (supervisor.phase, supervisor._state.unanswered) == (Phase.READY, 0),
        timeout=_WAIT_MS,
    )
    assert supervisor.pid == pid
    supervisor.stop()
    qtbot.waitUntil(lambda: supervisor.phase is Phase.STOPPED, timeout=_WAIT_MS)


@pytest.mark.e2e
def test_a_machine_that_slept_finds_everything_as_it_was(tmp_path: Path) -> None:
    """All is stopped for longer than three heartbeats may stay unanswered."""
    longer_s = (lifecycle.MISSES_HUNG + 1) * 2.0 + 0.5
    with running(tmp_path) as trials:
        window = trials.window
        sidecar = window.sidecar
        os.kill(window.process.pid, signal.SIGSTOP)
        sidecar.suspend()
        threading.Event().wait(longer_s)
        os.kill(window.process.pid, signal.SIGCONT)
        sidecar.resume()
        until(trials.is_usable, "the page")
        threading.Event().wait(2.5)
        assert trials.is_usable()
        assert window.sidecar.pid == sidecar.pid
        assert "unresponsive" not in window.log
