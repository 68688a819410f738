"""Uses a tray icon and its menu with the mouse, as a person does."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from pyvirtualdisplay.display import Display

from tests.helpers.window import until

_LARGEST_ICON_PX: Final = 64
_SEPARATOR_PX: Final = 7
_EDGE_PX: Final = 2
SEPARATOR: Final = ""
ENTRIES: Final = (
    "Open Hearth",
    "New Conversation",
    "Quick Ask…",
    SEPARATOR,
    "Quick Actions",
    "Recent Conversations",
    SEPARATOR,
    "Pause Answers",
    "Restart Background Process",
    "Settings",
    SEPARATOR,
    "Quit Hearth",
)

Area = tuple[int, int, int, int]
"""Left, top, width and height."""


def screen_of(width: int, height: int) -> Display:
    """Return an X screen of its own, to be entered.

    Without `-noreset` it starts anew whenever its last program goes, and one that comes
    just then is not let in.
    """
    return Display(visible=False, size=(width, height), extra_args=["-noreset"])


@contextmanager
def managed_screen(width: int, height: int) -> Iterator[Display]:
    """Run an X screen of its own with a window manager."""
    asked = ["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"]

    def is_managed() -> bool:
        result = subprocess.run(asked, capture_output=True, text=True, check=False)
        return "window id" in result.stdout

    with screen_of(width, height) as display:
        manager = subprocess.Popen(["openbox"], stderr=subprocess.DEVNULL)
        try:
            until(is_managed, "the window manager")
            yield display
        finally:
            manager.kill()
            manager.wait()


def xdotool(*arguments: object) -> str:
    """Run xdotool and return what it prints."""
    result = subprocess.run(
        ["xdotool", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return result.stdout.strip()


def area_of(window: str) -> Area:
    """Return where a window is on the screen."""
    data = xdotool("getwindowgeometry", "--shell", window)
    facts = dict(line.split("=") for line in data.split())
    return (int(facts["X"]), int(facts["Y"]), int(facts["WIDTH"]), int(facts["HEIGHT"]))


def windows_of(pid: int) -> set[str]:
    """Return the windows of a process that can be seen."""
    return set(xdotool("search", "--onlyvisible", "--pid", pid).split())


def large_windows(pid: int) -> list[str]:
    """Return the windows that are neither icon, menu nor quick ask."""
    return [window for window in windows_of(pid) if area_of(window)[2] > 700]


def click(x: int, y: int, button: int = 1) -> None:
    """Click there."""
    xdotool("mousemove", x, y, "click", button)


class Tray:
    """The icon of a process in a tray, and the menu of the process behind it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def click(self, button: int = 1) -> None:
        """Click the icon."""
        left, top, width, height = until(self._icon, "the icon")
        click(left + width // 2, top + height // 2, button)

    def choose(self, *path: str, among: tuple[str, ...] = ()) -> None:
        """Choose an entry of the menu, or of a menu in it, whose entries are given.

        Qt 6.12 takes every menu away 100 ms after another window of the program lost
        the keyboard (`QXcbConnection::focusInTimer`). No person opens one as soon; here
        what went by itself is opened again.
        """
        menu = until(lambda: self._opened(*path[:-1]), "a menu")
        click(*_middle_of(menu, path[-1], among or ENTRIES))

    def _opened(self, inner: str = "") -> Area | None:
        """Open the menu, or one in it; return where it is if it stays."""
        menu = self._shown_by(lambda: self.click(button=3))
        if menu is None or not inner:
            return menu
        x, y = _middle_of(menu, inner, ENTRIES)
        return self._shown_by(lambda: click(x, y))

    def _shown_by(self, act: Callable[[], object]) -> Area | None:
        before = windows_of(self._pid)
        act()
        xdotool("sleep", 0.5)
        return next(map(area_of, windows_of(self._pid) - before), None)

    def _icon(self) -> Area | None:
        areas = map(area_of, windows_of(self._pid))
        return next((area for area in areas if area[2] <= _LARGEST_ICON_PX), None)


def _middle_of(menu: Area, name: str, entries: tuple[str, ...]) -> tuple[int, int]:
    left, top, width, height = menu
    at = entries.index(name)
    lines = entries.count(SEPARATOR) * _SEPARATOR_PX
    row = (height - lines - 2 * _EDGE_PX) / len([each for each in entries if each])
    above = entries[:at]
    y: float = _EDGE_PX + above.count(SEPARATOR) * _SEPARATOR_PX
    y += len([each for each in above if each]) * row + row / 2
    return left + width // 2, top + int(y)
