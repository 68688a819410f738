"""The window waits for no import that it does not need."""

import subprocess
import sys

import pytest

CHROMIUM = {"PySide6.QtWebEngineCore", "PySide6.QtWebEngineWidgets"}
QUICK_ASK = {"qtshell.quick.ask", "qtshell.quick.window", "qtshell.quick.rich_answer"}


@pytest.mark.parametrize(
    ("module", "later"),
    [
        pytest.param("qtshell.__main__", {"PySide6"} | QUICK_ASK, id="command line"),
        pytest.param("qtshell.start", {"qtshell.app"} | CHROMIUM, id="sidecar"),
        pytest.param("qtshell.app", CHROMIUM | QUICK_ASK, id="window"),
    ],
)
def test_what_is_slow_is_imported_when_it_is_needed(
    module: str, later: set[str]
) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert not later & set(result.split())
