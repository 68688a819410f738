"""Whatever another program does to the port, the person goes on and loses nothing.

`HEARTH_FAULTS=long` does it for a minute, and with ten thousand connections.
"""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from qtshell.sidecar.lifecycle import GIVE_UP_AFTER
from tests.helpers.fault_injection import LAST_ANSWER, ForgivingWindow, Trials
from tests.helpers.hostile_clients import crowd, flood, strike
from tests.helpers.ticking_server import TickingServer
from tests.helpers.window import Window, until

pytestmark = [pytest.mark.sidecar, pytest.mark.e2e]

IS_LONG = os.environ.get("HEARTH_FAULTS") == "long"
STRIKES = 12 if IS_LONG else GIVE_UP_AFTER + 1
EVERY_S = 5.0 if IS_LONG else 0.0
CONNECTIONS = 10_000 if IS_LONG else 900
TIGHT_BYTES = 400 * 1024 * 1024
CROWD_BYTES = 300 * 1024 * 1024
SWIFT_MS = 50
ABORTED = "getComputedStyle(document.querySelector('.banner.struck')).display"
LENGTH = f"{LAST_ANSWER}.querySelector('.prose').innerText.length"
FETCH = """
(async () => {
  const times = [];
  for (let i = 0; i < 60; i++) {
    const start = performance.now();
    const answer = await fetch('/settings', {cache: 'no-store'});
    if (!answer.ok) throw new Error(answer.status);
    await answer.text();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[56];
})()
"""


class OrdinaryWindow(ForgivingWindow):
    """The program as it is, which forgets no failure."""

    command = staticmethod(Window.command)


@pytest.fixture
def unforgiving(tmp_path: Path) -> Iterator[Trials]:
    """The program, answered by the server that counts for ever."""
    with TickingServer() as server, OrdinaryWindow.start(tmp_path) as window:
        trials = Trials(window, tmp_path, server)
        until(trials.is_usable, "the database")
        trials.use_ticking_server()
        yield trials


def test_malformed_requests_do_not_end_a_chat(unforgiving: Trials) -> None:
    trials, window = unforgiving, unforgiving.window
    trials.open("/")
    message_id = trials.ask("Count")
    kept = ""
    for number in range(STRIKES):
        sidecar = window.sidecar
        known = window.evaluate(LENGTH)
        window.wait_for(f"{LENGTH} > {known}")
        trials.keep_row()
        strike(sidecar, window.port)
        until(trials.is_usable, "the page to be answered", lambda: window.log[-3000:])
        assert window.sidecar.pid != sidecar.pid
        now = trials.compare(message_id)
        assert now.startswith(kept)
        assert len(now) > len(kept)
        kept = now
        if number == 0:
            assert window.evaluate(ABORTED) == "flex"
            window.photograph("struck")
        threading.Event().wait(EVERY_S)
        window.click("button", "Continue")
        window.wait_for(f"{LAST_ANSWER}.getAttribute('aria-busy') === 'true'")
    assert trials.rows_lost() == 0
    assert "invalid requests" in window.log
    assert "-> failed" not in window.log
    window.click("button", "Stop")
    window.wait_for(f"{LAST_ANSWER}.getAttribute('aria-busy') === 'false'")
    assert trials.compare(message_id).startswith(kept)


def test_a_body_without_end_costs_bounded_memory_and_nothing_stored(
    trials: Trials,
) -> None:
    """`make faults` does it with the limit as it is."""
    trials.keep_row()
    sidecar = trials.window.sidecar
    soft, hard = sidecar.rlimit(psutil.RLIMIT_AS)
    assert 0 < soft < 4 * 2**30
    tight = sidecar.memory_info().vms + TIGHT_BYTES
    sidecar.rlimit(psutil.RLIMIT_AS, (tight, hard))
    most = flood(sidecar, trials.window.port)
    trial = trials.measure(lambda: None)
    assert most < tight
    assert trial.rows_lost == 0
    assert trials.window.sidecar.pid != sidecar.pid
    assert "more memory than it may use" in trials.window.log


def test_a_crowd_at_the_door_keeps_nobody_waiting(trials: Trials) -> None:
    sidecar = trials.window.sidecar
    before = sidecar.memory_info().rss
    trials.open("/settings")
    calm_ms = trials.window.evaluate(FETCH)
    with crowd(trials.window.port, CONNECTIONS):
        trials.open("/settings")
        late_ms = trials.window.evaluate(FETCH)
        trials.keep_row()
        assert sidecar.memory_info().rss - before < CROWD_BYTES
    assert trials.rows_lost() == 0
    assert trials.window.sidecar.pid == sidecar.pid
    if IS_LONG:
        assert late_ms <= calm_ms + SWIFT_MS, calm_ms
