"""Global shortcuts on a real X server, and through a portal on a real bus."""

import re
import subprocess
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from qtshell.hotkeys.base import Shortcut, parse_keys
from qtshell.hotkeys.portal import PortalGrab, trigger
from qtshell.hotkeys.registry import Hotkeys
from qtshell.window.desktop_settings import BY_HAND, OPENS_QUICK_ASK, ShortcutDialog
from tests.helpers.session_bus import bus, portal

__all__ = ["bus", "portal"]

pytestmark = pytest.mark.gui


def press(keys: str) -> None:
    subprocess.run(["xdotool", "key", "--clearmodifiers", keys], check=True)


@pytest.fixture
def hotkeys() -> Iterator[Hotkeys]:
    held = Hotkeys()
    yield held
    held.release()


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
    qtbot: QtBot, hotkeys: Hotkeys, keys: str, typed: str
) -> None:
    hotkeys.hold("one", keys, "One")
    with qtbot.waitSignal(hotkeys.pressed, timeout=10_000) as pressed:
        press(typed)
    assert pressed.args == ["one"]


def test_each_name_has_keys_of_its_own_and_can_change_them(
    qtbot: QtBot, hotkeys: Hotkeys
) -> None:
    heard: list[str] = []
    hotkeys.pressed.connect(heard.append)
    hotkeys.hold("one", "Ctrl+Alt+K", "One")
    hotkeys.hold("two", "Ctrl+Alt+J", "Two")
    press("ctrl+alt+j")
    qtbot.waitUntil(lambda: heard == ["two"], timeout=10_000)
    hotkeys.hold("two", "", "Two")
    hotkeys.hold("one", "Ctrl+Alt+J", "One")
    press("ctrl+alt+k")
    press("ctrl+alt+j")
    qtbot.waitUntil(lambda: heard == ["two", "one"], timeout=10_000)


def test_keys_held_down_are_one_press(qtbot: QtBot, hotkeys: Hotkeys) -> None:
    heard: list[str] = []
    hotkeys.pressed.connect(heard.append)
    hotkeys.hold("one", "Ctrl+Alt+K", "One")
    hotkeys.hold("two", "Ctrl+Alt+J", "Two")
    # X repeats a key that is held for 0.66 s.
    held = ["keydown", "ctrl+alt+k", "sleep", "1", "keyup", "ctrl+alt+k"]
    subprocess.run(["xdotool", *held], check=True)
    press("ctrl+alt+j")
    qtbot.waitUntil(lambda: heard[-1:] == ["two"], timeout=10_000)
    assert heard == ["one", "two"]


def test_other_keys_are_left_to_others(qtbot: QtBot, hotkeys: Hotkeys) -> None:
    heard: list[str] = []
    hotkeys.pressed.connect(heard.append)
    hotkeys.hold("one", "Ctrl+Alt+K", "One")
    hotkeys.hold("two", "Ctrl+Alt+J", "Two")
    for others in ("ctrl+k", "alt+k", "ctrl+alt+shift+k"):
        press(others)
    # Heard in the order of the keys: what came before it is known to be nothing.
    press("ctrl+alt+j")
    qtbot.waitUntil(lambda: bool(heard), timeout=10_000)
    assert heard == ["two"]


def test_keys_somebody_else_has_are_refused(qtbot: QtBot, hotkeys: Hotkeys) -> None:
    other = Hotkeys()
    other.hold("one", "Ctrl+Alt+J", "One")
    with qtbot.waitSignal(hotkeys.refused, timeout=5_000) as refused:
        hotkeys.hold("one", "Ctrl+Alt+J", "One")
    assert refused.args == ["one", "Another program has this shortcut already."]
    other.release()
    with qtbot.waitSignal(hotkeys.pressed, timeout=10_000):
        hotkeys.hold("one", "Ctrl+Alt+J", "One")
        press("ctrl+alt+j")


def test_keys_hearth_uses_itself_are_refused_by_name(
    qtbot: QtBot, hotkeys: Hotkeys
) -> None:
    hotkeys.hold("one", "Ctrl+Alt+J", "Quick Ask")
    with qtbot.waitSignal(hotkeys.refused, timeout=5_000) as refused:
        hotkeys.hold("two", "Alt+Ctrl+J", "Two")
    assert refused.args == ["two", "“Quick Ask” has this shortcut already."]


