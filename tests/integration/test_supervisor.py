"""The supervisor over real processes that keep or break the contract."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from qtshell.sidecar import lifecycle
from qtshell.sidecar.launch import Launch
from qtshell.sidecar.lifecycle import Effect, Phase, Reason
from qtshell.sidecar.supervisor import Failure, SidecarSupervisor, Trust
from tests.helpers.stub_sidecar import stub_launch

Supervise = Callable[[str], SidecarSupervisor]
_WAIT_MS = 15_000


@pytest.fixture
def supervise(qtbot: QtBot, tmp_path: Path) -> Iterator[Supervise]:
    """Start supervisors over the stub, and see every process gone at the end."""
    built: list[SidecarSupervisor] = []

    def build(behaviour: str) -> SidecarSupervisor:
        supervisor = SidecarSupervisor(stub_launch(behaviour), tmp_path)
        built.append(supervisor)
        return supervisor

    yield build
    for supervisor in built:
        supervisor.stop()
        ended(qtbot, supervisor)
        supervisor.deleteLater()


def ended(qtbot: QtBot, supervisor: SidecarSupervisor) -> None:
    """Wait until nothing runs."""
    qtbot.waitUntil(lambda: supervisor.phase is Phase.STOPPED, timeout=_WAIT_MS)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shrink every wait."""
    short = {
        Phase.LAUNCHING: 1_500,
        Phase.PROBING: 400,
        Phase.READY: 100,
        Phase.UNRESPONSIVE: 100,
    }
    for phase, wait_ms in short.items():
        monkeypatch.setitem(lifecycle.DEADLINES_MS, phase, wait_ms)
    stop_sequence = (
        (Effect.CLOSE_STDIN, 300),
        (Effect.TERMINATE, 200),
        (Effect.KILL, 2_000),
    )
    monkeypatch.setattr(lifecycle, "STOP_SEQUENCE", stop_sequence)
    monkeypatch.setattr(lifecycle, "BACKOFF_MS", (0,) * 7)


def started(qtbot: QtBot, supervisor: SidecarSupervisor) -> Trust:
    """Start and wait for the proof."""
    with qtbot.waitSignal(supervisor.ready, timeout=_WAIT_MS) as blocker:
        supervisor.start()
    trust = blocker.args[0]
    assert isinstance(trust, Trust)
    return trust


@pytest.mark.parametrize("behaviour", ["obey", "noisy", "ignores-quit"])
def test_a_sidecar_that_proves_itself_is_ready(
    qtbot: QtBot, supervise: Supervise, impatient: None, behaviour: str
) -> None:
    supervisor = supervise(behaviour)
    trust = started(qtbot, supervisor)
    assert supervisor.trust == trust
    assert psutil.pid_exists(supervisor.pid)
    assert trust.token not in repr(trust)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("crash", Reason.CRASHED),
        ("ends", Reason.CRASHED),
        ("wrong-pid", Reason.MISMATCHED),
        ("impostor", Reason.UNPROVED),
    ],
)
def test_it_gives_up_with_a_reason_after_five_failures(
    qtbot: QtBot,
    supervise: Supervise,
    impatient: None,
    behaviour: str,
    reason: Reason,
) -> None:
    supervisor = supervise(behaviour)
    reasons: set[Reason | None] = set()
    supervisor.phase_changed.connect(lambda _: reasons.add(supervisor.reason))
    with qtbot.waitSignal(supervisor.failed, timeout=_WAIT_MS) as blocker:
        supervisor.start()
    assert reasons == {None, reason}
    failure = blocker.args[0]
    assert isinstance(failure, Failure)
    assert failure.reason is reason
    assert supervisor.pid == 0
    if behaviour == "crash":
        assert failure.last_lines[-1] == "the stub cannot open its database"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("silent", Reason.SILENT),
        ("garbled", Reason.SILENT),
        ("deaf", Reason.UNPROVED),
        ("wrong-port", Reason.UNPROVED),
    ],
)
def test_one_that_never_proves_itself_is_killed_and_started_again(
    qtbot: QtBot,
    supervise: Supervise,
    impatient: None,
    behaviour: str,
    reason: Reason,
) -> None:
    supervisor = supervise(behaviour)
    supervisor.start()
    first = supervisor.pid
    qtbot.waitUntil(lambda: supervisor.pid not in (0, first), timeout=_WAIT_MS)
    assert supervisor.reason is reason
    assert not psutil.pid_exists(first)


