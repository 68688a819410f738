"""The fork server: each sidecar is its copy, and nothing of either stays behind."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
from pytestqt.qtbot import QtBot

from backend.installation import module_command
from backend.interface.protocol import (
    HEALTH_PATH,
    LOOPBACK,
    Handshake,
    Hello,
    SidecarEnd,
    prove,
)
from qtshell.sidecar import lifecycle
from qtshell.sidecar.launch import Launch, sidecar_launch
from qtshell.sidecar.lifecycle import Phase, Reason
from qtshell.sidecar.supervisor import SidecarSupervisor, Trust
from tests.helpers.processes import are_gone
from tests.helpers.sidecar import ROOT
from tests.helpers.window import until

pytestmark = [
    pytest.mark.sidecar,
    pytest.mark.skipif(sys.platform != "linux", reason="forks"),
]

_WAIT_MS = 30_000


class Healed:
    """A supervisor over the real sidecar, and the two processes of the moment."""

    def __init__(self, qtbot: QtBot, supervisor: SidecarSupervisor) -> None:
        self._qtbot = qtbot
        self.supervisor = supervisor
        self.trust = self.after(supervisor.start)

    def after(self, fault: Callable[[], object]) -> Trust:
        """Do something and wait until a sidecar serves again."""
        with self._qtbot.waitSignal(self.supervisor.ready, timeout=_WAIT_MS) as ready:
            fault()
        self.sidecar = psutil.Process(self.supervisor.pid)
        parent = self.sidecar.parent()
        assert parent
        self.server = parent
        assert self.server.ppid() == os.getpid()
        self.trust = ready.args[0]
        assert isinstance(self.trust, Trust)
        return self.trust

    def stop(self) -> None:
        """End it, and see both gone."""
        self.supervisor.stop()
        self._qtbot.waitUntil(
            lambda: self.supervisor.phase is Phase.STOPPED, timeout=_WAIT_MS
        )
        assert are_gone([self.sidecar, self.server])


def healed(qtbot: QtBot, launch: Launch, data_dir: Path) -> Iterator[Healed]:
    supervisor = SidecarSupervisor(launch, data_dir)
    running = Healed(qtbot, supervisor)
    yield running
    running.stop()
    supervisor.deleteLater()


@pytest.fixture
def running(qtbot: QtBot, tmp_path: Path) -> Iterator[Healed]:
    yield from healed(qtbot, sidecar_launch(), tmp_path)


def test_each_sidecar_that_dies_is_followed_by_another_copy(running: Healed) -> None:
    server, before = running.server, running.trust
    for _ in range(2):
        old = running.sidecar
        trust = running.after(old.kill)
        assert running.server == server
        assert running.sidecar != old
        assert are_gone([old])
        assert trust.origin == before.origin
        assert trust.token != before.token
        before = trust


def test_the_fork_server_holds_no_data_no_port_and_no_thread(running: Healed) -> None:
    running.after(running.sidecar.kill)
    server = running.server
    assert server.open_files() == []
    assert server.net_connections() == []
    assert server.num_threads() == 1
    assert server.num_fds() == 3
    assert running.trust.token not in " ".join(server.cmdline())


def test_with_the_fork_server_its_sidecar_ends_before_another_begins(
    running: Healed,
) -> None:
    old, server = running.sidecar, running.server
    alive: list[bool] = []

    def look(phase: Phase) -> None:
        if phase is Phase.PROBING:
            alive.append(not are_gone([old], 0))

    running.supervisor.phase_changed.connect(look)
    running.after(server.kill)
    assert running.server != server
    assert alive == [False]


def test_both_are_replaced_when_both_are_killed(running: Healed) -> None:
    old, server = running.sidecar, running.server

    def kill_both() -> None:
        server.kill()
        with suppress(psutil.NoSuchProcess):
            old.kill()

    running.after(kill_both)
    assert running.server != server
    assert are_gone([old, server])


def test_a_fork_server_that_stands_still_is_replaced(
    running: Healed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for phase in (Phase.READY, Phase.UNRESPONSIVE):
        monkeypatch.setitem(lifecycle.DEADLINES_MS, phase, 300)
    server = running.server

    def stop_and_kill() -> None:
        server.suspend()
        running.sidecar.kill()

    running.after(stop_and_kill)
    assert running.server != server
    assert are_gone([server])


def test_a_sidecar_that_stands_still_is_replaced(
    running: Healed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for phase in (Phase.READY, Phase.UNRESPONSIVE):
        monkeypatch.setitem(lifecycle.DEADLINES_MS, phase, 300)
    old, server = running.sidecar, running.server
    running.after(old.suspend)
    assert running.supervisor.reason is Reason.HUNG
    assert are_gone([old, server])


def test_one_that_ended_by_itself_is_followed_too(running: Healed) -> None:
    old, server = running.sidecar, running.server
    running.after(lambda: server.send_signal(signal.SIGTERM))
    assert running.server == server
    assert are_gone([old])


def test_what_a_sidecar_said_last_is_heard(running: Healed) -> None:
    """It comes on another pipe than the news of its end."""
    bad = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"

    def send() -> None:
        address = (LOOPBACK, running.trust.origin.port)
        with suppress(OSError), socket.create_connection(address) as connection:
            connection.sendall(bad.encode())

    for _ in range(3):
        running.after(send)
        assert running.supervisor.reason is Reason.BAD_REQUEST_ABORT


def test_it_passes_on_the_question_where_its_sidecar_hangs(
    qtbot: QtBot, running: Healed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "hearth.sidecar")
    running.server.send_signal(signal.SIGUSR1)
    said = "Stack (most recent call first)"
    qtbot.waitUntil(lambda: said in caplog.text, timeout=_WAIT_MS)


@pytest.mark.parametrize("stopped", [(), (0,), (1,), (0, 1)])
def test_both_end_with_the_shell_also_when_stopped(
    tmp_path: Path, stopped: tuple[int, ...]
) -> None:
    module = "tests.helpers.crashing_shell"
    command = [sys.executable, "-m", module, str(tmp_path), "running"]
    with subprocess.Popen(
        [*command, "backend.fork_server"], cwd=ROOT, stdout=subprocess.PIPE
    ) as shell:
        assert shell.stdout is not None
        server = psutil.Process(int(shell.stdout.readline()))
        both = [server, *server.children()]
        assert len(both) == 2
        for which in stopped:
            both[which].suspend()
        shell.kill()
    assert are_gone(both)


def test_a_hello_that_a_dead_sidecar_never_read_is_not_the_next_ones(
    tmp_path: Path,
) -> None:
    command = [*module_command("backend.fork_server")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        assert process.stdin
        assert process.stdout
        server = psutil.Process(process.pid)
        sidecar = until(lambda: server.children() and server.children()[0], "a copy")
        sidecar.suspend()
        until(lambda: sidecar.status() == psutil.STATUS_STOPPED, "the stop")
        for token in ("old", "new"):
            hello = Hello(token=token, data_dir=str(tmp_path))
            process.stdin.write(hello.to_line().encode())
            process.stdin.flush()
            if token == "old":
                sidecar.kill()
                assert SidecarEnd.from_line(process.stdout.readline().decode())
        shaken = Handshake.from_line(process.stdout.readline().decode())
        assert shaken
        path = f"http://{LOOPBACK}:{shaken.port}{HEALTH_PATH}?nonce=once"
        with urlopen(path, timeout=20) as answer:
            assert json.load(answer)["proof"] == prove("new", "once")
        process.stdin.close()


def test_while_it_waits_for_the_next_start_quitting_leaves_nothing(
    qtbot: QtBot, running: Healed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "BACKOFF_MS", (60_000,))
    running.sidecar.kill()
    qtbot.waitUntil(lambda: running.supervisor.phase is Phase.WAITING, timeout=_WAIT_MS)
    assert running.server.is_running()
    assert running.supervisor.pid == 0


def test_after_an_update_the_next_sidecar_is_the_new_one(
    qtbot: QtBot, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    for part in ("backend", "templates"):
        shutil.copytree(ROOT / part, home / part)
    (home / "resources").symlink_to(ROOT / "resources")
    (home / "qtshell").mkdir()
    command = module_command("backend.fork_server")
    assert str(ROOT) in command
    program, *arguments = (str(home) if c == str(ROOT) else c for c in command)
    launch = Launch(program, tuple(arguments))

    def change() -> None:
        with (home / "backend" / "ids.py").open("a") as file:
            file.write("# another version\n")

    changes: list[Callable[[], None]] = []

    def change_while_it_waits(phase: Phase) -> None:
        if phase is Phase.WAITING and changes:
            changes.pop()()

    for running in healed(qtbot, launch, tmp_path / "data"):
        server = running.server
        running.after(running.sidecar.kill)
        assert running.server == server
        change()
        running.after(running.sidecar.kill)
        assert running.server != server
        # Also while it waits for the next hello.
        server = running.server
        changes.append(change)
        running.supervisor.phase_changed.connect(change_while_it_waits)
        running.after(running.sidecar.kill)
        assert running.server != server


def test_where_nothing_can_be_forked_it_is_the_sidecar_itself(
    qtbot: QtBot, tmp_path: Path
) -> None:
    forbid = (
        "import os\n"
        "def fork(): raise BlockingIOError\n"
        "os.fork = fork\n"
        "from backend.fork_server import main\n"
        "main()"
    )
    launch = Launch(
        sys.executable,
        ("-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{forbid}"),
    )
    supervisor = SidecarSupervisor(launch, tmp_path)
    served = list[psutil.Process]()
    for fault in (supervisor.start, lambda: os.kill(supervisor.pid, signal.SIGKILL)):
        with qtbot.waitSignal(supervisor.ready, timeout=_WAIT_MS):
            fault()
        served.append(psutil.Process(supervisor.pid))
        assert served[-1].ppid() == os.getpid()
    supervisor.stop()
    qtbot.waitUntil(lambda: supervisor.phase is Phase.STOPPED, timeout=_WAIT_MS)
    assert are_gone(served)
    supervisor.deleteLater()
