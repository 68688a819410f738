"""Calls into Qt never use up None, whatever PySide6 does to its references."""

import subprocess
import sys

PROGRAM = """
from PySide6.QtCore import QObject
from qtshell.process.compat import keep_constants
keep_constants()
keep_constants()
thing = QObject()
for _ in range(100_000):
    thing.setObjectName("x")
    thing.blockSignals(True)
print("alive")
"""


def test_a_hundred_thousand_calls_into_qt_are_survived() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, b"alive\n"), ended.stderr
