"""Whether there is a display."""

import os
import socket
from pathlib import Path

import pytest

from qtshell.display.server import display_problem


@pytest.mark.parametrize(
    "named",
    [
        {"DISPLAY": ":4711"},
        {"DISPLAY": "nonsense"},
        {"DISPLAY": "127.0.0.1:4711"},
        {"WAYLAND_DISPLAY": "wayland-9", "XDG_RUNTIME_DIR": "/nowhere"},
    ],
)
def test_a_display_that_does_not_answer_is_named(named: dict[str, str]) -> None:
    problem = display_problem(named)
    assert problem is not None
    assert "does not answer" in problem


def test_the_running_display_answers() -> None:
    assert display_problem({"DISPLAY": os.environ["DISPLAY"]}) is None


def test_a_wayland_socket_answers(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-0"))
        server.listen()
        named = {"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(tmp_path)}
        assert display_problem(named) is None


def test_a_platform_without_a_screen_needs_none() -> None:
    assert display_problem({"QT_QPA_PLATFORM": "offscreen"}) is None
