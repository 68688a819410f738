"""Sway, a Wayland compositor, whose monitors are windows of an X screen.

So they have a keyboard and a mouse, and one is unplugged by closing its window.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from PySide6.QtCore import QRect

from tests.helpers.tray import managed_screen
from tests.helpers.window import ARTIFACTS, until

FIRST: Final = "X11-1"
"""The monitor that is always there."""
SIZE: Final = (1280, 800)
_CONFIG: Final = f"""\
xwayland disable
output * resolution {SIZE[0]}x{SIZE[1]}
output {FIRST} position 0 0
default_floating_border none
focus_follows_mouse no
bar bar-0 {{
    position top
    swaybar_command true
}}
"""
QUIET: Final = subprocess.DEVNULL


@dataclass(frozen=True, slots=True)
class Seen:
    """A window as the compositor has it.

    Attributes:
        place: Where it is, of all monitors together.
    """

    title: str
    monitor: str
    place: QRect
    has_keyboard: bool


class Sway:
    """A running compositor."""

    def __init__(self, runtime: Path, display: str) -> None:
        """Speak to the one that runs in this folder, on this X screen."""
        self._socket = until(lambda: [*runtime.glob("sway-ipc.*")], "the compositor")[0]
        self._wayland = until(lambda: [*runtime.glob("wayland-?")], "its socket")[0]
        self._display = display

    @property
    def session(self) -> dict[str, str]:
        """What programs have in their environment here."""
        return {
            "SWAYSOCK": str(self._socket),
            "WAYLAND_DISPLAY": str(self._wayland),
            "XDG_CURRENT_DESKTOP": "sway",
            "XDG_SESSION_TYPE": "wayland",
        }

    def tell(self, *command: str) -> None:
        """Give it a command."""
        self._run("swaymsg", "--", *command)

    def plug_in(self) -> str:
        """Add a monitor at the right of the others, and return its name."""
        before = {*self.monitors()}
        self.tell("create_output")
        found: set[str] = until(lambda: {*self.monitors()} - before, "another monitor")
        return found.pop()

    def unplug(self, monitor: str) -> None:
        """Take a monitor away."""
        self._activate(monitor)
        self._run("xdotool", "key", "alt+F4")
        until(lambda: monitor not in self.monitors(), f"{monitor} to go")

    def monitors(self) -> dict[str, QRect]:
        """Return the places of the monitors by their names."""
        outputs = json.loads(self._ask("get_outputs"))
        return {each["name"]: _rect(each["rect"]) for each in outputs}

    def windows(self, pid: int) -> list[Seen]:
        """Return the windows of a process."""
        return [*_windows(json.loads(self._ask("get_tree")), pid)]

    def window(self, pid: int, title: str, monitor: str = FIRST) -> Seen:
        """Wait for a window of this title on a monitor."""

        def found() -> Seen | None:
            for seen in self.windows(pid):
                if title in seen.title and monitor == seen.monitor:
                    return seen
            return None

        seen: Seen = until(found, title, lambda: str(self.windows(pid)))
        return seen

    def press(self, key: str, monitor: str = FIRST) -> None:
        """Press a key, at a monitor's window."""
        self._activate(monitor)
        self._run("xdotool", "key", key)

    def write(self, text: str, monitor: str = FIRST) -> None:
        """Type a text, at a monitor's window."""
        self._activate(monitor)
        self._run("xdotool", "type", text)

    def click(self, x: int, y: int, button: int = 1, monitor: str = FIRST) -> None:
        """Click at a place of a monitor, apart enough to be no double click."""
        at = ("mousemove", "--window", self._activate(monitor), str(x), str(y))
        self._run("xdotool", *at, "click", str(button), "sleep", "0.5")

    def screenshot(self, name: str, monitor: str = FIRST) -> Path:
        """Photograph a monitor into the artifacts folder."""
        ARTIFACTS.mkdir(exist_ok=True)
        path = ARTIFACTS / f"{name}.png"
        self._run("import", "-window", self._activate(monitor), str(path))
        return path

    def _activate(self, monitor: str) -> str:
        # Not by xdotool's search, which knows no names in Unicode.
        tree = self._run("xwininfo", "-root", "-tree")
        [window] = re.findall(rf'(0x\w+) "wlroots - {monitor}"', tree)
        self._run("xdotool", "windowactivate", "--sync", window)
        return str(window)

    def _ask(self, what: str) -> str:
        return self._run("swaymsg", "--raw", "--type", what)

    def _run(self, *command: str) -> str:
        return subprocess.run(
            command,
            env=os.environ | self.session | {"DISPLAY": self._display},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=30,
        ).stdout


def _windows(node: dict[str, Any], pid: int, monitor: str = "") -> Iterator[Seen]:
    if node["type"] == "output":
        monitor = node["name"]
    if node.get("pid") == pid:
        place = _rect(node["rect"])
        yield Seen(node["name"] or "", monitor, place, node["focused"])
    for inner in (*node["nodes"], *node["floating_nodes"]):
        yield from _windows(inner, pid, monitor)


def _rect(sides: dict[str, int]) -> QRect:
    return QRect(sides["x"], sides["y"], sides["width"], sides["height"])


@pytest.fixture
def sway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sway]:
    """Run a compositor; what is started has it for its desktop."""
    with (
        tempfile.TemporaryDirectory(prefix="sway-") as folder,
        managed_screen(2 * SIZE[0], SIZE[1] + 100) as display,
        _ended(_started(folder)),
        monkeypatch.context() as session,
    ):
        running = Sway(Path(folder), display.new_display_var)
        session.delenv("DISPLAY")
        for name, value in running.session.items():
            session.setenv(name, value)
        yield running


@pytest.fixture
def bar(bare_bus: str, sway: Sway) -> Iterator[None]:
    """Run the bar with its tray; as we are, or it would not be let onto our bus."""
    folder = Path(sway.session["WAYLAND_DISPLAY"]).parent
    program = subprocess.Popen(
        ["swaybar", "--bar_id", "bar-0"],
        env=os.environ | {"XDG_RUNTIME_DIR": str(folder)},
        stderr=QUIET,
    )
    with _ended(program):
        yield


@contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """End a program with what it was needed for."""
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _started(folder: str) -> "subprocess.Popen[bytes]":
    config = Path(folder, "config")
    config.write_text(_CONFIG, "utf-8")
    nobody: dict[str, Any] = {}
    if os.geteuid() == 0:
        # It refuses to run as root.
        nobody = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        shutil.chown(folder, "nobody", "nogroup")
    screen = {"WLR_BACKENDS": "x11", "WLR_RENDERER": "pixman"}
    return subprocess.Popen(
        ["sway", "--config", config],
        env=os.environ | screen | {"XDG_RUNTIME_DIR": folder},
        stdout=QUIET,
        stderr=QUIET,
        **nobody,
    )
