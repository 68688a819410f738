"""A worker that crashes fails its test, and the run still comes to its end."""

import os
import subprocess
import sys
from pathlib import Path

_ONCE = """
import os
import pathlib

def test_first():
    pass

def test_second():
    flag = pathlib.Path(__file__).with_name("crashed")
    if not flag.exists():
        flag.touch()
        os._exit(1)
"""
_PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
_WORKERS = (
    "-p",
    "xdist",
    "-p",
    "tests.helpers.scheduling",
    "-n1",
    "--dist",
    "loadfile",
)


def test_a_worker_that_stands_in_for_a_crashed_one_runs_what_is_left(
    tmp_path: Path,
) -> None:
    (tmp_path / "test_a.py").write_text(_ONCE)
    (tmp_path / "test_b.py").write_text("def test_only(): pass")
    ran = subprocess.run(
        [*_PYTEST, *_WORKERS, f"--rootdir={tmp_path}", str(tmp_path)],
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 1
    assert "1 failed, 3 passed" in ran.stdout, ran.stdout
