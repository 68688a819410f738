"""The command line."""

import subprocess
import sys
from pathlib import Path

import pytest

from qtshell.options import read_options


def test_a_data_folder_holds_everything(tmp_path: Path) -> None:
    options = read_options(["--data-dir", str(tmp_path / "ä b"), "--hidden", "--dev"])
    assert options.data_dir == tmp_path / "ä b"
    assert options.log_dir == tmp_path / "ä b" / "logs"
    assert options.hidden
    assert options.dev


def test_by_default_the_platforms_folders_are_used() -> None:
    options = read_options([])
    assert options.data_dir.name == "hearth"
    assert options.data_dir.is_absolute()
    assert not options.hidden


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_it_answers_and_exits(
    argument: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options([argument])
    assert ended.value.code == 0
    assert "earth" in capsys.readouterr().out


def test_without_a_display_it_says_so_in_one_sentence_and_exits_2() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "qtshell"],
        env={"PATH": "/usr/bin"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr == (
        "Hearth needs a display: start it from a desktop session.\n"
    )
