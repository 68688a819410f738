"""Keys that are pressed in any program put a picture into a new question."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from qtshell.settings import SCREENSHOT, ShellSettings
from tests.helpers.session_bus import bus, portal
from tests.helpers.window import Window, until

__all__ = ["bus", "portal"]

pytestmark = [pytest.mark.gui, pytest.mark.e2e]

KEYS = "Ctrl+Alt+K"
"""Not the usual ones: another Hearth may hold those."""
SHOWN = "document.querySelector('.composer .attached-file img')"


@contextmanager
def opened(folder: Path) -> Iterator[Window]:
    """Run Hearth on another page than that of a new question."""
    settings = ShellSettings(folder)
    settings.set_hotkey(SCREENSHOT, KEYS)
    settings.save()
    with Window.start(folder) as window:
        window.go("/notes")
        yield window


def size_of_picture(window: Window) -> tuple[int, int]:
    """Return how large the picture is that stands in a new question."""
    window.find("button", "Remove Screenshot.png")
    assert window.evaluate("location.pathname") == "/"
    window.wait_for(f"{SHOWN}?.complete && {SHOWN}.naturalWidth > 0")
    width, height = window.evaluate(f"[{SHOWN}.naturalWidth, {SHOWN}.naturalHeight]")
    return width, height


@contextmanager
def another_program() -> Iterator[None]:
    """Have a window of another program in front, which gets the keys."""
    with subprocess.Popen(["xmessage", "-geometry", "600x400", "Another"]) as program:
        search = ["xdotool", "search", "--onlyvisible", "--name", "xmessage"]

        def is_there() -> bool:
            found = subprocess.run(search, capture_output=True, check=False)
            return found.returncode == 0

        try:
            until(is_there, "another program")
            yield
        finally:
            program.terminate()


def test_pressed_in_another_program_on_x11(tmp_path: Path) -> None:
    with opened(tmp_path) as window, another_program():
        subprocess.run(["xdotool", "key", "--clearmodifiers", "ctrl+alt+k"], check=True)
        width, height = size_of_picture(window)
        assert width / height == pytest.approx(screen_ratio(), rel=0.02)


def screen_ratio() -> float:
    asked = ["xdotool", "getdisplaygeometry"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    width, height = map(int, said.split())
    return width / height


def test_pressed_where_the_desktop_gives_keys_and_pictures(
    tmp_path: Path,
    bus: str,
    portal: Callable[..., "subprocess.Popen[str]"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = tmp_path / "Screenshot.png"
    Image.new("RGB", (300, 100), "teal").save(picture)
    portal("gives", str(picture))
    # As under Xwayland: the window is one of X, the keys are the desktop's.
    monkeypatch.setenv("WAYLAND_DISPLAY", "none")
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    with opened(tmp_path / "data") as window:
        name = "org.freedesktop.portal.Desktop"
        press = ["dbus-send", "--session", "--print-reply", f"--dest={name}"]
        path = "/org/freedesktop/portal/desktop"
        press += [path, "org.example.Test.Press", f"string:{SCREENSHOT}"]
        subprocess.run(press, check=True, stdout=subprocess.DEVNULL, timeout=30)
        width, height = size_of_picture(window)
        assert width / height == pytest.approx(3, rel=0.02)
    assert picture.exists()
