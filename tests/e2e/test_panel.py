"""Hearth in XFCE's panel: its icon, the menu that this is given, the start menu."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.test_desktop import Home
from tests.helpers.panel import home, open_menu, panel
from tests.helpers.tray import ENTRIES, xdotool
from tests.helpers.window import Window, until

__all__ = ["home", "panel"]
pytestmark = [
    pytest.mark.gui,
    pytest.mark.e2e,
    pytest.mark.skipif(
        not shutil.which("xfce4-panel"), reason="xfce4-panel is not installed"
    ),
]

DBUSMENU = "com.canonical.dbusmenu"


def ask(service: str, path: str, method: str, *arguments: str) -> str:
    """Call a method on the session bus, and return what it gives."""
    named = ["--dest", service, "--object-path", path, "--method", method]
    result = subprocess.run(
        ["gdbus", "call", "--session", *named, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    return result.stdout


def icon() -> str | None:
    """Return the name under which the panel knows the icon."""
    watcher = "org.kde.StatusNotifierWatcher"
    items = (watcher, "RegisteredStatusNotifierItems")
    method = "org.freedesktop.DBus.Properties.Get"
    found = ask(watcher, "/StatusNotifierWatcher", method, *items)
    name = re.search(r"'([^/']+)/StatusNotifierItem'", found)
    return name[1] if name else None


@pytest.mark.parametrize("panel", ["systray"], indirect=True)
def test_the_panel_is_given_the_menu_and_what_is_chosen_happens(
    panel: int, tmp_path: Path
) -> None:
    assert panel
    with Window.start(tmp_path / "my data", "--hidden") as window:
        name = until(icon, "the icon")
        menu = ask(name, "/MenuBar", f"{DBUSMENU}.GetLayout", "0", "1", "[]")
        labels = re.findall(r"'label': <'([^']+)'>[^}]*'visible': <true>", menu)
        assert [label.replace("_", "") for label in labels] == list(
            filter(None, ENTRIES)
        )
        [number] = re.findall(r"\((\d+), {[^}]*'label': <'_?Quit Hearth'>", menu)
        chosen = (number, "clicked", "<0>", "0")
        ask(name, "/MenuBar", f"{DBUSMENU}.Event", *chosen)
        assert window.process.wait(30) == 0


@pytest.mark.parametrize("panel", ["systray"], indirect=True)
def test_the_menu_opens_by_the_right_button(
    panel: int, home: Home, tmp_path: Path
) -> None:
    with Window.start(tmp_path / "my data", "--hidden") as window:
        until(icon, "the icon")
        open_menu(panel, button=3)
        home.screenshot("panel-tray-menu")
        xdotool("key", "Up")
        xdotool("key", "Return")
        assert window.process.wait(30) == 0


@pytest.mark.parametrize("panel", ["applicationsmenu"], indirect=True)
def test_the_entry_is_chosen_in_the_start_menu(panel: int, home: Home) -> None:
    assert home.hearth("--install-desktop").returncode == 0
    open_menu(panel)
    home.screenshot("panel-start-menu")
    xdotool("key", "Down")
    xdotool("key", "Return")
    home.wait_until_ready()
    assert home.status()["window"] == "shown"
    assert home.hearth("quit").returncode == 0
