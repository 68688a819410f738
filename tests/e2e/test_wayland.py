"""Hearth on Wayland: its windows, a tray that is there or not, scales, two monitors."""

import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from qtshell.settings import QUICK_ASK, ShellSettings
from tests.e2e.test_panel import icon
from tests.helpers.session_bus import bare_bus, portal
from tests.helpers.sidecar import program_command
from tests.helpers.sway import FIRST, SIZE, Seen, Sway, bar, sway
from tests.helpers.window import Window, until

__all__ = ["bar", "bare_bus", "portal", "sway"]
pytestmark = [
    pytest.mark.gui,
    pytest.mark.e2e,
    pytest.mark.skipif(not shutil.which("sway"), reason="sway is not installed"),
]

QUICK = "Quick Ask"
PAGE = "New conversation"
IS_SHARP = f"devicePixelRatio === 2 && innerWidth <= {SIZE[0] // 2}"
"""What the page says once it is drawn for twice the pixels, in half the room."""
ICON = (SIZE[0] - 14, 12)
"""Where the bar shows the only icon."""


@pytest.fixture
def bus(bare_bus: str) -> str:
    """The bus of the portal, which starts nothing else."""
    return bare_bus


def call(data_dir: Path, *arguments: str) -> None:
    """Start Hearth once more, as the desktop does for a click."""
    command = [*program_command(), "--data-dir", str(data_dir), *arguments]
    subprocess.run(command, check=True, timeout=60)


def quick_ask(sway: Sway, window: Window, data: Path, monitor: str = FIRST) -> Seen:
    """Call quick ask, and wait until it has the keyboard."""
    call(data, "--quick-ask")
    pid = window.process.pid
    sway.window(pid, QUICK, monitor)
    until(
        lambda: sway.window(pid, QUICK, monitor).has_keyboard,
        "quick ask to have the keyboard",
    )
    return sway.window(pid, QUICK, monitor)


def is_gone(sway: Sway, window: Window, title: str) -> bool:
    seen = sway.windows(window.process.pid)
    return not any(title in each.title for each in seen)


def ratio(window: Window) -> float:
    return float(window.evaluate("devicePixelRatio"))


def test_it_is_typed_into_closed_and_called_back(sway: Sway, tmp_path: Path) -> None:
    with Window.start(tmp_path) as window:
        pid = window.process.pid
        whole = sway.window(pid, PAGE).place
        assert whole.width() == SIZE[0]
        window.wait_for("document.activeElement.name === 'text'")
        sway.write("half a question")
        window.wait_for("document.activeElement.value === 'half a question'")
        quick = quick_ask(sway, window, tmp_path)
        sway.write("another one")
        sway.screenshot("wayland-quick-ask")
        assert whole.contains(quick.place)
        sway.press("Escape")
        until(lambda: is_gone(sway, window, QUICK), "quick ask to close")
        until(lambda: sway.window(pid, PAGE).has_keyboard, "the keyboard to come back")
        sway.tell(f"[pid={pid}] kill")
        until(lambda: len(sway.windows(pid)) == 2, "what is said without a tray")
        sway.screenshot("wayland-no-tray")
        sway.press("Return")
        until(lambda: len(sway.windows(pid)) == 1, "it to be read")
        call(tmp_path)
        assert sway.window(pid, PAGE).place == whole
        assert window.evaluate("document.activeElement.value") == "half a question"
        sway.press("ctrl+q")
        assert window.process.wait(30) == 0


@pytest.mark.usefixtures("bar")
def test_a_tray_of_wayland_hides_and_shows_it(sway: Sway, tmp_path: Path) -> None:
    with Window.start(tmp_path, "--hidden") as window:
        pid = window.process.pid
        until(icon, "the icon")
        assert sway.windows(pid) == []
        _click_icon_until(sway, lambda: bool(sway.windows(pid)))
        sway.window(pid, PAGE)
        sway.screenshot("wayland-tray")
        sway.tell(f"[pid={pid}] kill")
        until(lambda: not sway.windows(pid), "the window to go into the tray")
        call(tmp_path)
        sway.window(pid, PAGE)


