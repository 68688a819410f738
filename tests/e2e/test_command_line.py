"""Questions from a terminal, answered as they are written by the running Hearth."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qtshell.ipc.instance import running
from tests.helpers.scripted_model import HELLO
from tests.helpers.window import ROOT, Window, until

pytestmark = [pytest.mark.gui, pytest.mark.e2e]


def command(data_dir: Path, *arguments: str) -> list[str]:
    program = [sys.executable, "-m", "qtshell", "--data-dir", str(data_dir)]
    return [*program, *arguments]


def run(
    data_dir: Path, *arguments: str, piped: str = ""
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(data_dir, *arguments),
        cwd=ROOT,
        input=piped,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


def hearth(data_dir: Path, *arguments: str, piped: str = "") -> str:
    result = run(data_dir, *arguments, piped=piped)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the Hearth that all commands call."""
    return tmp_path_factory.mktemp("called")


@pytest.fixture(scope="module", autouse=True)
def window(data_dir: Path, scripted_gguf: Path) -> Iterator[Window]:
    """A running Hearth with a model."""
    with Window.start(data_dir) as window:
        window.use_model(scripted_gguf)
        yield window


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Path]:
    """A data folder nobody uses yet; what a command starts there is quit."""
    yield tmp_path
    assert run(tmp_path, "quit").returncode in (0, 3)


def answering(data_dir: Path) -> int:
    return int(json.loads(hearth(data_dir, "status", "--json"))["answering"])


COMMANDS = ("ask", "note", "search", "action", "status", "quit", "completion")


@pytest.mark.parametrize("verb", COMMANDS)
def test_help_is_told_without_starting_anything(tmp_path: Path, verb: str) -> None:
    result = hearth(tmp_path, verb, "--help")
    assert result.startswith(f"usage: hearth {verb}")
    assert running(tmp_path) is None


def test_commands_start_hearth_hidden_when_it_does_not_run(alone: Path) -> None:
    assert run(alone, "status").returncode == 3
    assert json.loads(run(alone, "status", "--json").stdout) == {"running": False}
    assert run(alone, "quit").returncode == 3
    # Each begins with nobody there.
    data = {
        ("note", "-"): "Saved as a note.\n",
        ("search", "tea"): "note: tea\n",
        ("action", "upper"): "TEA\n",
    }
    for arguments, said in data.items():
        assert hearth(alone, *arguments, piped="tea") == said
        assert json.loads(hearth(alone, "status", "--json"))["window"] == "hidden"
        assert hearth(alone, "quit") == ""


def test_a_question_nothing_can_answer_waits_in_the_window(alone: Path) -> None:
    result = run(alone, "ask", "What is", piped="an ember?")
    assert (result.returncode, result.stdout) == (1, "")
    assert "Choose one first" in result.stderr
    assert run(alone, "ask", "What is", piped="an ember?").returncode == 1
    assert hearth(alone, "quit") == ""
    with Window.start(alone) as window:
        field = "document.querySelector('textarea[aria-label=Message]')"
        window.wait_for(f"{field}?.value === 'What is\\n\\nan ember?'")


def test_many_commands_at_once_are_all_answered(data_dir: Path) -> None:
    calls = {
        ("ask", "explain", "-"): f"{HELLO}\n",
        ("note", "-"): "Saved as a note.\n",
        ("action", "upper", "-"): "PIPED\n",
        ("search", "nothing like it"): "Nothing was found.\n",
    }
    with ThreadPoolExecutor(8) as pool:
        asked = [
            (said, pool.submit(hearth, data_dir, *arguments, piped="piped"))
            for arguments, said in calls.items()
            for _ in range(4)
        ]
        for said, answer in asked:
            assert answer.result(90) == said


def test_a_reader_that_has_enough_is_not_told_of_an_error(data_dir: Path) -> None:
    asking = shlex.join(command(data_dir, "ask", "markdown"))
    result = subprocess.run(
        ["sh", "-c", f"{asking} | head -1"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (result.stdout, result.stderr) == ("# Voyage to the café ☕\n", "")
    until(lambda: answering(data_dir) == 0, "the answer to end")


def test_without_a_terminal_nothing_breaks(data_dir: Path) -> None:
    asking = shlex.join(command(data_dir, "note", "-"))
    closed = ["sh", "-c", f"{asking} <&- >&- 2>&-"]
    assert subprocess.run(closed, cwd=ROOT, check=False).returncode == 2
    asking = shlex.join(command(data_dir, "note", "quiet", "-"))
    closed = ["sh", "-c", f"{asking} <&- >&- 2>&-"]
    assert subprocess.run(closed, cwd=ROOT, check=False).returncode == 0
    assert "quiet" in hearth(data_dir, "search", "quiet")


def test_a_hearth_that_hangs_is_named_by_every_command(
    data_dir: Path, window: Window
) -> None:
    os.kill(window.process.pid, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(8) as pool:
            asked = [
                pool.submit(run, data_dir, *arguments, piped="x")
                for arguments in (
                    ("ask", "x"),
                    ("note", "x"),
                    ("search", "x"),
                    ("action", "upper"),
                    ("status", "--json"),
                    # Not quit: it would, as soon as it goes on.
                )
            ]
            items = [each.result(90) for each in asked]
    finally:
        os.kill(window.process.pid, signal.SIGCONT)
        window.attach()
    assert {each.returncode for each in items} == {1}
    sentence = f"does not answer. End process {window.process.pid}"
    assert all(sentence in each.stderr for each in items)


def test_ctrl_c_ends_the_question_and_stops_its_answer(
    data_dir: Path, window: Window
) -> None:
    with subprocess.Popen(
        command(data_dir, "ask", "forever"),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as asking:
        assert asking.stdout is not None
        assert asking.stderr is not None
        assert asking.stdout.read(10)
        asking.send_signal(signal.SIGINT)
        assert asking.wait(30) == 130
        assert "Traceback" not in asking.stderr.read()
    until(lambda: answering(data_dir) == 0, "the answer to stop")
    newest = "fetch('/api/v1/conversations/recent').then(r => r.json())"
    page = f"{newest}.then(t => fetch(`/conversations/${{t.conversations[0].id}}`))"
    window.wait_for(
        f"{page}.then(r => r.text()).then(t => t.includes('The text so far is kept'))"
    )


def test_an_answer_comes_whole_and_is_kept(data_dir: Path) -> None:
    assert hearth(data_dir, "ask", "good", "morning") == f"{HELLO}\n"
    assert "good morning" in hearth(data_dir, "search", "morning")


def test_what_is_piped_is_asked_too(data_dir: Path) -> None:
    answer = hearth(data_dir, "ask", "Say it in", piped="markdown, please\n")
    assert answer.startswith("# Voyage to the café ☕\n")
    assert answer.endswith("The end of the long answer.\n")


def test_an_answer_nobody_reads_any_more_is_stopped(data_dir: Path) -> None:
    with subprocess.Popen(
        command(data_dir, "ask", "forever"),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as asking:
        assert asking.stdout is not None
        assert asking.stdout.read(10)
        assert answering(data_dir) == 1
        asking.kill()
    until(lambda: answering(data_dir) == 0, "the answer to stop")
