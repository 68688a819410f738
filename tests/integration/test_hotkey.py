"""The global shortcut on a real X server, and through a portal on a real bus."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from qtshell.hotkey import BY_HAND, Hotkey, parse_keys
from qtshell.hotkey_portal import PortalGrab, trigger
from tests.helpers.window import ROOT

pytestmark = pytest.mark.gui


def press(keys: str) -> None:
    subprocess.run(["xdotool", "key", "--clearmodifiers", keys], check=True)


@pytest.mark.parametrize(
    ("keys", "typed"),
    [
        # Not the usual keys: a Hearth of another test may hold those.
        ("Ctrl+Alt+K", "ctrl+alt+k"),
        ("Ctrl+Shift+H", "ctrl+shift+h"),
        ("Meta+F9", "super+F9"),
    ],
)
def test_keys_are_heard_whatever_window_has_the_focus(
    qtbot: QtBot, keys: str, typed: str
) -> None:
    hotkey = Hotkey()
    hotkey.hold(keys)
    with qtbot.waitSignal(hotkey.pressed, timeout=10_000):
        press(typed)
    hotkey.release()


def test_other_keys_are_left_to_others(qtbot: QtBot) -> None:
    hotkey = Hotkey()
    hotkey.hold("Ctrl+Alt+K")
    with qtbot.assertNotEmitted(hotkey.pressed, wait=200):
        press("ctrl+k")
    hotkey.release()


def test_keys_somebody_else_has_are_refused_with_a_way_out(qtbot: QtBot) -> None:
    first, second = Hotkey(), Hotkey()
    first.hold("Ctrl+Alt+J")
    with qtbot.waitSignal(second.refused, timeout=5_000) as refused:
        second.hold("Ctrl+Alt+J")
    assert refused.args is not None
    assert "Another program" in refused.args[0]
    assert BY_HAND in refused.args[0]
    first.release()
    with qtbot.waitSignal(second.pressed, timeout=10_000):
        second.hold("Ctrl+Alt+J")
        press("ctrl+alt+j")
    second.release()


@pytest.mark.parametrize("keys", ["H", "Shift+H", "Ctrl", "nonsense", "Ctrl+K, Ctrl+C"])
def test_keys_that_would_be_in_the_way_are_refused(qtbot: QtBot, keys: str) -> None:
    hotkey = Hotkey()
    with qtbot.waitSignal(hotkey.refused, timeout=5_000):
        hotkey.hold(keys)


def test_no_keys_take_nothing(qtbot: QtBot) -> None:
    hotkey = Hotkey()
    with qtbot.assertNotEmitted(hotkey.refused, wait=10):
        hotkey.hold("")
    hotkey.release()


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A session bus of the test's own."""
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address=1"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with daemon:
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield
        daemon.terminate()


@pytest.fixture
def portal(bus: None) -> Iterator[Callable[[str], "subprocess.Popen[str]"]]:
    """Starts a portal that behaves in a way."""
    started = []

    def start(behaviour: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.helpers.fake_portal", behaviour]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        with process:
            process.kill()


def test_a_portal_that_agrees_gives_the_shortcut(
    qtbot: QtBot, portal: Callable[[str], "subprocess.Popen[str]"]
) -> None:
    process = portal("gives")
    parent = QObject()
    grab = PortalGrab(*parse_keys("Ctrl+Alt+Space"), parent)
    with qtbot.waitSignals([grab.described, grab.pressed], timeout=10_000):
        pass
    grab.release()
    process.kill()
    calls = process.communicate()[0]
    assert re.search(r"Register .*org\.hearth\.Hearth", calls)
    assert "CTRL+ALT+space" in calls


def test_a_portal_that_refuses_is_told_of(
    qtbot: QtBot, portal: Callable[[str], "subprocess.Popen[str]"]
) -> None:
    portal("refuses")
    parent = QObject()
    grab = PortalGrab(*parse_keys("Ctrl+Alt+Space"), parent)
    with qtbot.waitSignal(grab.refused, timeout=10_000) as refused:
        pass
    assert refused.args == ["The desktop did not allow the shortcut."]
    grab.release()


def test_a_bus_without_a_portal_is_told_of(qtbot: QtBot, bus: None) -> None:
    parent = QObject()
    grab = PortalGrab(*parse_keys("Ctrl+Alt+Space"), parent)
    with qtbot.waitSignal(grab.refused, timeout=10_000) as refused:
        pass
    assert refused.args == ["This desktop offers no global shortcuts."]
    grab.release()


@pytest.mark.parametrize(
    ("keys", "spelt"),
    [
        ("Ctrl+Alt+Space", "CTRL+ALT+space"),
        ("Meta+Shift+H", "SHIFT+LOGO+h"),
        ("Ctrl+F9", "CTRL+F9"),
        ("Ctrl+F", "CTRL+f"),
    ],
)
def test_keys_are_spelt_as_portals_do(keys: str, spelt: str) -> None:
    assert trigger(*parse_keys(keys)) == spelt