def _click_icon_until(sway: Sway, condition: Callable[[], bool]) -> None:
    """Click the icon; the bar may draw it a moment after it knows of it."""

    def is_met() -> bool:
        sway.click(*ICON)
        return condition()

    until(is_met, "the icon to be clicked")


@pytest.mark.parametrize("scale", [1.5, 2.0])
def test_page_and_quick_ask_are_sharp_at_the_scale_of_the_screen(
    sway: Sway, tmp_path: Path, scale: float
) -> None:
    sway.tell("output", FIRST, "scale", str(scale))
    with Window.start(tmp_path) as window:
        whole = sway.window(window.process.pid, PAGE).place
        assert whole.width() == int(SIZE[0] / scale)
        # An older compositor asks for the next whole scale and makes it smaller.
        assert ratio(window) in (scale, math.ceil(scale))
        quick = quick_ask(sway, window, tmp_path)
        assert sway.monitors()[FIRST].contains(quick.place)
        sway.screenshot(f"wayland-scale-{scale:g}")
        sway.tell("output", FIRST, "scale", "1")
        window.wait_for("devicePixelRatio === 1")


def test_both_windows_come_back_when_their_monitor_is_unplugged(
    sway: Sway, tmp_path: Path
) -> None:
    """The first one is a laptop's, of twice the pixels."""
    sway.tell("output", FIRST, "scale", "2")
    other = sway.plug_in()
    sway.tell("focus", "output", other)
    with Window.start(tmp_path) as window:
        pid = window.process.pid
        sway.window(pid, PAGE, other)
        assert ratio(window) == 1
        quick_ask(sway, window, tmp_path, other)
        sway.write("still here", other)
        sway.unplug(other)
        reachable = sway.monitors()[FIRST]
        window.wait_for(IS_SHARP)
        for title in (PAGE, QUICK):
            assert reachable.contains(sway.window(pid, title).place)
        sway.screenshot("wayland-unplugged")
        sway.press("Escape")
        until(lambda: is_gone(sway, window, QUICK), "quick ask to close")
        quick_ask(sway, window, tmp_path)
        sway.screenshot("wayland-unplugged-quick-ask")
        assert window.quit() == 0


def test_quick_ask_comes_back_when_its_monitor_went_while_it_was_closed(
    sway: Sway, tmp_path: Path
) -> None:
    sway.tell("output", FIRST, "scale", "2")
    other = sway.plug_in()
    sway.tell("focus", "output", other)
    with Window.start(tmp_path) as window:
        quick_ask(sway, window, tmp_path, other)
        sway.press("Escape", other)
        until(lambda: is_gone(sway, window, QUICK), "quick ask to close")
        sway.unplug(other)
        window.wait_for(IS_SHARP)
        quick = quick_ask(sway, window, tmp_path)
        assert sway.monitors()[FIRST].contains(quick.place)
        sway.screenshot("wayland-unplugged-closed")


def want_keys(data: Path) -> None:
    """Choose keys for quick ask, as a person did at an earlier time."""
    settings = ShellSettings(data)
    settings.set_hotkey(QUICK_ASK, "Ctrl+Alt+Space")
    settings.save()


def test_keys_that_the_portal_gives_open_quick_ask(
    portal: Callable[[str], object], sway: Sway, tmp_path: Path
) -> None:
    want_keys(tmp_path)
    portal("gives")
    with Window.start(tmp_path) as window:
        sway.window(window.process.pid, QUICK)
        sway.press("Escape")
        until(lambda: is_gone(sway, window, QUICK), "quick ask to close")


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ("refuses", "The desktop did not allow the shortcut."),
        ("", "This desktop offers no global shortcuts."),
    ],
)
def test_without_keys_of_a_portal_quick_ask_opens_in_the_other_ways(
    portal: Callable[[str], object],
    sway: Sway,
    tmp_path: Path,
    behaviour: str,
    why: str,
) -> None:
    want_keys(tmp_path)
    if behaviour:
        portal(behaviour)
    with Window.start(tmp_path) as window:
        until(lambda: why in window.log, why)
        quick_ask(sway, window, tmp_path)
        assert ShellSettings(tmp_path).is_hotkey_hint_shown(QUICK_ASK)
