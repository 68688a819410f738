"""Run twice by `debian`: what one version wrote, the next one finds."""

import os
import subprocess
from pathlib import Path

from tests.helpers.sidecar import program_command
from tests.helpers.window import Window

DATA = Path(os.environ["HEARTH_DATA"])


def test_what_was_written_before_is_found() -> None:
    known = (DATA / "hearth.db").exists()
    with Window.start(DATA) as window:
        if not known:
            _hearth("note", "Water the ferns")
        assert "Water the ferns" in _hearth("search", "ferns")
        assert window.quit() == 0


def _hearth(command: str, text: str) -> str:
    words = [*program_command(), command, "--data-dir", str(DATA), text]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout
