"""Run twice by `debian`: what one version wrote, the next one finds."""

import os
import subprocess
from pathlib import Path

from tests.helpers.sidecar import program_command
from tests.helpers.window import Window


def hearth(data: Path, command: str, text: str) -> str:
    """Run a command of the program that is tested, and return what it says."""
    words = [*program_command(), command, "--data-dir", str(data), text]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_what_was_written_before_is_found() -> None:
    data = Path(os.environ["HEARTH_DATA"])
    known = (data / "hearth.db").exists()
    with Window.start(data) as window:
        if not known:
            hearth(data, "note", "Water the ferns")
        assert "Water the ferns" in hearth(data, "search", "ferns")
        assert window.quit() == 0