def test_the_dialog_says_why_and_what_to_do_instead(
    qtbot: QtBot, hotkeys: Hotkeys
) -> None:
    other, window = Hotkeys(), QWidget()
    qtbot.addWidget(window)
    other.hold("one", "Ctrl+Alt+J", "One")
    dialog = ShortcutDialog(OPENS_QUICK_ASK, "Ctrl+Alt+K", hotkeys, window)
    dialog.field.setKeySequence("Ctrl+Alt+J")
    dialog.field.editingFinished.emit()
    assert dialog.said.text().startswith("Another program has this shortcut already.")
    assert dialog.said.text().endswith(BY_HAND)
    other.release()
    dialog.reject()
    with qtbot.waitSignal(hotkeys.pressed, timeout=10_000):
        press("ctrl+alt+k")


@pytest.mark.parametrize("keys", ["H", "Shift+H", "Ctrl", "nonsense", "Ctrl+K, Ctrl+C"])
def test_keys_that_would_be_in_the_way_are_refused(
    qtbot: QtBot, hotkeys: Hotkeys, keys: str
) -> None:
    with qtbot.waitSignal(hotkeys.refused, timeout=5_000):
        hotkeys.hold("one", keys, "One")


def test_no_keys_take_nothing(qtbot: QtBot, hotkeys: Hotkeys) -> None:
    refused: list[str] = []
    hotkeys.refused.connect(lambda name, _: refused.append(name))
    hotkeys.hold("one", "", "One")
    # The answer to a later request comes after that to an earlier one.
    hotkeys.hold("two", "nonsense", "Two")
    qtbot.waitUntil(lambda: bool(refused), timeout=10_000)
    assert refused == ["two"]


SHORTCUTS = {
    "quick-ask": Shortcut("Ctrl+Alt+Space", "Quick Ask"),
    "action-1": Shortcut("Ctrl+Alt+E", "Explain"),
}


def test_a_portal_that_agrees_gives_all_shortcuts_of_one_session(
    qtbot: QtBot, portal: Callable[[str], "subprocess.Popen[str]"]
) -> None:
    process = portal("gives")
    parent = QObject()
    given: list[str] = []
    grab = PortalGrab(SHORTCUTS, parent)
    grab.described.connect(lambda name, _: given.append(name))
    with qtbot.waitSignals([grab.described, grab.pressed], timeout=10_000):
        pass
    assert given == list(SHORTCUTS)
    grab.release()
    process.kill()
    calls = process.communicate()[0]
    assert re.search(r"Register .*org\.hearth\.Hearth", calls)
    assert calls.count("BindShortcuts") == 1
    assert "CTRL+ALT+space" in calls
    assert "CTRL+ALT+e" in calls


def test_wishes_of_one_moment_are_one_question_to_the_portal(
    qtbot: QtBot,
    portal: Callable[[str], "subprocess.Popen[str]"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qtshell.hotkeys.registry._way", lambda: "wayland")
    process = portal("gives")
    hotkeys = Hotkeys()
    with qtbot.waitSignal(hotkeys.pressed, timeout=10_000) as pressed:
        for name, shortcut in SHORTCUTS.items():
            hotkeys.hold(name, shortcut.keys, shortcut.description)
    assert pressed.args == ["quick-ask"]
    hotkeys.release()
    process.kill()
    assert process.communicate()[0].count("BindShortcuts") == 1


@pytest.mark.parametrize(
    ("behaviour", "refused", "why"),
    [
        ("refuses", list(SHORTCUTS), "The desktop did not allow the shortcut."),
        ("gives-one", ["action-1"], "The desktop assigned no keys to it."),
    ],
)
def test_a_portal_that_refuses_is_told_of(
    qtbot: QtBot,
    portal: Callable[[str], "subprocess.Popen[str]"],
    behaviour: str,
    refused: list[str],
    why: str,
) -> None:
    portal(behaviour)
    parent = QObject()
    items: list[tuple[str, str]] = []
    grab = PortalGrab(SHORTCUTS, parent)
    grab.refused.connect(lambda name, why: items.append((name, why)))
    qtbot.waitUntil(lambda: items == [(name, why) for name in refused], timeout=10_000)
    grab.release()


def test_a_bus_without_a_portal_is_told_of(qtbot: QtBot, bus: str) -> None:
    parent = QObject()
    grab = PortalGrab({"quick-ask": SHORTCUTS["quick-ask"]}, parent)
    with qtbot.waitSignal(grab.refused, timeout=10_000) as refused:
        pass
    assert refused.args == ["quick-ask", "This desktop offers no global shortcuts."]
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