def test_a_program_that_is_not_there_fails_with_its_own_reason(
    qtbot: QtBot, tmp_path: Path, impatient: None
) -> None:
    missing = Launch(str(tmp_path / "nothing"), ())
    supervisor = SidecarSupervisor(missing, tmp_path)
    with qtbot.waitSignal(supervisor.failed, timeout=_WAIT_MS) as blocker:
        supervisor.start()
    assert blocker.args[0].reason is Reason.NOT_STARTED


def test_after_a_kill_it_is_back_on_the_same_port_with_a_new_token(
    qtbot: QtBot, supervise: Supervise
) -> None:
    supervisor = supervise("obey")
    before = started(qtbot, supervisor)
    with qtbot.waitSignal(supervisor.ready, timeout=_WAIT_MS) as blocker:
        os.kill(supervisor.pid, signal.SIGKILL)
    after = blocker.args[0]
    assert after.origin == before.origin
    assert after.token != before.token


def test_a_stopped_process_is_found_hung_killed_and_replaced(
    qtbot: QtBot, supervise: Supervise, impatient: None
) -> None:
    supervisor = supervise("obey")
    started(qtbot, supervisor)
    phases: list[Phase] = []
    supervisor.phase_changed.connect(phases.append)
    frozen = supervisor.pid
    with qtbot.waitSignal(supervisor.ready, timeout=_WAIT_MS):
        os.kill(frozen, signal.SIGSTOP)
    assert phases[:2] == [Phase.UNRESPONSIVE, Phase.ENDING]
    assert not psutil.pid_exists(frozen)


def test_a_restart_by_the_user_ends_the_old_one_first(
    qtbot: QtBot, supervise: Supervise
) -> None:
    supervisor = supervise("obey")
    started(qtbot, supervisor)
    old = supervisor.pid
    alive: list[bool] = []

    def look(phase: Phase) -> None:
        if phase is Phase.LAUNCHING:
            alive.append(psutil.pid_exists(old))

    supervisor.phase_changed.connect(look)
    with qtbot.waitSignal(supervisor.ready, timeout=_WAIT_MS):
        supervisor.restart()
    assert alive == [False]


def test_one_that_ignores_quit_is_killed_in_the_end(
    qtbot: QtBot, supervise: Supervise, impatient: None
) -> None:
    supervisor = supervise("ignores-quit")
    started(qtbot, supervisor)
    pid = supervisor.pid
    supervisor.stop()
    ended(qtbot, supervisor)
    assert not psutil.pid_exists(pid)
    assert supervisor.trust is None


def test_the_token_is_in_no_command_line_or_environment(
    qtbot: QtBot, supervise: Supervise
) -> None:
    supervisor = supervise("obey")
    trust = started(qtbot, supervisor)
    child = psutil.Process(supervisor.pid)
    assert trust.token not in " ".join(child.cmdline())
    assert trust.token not in str(child.environ())


def test_it_inherits_no_open_file_of_the_shell(
    qtbot: QtBot, supervise: Supervise
) -> None:
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    supervisor = supervise("obey")
    started(qtbot, supervisor)
    own = Path(f"/proc/self/fd/{writing}").readlink()
    theirs = Path(f"/proc/{supervisor.pid}/fd").iterdir()
    assert own not in [path.readlink() for path in theirs]
    os.close(reading)
    os.close(writing)


def test_a_second_handshake_moves_nothing(
    qtbot: QtBot, supervise: Supervise, impatient: None
) -> None:
    supervisor = supervise("shakes-again")
    trust = started(qtbot, supervisor)
    said: Callable[[], int] = lambda: list(supervisor._last_lines).count("said again")  # noqa: E731 shorter
    qtbot.waitUntil(lambda: said() >= 3, timeout=_WAIT_MS)
    assert supervisor.trust == trust
    assert supervisor.phase is Phase.READY


def test_what_a_copy_said_last_is_heard_before_its_end(
    qtbot: QtBot, supervise: Supervise, impatient: None
) -> None:
    """The words and the end are on two pipes; the process itself goes on."""
    reasons: list[Reason | None] = []
    for _ in range(5):
        supervisor = supervise("last-words")
        started(qtbot, supervisor)
        process = supervisor._process
        with qtbot.waitSignal(supervisor.phase_changed, timeout=_WAIT_MS):
            pass
        reasons.append(supervisor.reason)
        assert supervisor._process is process
    assert reasons == [Reason.OUT_OF_MEMORY] * 5
