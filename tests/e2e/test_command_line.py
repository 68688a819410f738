"""Questions from a terminal, answered as they are written by the running Hearth."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.scripted_model import HELLO
from tests.helpers.window import ROOT, Window, until

pytestmark = [pytest.mark.gui, pytest.mark.e2e]


def command(data_dir: Path, *arguments: str) -> list[str]:
    program = [sys.executable, "-m", "qtshell", "--data-dir", str(data_dir)]
    return [*program, *arguments]


def hearth(data_dir: Path, *arguments: str, piped: str = "") -> str:
    told = subprocess.run(
        command(data_dir, *arguments),
        cwd=ROOT,
        input=piped,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert (told.returncode, told.stderr) == (0, "")
    return told.stdout


@pytest.fixture
def data_dir(tmp_path: Path, scripted_gguf: Path) -> Iterator[Path]:
    """The data folder of a running Hearth with a model."""
    with Window.start(tmp_path) as window:
        window.use_model(scripted_gguf)
        yield tmp_path


def answering(data_dir: Path) -> int:
    return int(json.loads(hearth(data_dir, "status", "--json"))["answering"])


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
