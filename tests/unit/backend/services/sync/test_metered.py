"""Where a connection is metered, a server waits and a folder goes on."""

import pytest

from backend.services.sync.overview import SyncPhase, phase_of
from backend.services.sync.pairing_moment import SyncMoment
from backend.services.sync.shell_report import ShellReport
from backend.store.sync.state import SyncState


def state(*, server: str = "", **more: bool) -> SyncState:
    folder = "" if server else "/synced"
    known = {"group": "", "own": "", "stream": "s", "n": 0, "prev": "", "authors": ()}
    return SyncState(folder=folder, server=server, **known, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("server", "is_metered", "is_on_metered", "is_wanted", "phase"),
    [
        ("http://s", False, False, False, SyncPhase.ON),
        ("http://s", True, False, False, SyncPhase.METERED),
        ("http://s", True, True, False, SyncPhase.ON),
        ("http://s", True, False, True, SyncPhase.ON),
        ("", True, False, False, SyncPhase.ON),
    ],
)
def test_only_a_server_waits_and_only_unless_wanted(
    server: str,
    is_metered: bool,
    is_on_metered: bool,
    is_wanted: bool,
    phase: SyncPhase,
) -> None:
    now = SyncMoment(report=ShellReport(is_metered=is_metered), is_wanted=is_wanted)
    one = state(server=server, is_on_metered=is_on_metered)
    assert phase_of(one, now) is phase


def test_a_pause_is_a_pause_also_when_metered() -> None:
    now = SyncMoment(report=ShellReport(is_metered=True), is_wanted=True)
    assert phase_of(state(server="http://s", is_paused=True), now) is SyncPhase.PAUSED
