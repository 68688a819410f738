"""The program is replaced under a running Hearth, which says so in every place."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.installation import installed_version
from tests.e2e.test_settings import SHOWS_UPDATE
from tests.helpers.sidecar import program_command
from tests.helpers.window import ROOT, Window, until

pytestmark = pytest.mark.e2e

NEXT = "99.0"
SAID = "document.querySelector('.banner.updated .offer').innerText"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A source tree of its own, which is the program that is started."""
    copy = tmp_path / "hearth"
    for part in ("backend", "qtshell", "templates", "resources"):
        left = shutil.ignore_patterns("node_modules", "__pycache__")
        shutil.copytree(ROOT / part, copy / part, ignore=left)
    shutil.copy(ROOT / "pyproject.toml", copy)
    program = tmp_path / "program"
    runs = f"cd {shlex.quote(str(copy))} && exec {sys.executable} -m qtshell"
    program.write_text(f'#!/bin/sh\n{runs} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("HEARTH_PROGRAM", str(program))
    yield copy
    shutil.rmtree(copy)


def replace_by_next(copy: Path) -> None:
    """Do what an update does: other files, of another version."""
    project = copy / "pyproject.toml"
    text = project.read_text("utf-8")
    project.write_text(re.sub(r'(?m)^version = ".*"', f'version = "{NEXT}"', text))
    os.utime(copy / "templates" / "layout.html")


def said(data: Path, *arguments: str) -> str:
    command = [*program_command(), "--data-dir", str(data), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_it_says_from_which_version_to_which(copy: Path, tmp_path: Path) -> None:
    data, runs = tmp_path / "data", installed_version()
    with Window.start(data) as window:
        assert f"Hearth {runs} is running" in said(data, "doctor")
        replace_by_next(copy)
        # A sidecar that is started again is of the new one.
        window.sidecar.kill()
        window.wait_for(SHOWS_UPDATE)
        window.wait_for(f"{SAID}.includes('from {runs} to {NEXT}')")
        window.photograph("update-versions")
        words = window.evaluate(SAID)
        assert words.startswith(f"Hearth was updated from {runs} to {NEXT}. Restart it")
        status = json.loads(said(data, "status", "--json"))
        assert (status["version"], status["installed"]) == (runs, NEXT)
        checked = said(data, "doctor")
        assert re.search(rf"Hearth {runs} is running .* {NEXT} is installed", checked)
        until(lambda: f"this is {NEXT}, the window {runs}" in window.log, "the log")
        assert window.quit() == 0
