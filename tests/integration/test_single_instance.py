"""Launches of the real program find each other, and the command line talks to one."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from qtshell.ipc.instance import LOCK_NAME, running
from tests.helpers.window import ROOT, until

pytestmark = [pytest.mark.gui, pytest.mark.sidecar]


def command(data_dir: Path, *arguments: str) -> list[str]:
    program = [sys.executable, "-m", "qtshell", "--data-dir", str(data_dir)]
    return [*program, *arguments]


def hearth(
    data_dir: Path, *arguments: str, piped: str | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(data_dir, *arguments),
        cwd=ROOT,
        stdin=subprocess.DEVNULL if piped is None else None,
        input=piped,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


_STARTED: list["subprocess.Popen[bytes]"] = []


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose instance, if any, is gone afterwards."""
    yield tmp_path
    if pid := running(tmp_path):
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            below = process.children(recursive=True)
            process.terminate()
            _, alive = psutil.wait_procs([process, *below], timeout=20)
            for left in alive:
                left.kill()
    while _STARTED:
        _STARTED.pop().wait(20)


def begin(data_dir: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    quiet = subprocess.DEVNULL
    started = subprocess.Popen(
        command(data_dir, *arguments), cwd=ROOT, stdin=quiet, stdout=quiet, stderr=quiet
    )
    _STARTED.append(started)
    return started


def launch(data_dir: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    started = begin(data_dir, *arguments)
    until(lambda: status(data_dir).get("phase") == "ready", "Hearth to be ready")
    return started


def status(data_dir: Path) -> dict[str, object]:
    result = hearth(data_dir, "status", "--json")
    answer: dict[str, object] = json.loads(result.stdout or "{}")
    assert result.returncode == (0 if answer.get("running") else 3), result.stderr
    return answer


def test_twenty_launches_at_once_make_one_instance(data_dir: Path) -> None:
    launches = [begin(data_dir) for _ in range(20)]

    def one_is_left() -> bool:
        return sum(process.poll() is None for process in launches) == 1

    until(one_is_left, "nineteen launches to end")
    [first] = [process for process in launches if process.poll() is None]
    assert {process.returncode for process in launches if process is not first} == {0}
    assert running(data_dir) == first.pid
    assert hearth(data_dir, "quit").returncode == 0
    assert first.wait(20) == 0


def test_a_second_launch_raises_the_window_and_ends(data_dir: Path) -> None:
    first = launch(data_dir, "--hidden")
    second = hearth(data_dir)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert status(data_dir)["window"] == "shown"
    assert hearth(data_dir, "quit").returncode == 0
    assert first.wait(20) == 0
    assert status(data_dir) == {"running": False}
    assert not list(data_dir.glob("*.sock"))


def test_an_instance_that_was_killed_is_taken_over_from(data_dir: Path) -> None:
    first = launch(data_dir, "--hidden")
    below = psutil.Process(first.pid).children(recursive=True)
    first.kill()
    first.wait(10)
    psutil.wait_procs(below, timeout=10)
    assert (data_dir / LOCK_NAME).exists()
    second = launch(data_dir, "--hidden")
    assert status(data_dir)["pid"] == second.pid


def test_a_hung_instance_is_named_instead_of_waited_for(data_dir: Path) -> None:
    first = launch(data_dir, "--hidden")
    os.kill(first.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        result = hearth(data_dir)
        assert result.returncode == 1
        assert f"process {first.pid}" in result.stderr
        assert time.monotonic() - began < 30
    finally:
        os.kill(first.pid, signal.SIGCONT)


def test_a_command_starts_hearth_hidden_and_says_what_is_missing(
    data_dir: Path,
) -> None:
    result = hearth(data_dir, "ask", "hello")
    assert result.returncode == 1
    assert "Choose one first" in result.stderr
    assert status(data_dir)["running"]


def test_nothing_to_ask_is_wrong_usage(data_dir: Path) -> None:
    result = hearth(data_dir, "ask", piped="  \n")
    assert result.returncode == 2
    assert running(data_dir) is None


def test_commands_that_need_it_say_that_hearth_does_not_run(data_dir: Path) -> None:
    assert hearth(data_dir, "status").returncode == 3
    result = hearth(data_dir, "quit")
    assert (result.returncode, result.stderr) == (3, "Hearth is not running.\n")


def test_no_display_is_said_in_a_sentence(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for arguments in ((), ("ask", "x")):
        result = hearth(data_dir, *arguments)
        assert result.returncode in (1, 2)
        assert "needs a display" in result.stderr
