"""Hearth on an X screen whose pixels are small, and which has room for few of them."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.test_tray import quick_window
from tests.helpers.sidecar import program_command
from tests.helpers.tray import area_of, large_windows, managed_screen
from tests.helpers.window import Window, until

pytestmark = [pytest.mark.gui, pytest.mark.e2e]

WIDTH, HEIGHT = 1920, 1080
"""At twice the size this is a small screen."""


@pytest.mark.parametrize("scale", [1.5, 2.0])
def test_both_windows_are_whole_on_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scale: float
) -> None:
    monkeypatch.setenv("QT_SCALE_FACTOR", str(scale))

    def is_whole(window: str) -> bool:
        left, top, wide, high = area_of(window)
        right, bottom = left + wide, top + high
        return min(left, top) >= 0 and right <= WIDTH and bottom <= HEIGHT

    with managed_screen(WIDTH, HEIGHT), Window.start(tmp_path) as window:
        pid = window.process.pid
        assert window.evaluate("devicePixelRatio") == scale
        [main] = until(lambda: large_windows(pid), "the window")
        assert is_whole(main), area_of(main)
        command = [*program_command(), "--data-dir", str(tmp_path), "--quick-ask"]
        subprocess.run(command, check=True)
        quick = quick_window(window)
        assert is_whole(quick), area_of(quick)
        assert area_of(quick)[2] == 640 * scale
        window.screenshot(f"scale-{scale:g}")
