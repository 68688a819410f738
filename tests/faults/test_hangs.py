"""A sidecar that hangs says where before it is killed; one that slept does not hang."""

import os
import signal
import sys
import threading
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from qtshell import lifecycle
from qtshell.launch import Launch
from qtshell.lifecycle import Phase, Reason
from qtshell.sidecar_client import SidecarClient
from qtshell.supervisor import SidecarSupervisor
from tests.helpers.trials import running
from tests.helpers.window import until

pytestmark = pytest.mark.sidecar

_WAIT_MS = 30_000
_ODD = Launch(sys.executable, ("-u", "-m", "tests.helpers.odd_sidecar"))


def test_the_log_shows_where_it_hung(
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "hearth.sidecar")
    supervisor = SidecarSupervisor(_ODD, tmp_path)
    with qtbot.waitSignal(supervisor.ready, timeout=_WAIT_MS):
        supervisor.start()
    for phase in (Phase.READY, Phase.UNRESPONSIVE):
        monkeypatch.setitem(lifecycle.DEADLINES_MS, phase, 300)
    hung = supervisor.pid
    client = SidecarClient(lambda: supervisor.trust)
    client.get("/odd/hold-gil", lambda _status, _body: None)
    with qtbot.waitSignal(supervisor.ready, timeout=_WAIT_MS):
        pass
    assert supervisor.reason is Reason.HUNG
    assert not psutil.pid_exists(hung)
    assert "in hold_gil" in caplog.text
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
