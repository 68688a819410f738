"""No name is ever looked up: not by a hint, a link, a script or the program itself."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from qtshell.web.chromium import is_root
from tests.helpers.dns_monitor import CONTROL
from tests.helpers.sidecar import ROOT

pytestmark = [pytest.mark.sidecar, pytest.mark.e2e]

_ALONE = ["unshare", "--net", "--mount"] + ([] if is_root() else ["--map-root-user"])


def asked(folder: Path, *words: str) -> list[str]:
    """Run the program in a network of its own; return the names it looked up."""
    made = ["ip", "link", "add", "near", "type", "veth"]
    trial = subprocess.run([*_ALONE, *made], capture_output=True, check=False)
    if trial.returncode:
        pytest.skip("this system gives programs no network of their own")
    command = [sys.executable, "-m", "tests.helpers.dns_monitor", str(folder)]
    result = subprocess.run(
        [*_ALONE, *command, *words], cwd=ROOT, capture_output=True, check=False
    )
    assert result.returncode == 0, result.stderr.decode()[-3000:]
    names: list[str] = json.loads(result.stdout)
    assert CONTROL in names, "the name server hears nothing"
    return [name for name in names if name != CONTROL]


def test_nothing_makes_the_program_look_up_a_name(tmp_path: Path) -> None:
    assert asked(tmp_path) == []


def test_without_our_switches_chromium_would(tmp_path: Path) -> None:
    assert "preconnect.example" in asked(tmp_path, "unguarded")
