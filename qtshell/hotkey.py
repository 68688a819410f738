"""One shortcut that works in every window, by whatever way the desktop offers.

There is no kept library for this: python-xlib has had no release since 2022, xcffib
needs a compiler, and pynput and keyboard read every key that is typed. What is asked
here of each system is only to be told of this one shortcut.
"""

import os
import sys
from typing import Final, Protocol

from PySide6.QtCore import QKeyCombination, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence

DEFAULT: Final = "Ctrl+Alt+Space"
"""Free on GNOME, KDE, Windows and macOS with one keyboard layout."""

BY_HAND: Final = (
    "You can bind the command “hearth --quick-ask” to a key in the keyboard settings "
    "of your desktop instead."
)


_Key = Qt.Key
_MODIFIER_KEYS: Final = (
    _Key.Key_Control,
    _Key.Key_Alt,
    _Key.Key_Shift,
    _Key.Key_Meta,
)


class HotkeyError(Exception):
    """The shortcut cannot be had; the text says why."""


class Grab(Protocol):
    """One shortcut held on one system."""

    def release(self) -> None:
        """Let it go."""


class Hotkey(QObject):
    """The global shortcut.

    Signals:
        pressed: It was pressed, in whatever window.
        refused: Why it cannot be had, and what to do.
        described: How the desktop itself calls the shortcut it gave.
    """

    pressed = Signal()
    refused = Signal(str)
    described = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._grab: Grab | None = None

    def hold(self, keys: str) -> None:
        """Take these keys instead of those before; empty ones take none."""
        self.release()
        if not keys:
            return
        try:
            modifiers, key = parse_keys(keys)
            self._grab = self._take(modifiers, key)
        except HotkeyError as exc:
            self.refused.emit(f"{exc} {BY_HAND}")

    def release(self) -> None:
        """Let the keys go."""
        if self._grab is not None:
            self._grab.release()
            self._grab = None

    def _take(self, modifiers: Qt.KeyboardModifier, key: Qt.Key) -> Grab:
        match _way():
            case "xcb":
                from qtshell.hotkey_x11 import X11Grab  # noqa: PLC0415 one of four

                return X11Grab(modifiers, key, self.pressed.emit)
            case "wayland":
                from qtshell.hotkey_portal import PortalGrab  # noqa: PLC0415 as above

                grab = PortalGrab(modifiers, key, self)
                grab.pressed.connect(self.pressed)
                grab.described.connect(self.described)
                grab.refused.connect(lambda why: self.refused.emit(f"{why} {BY_HAND}"))
                return grab
            case "windows":
                from qtshell.hotkey_windows import WindowsGrab  # noqa: PLC0415 as above

                return WindowsGrab(modifiers, key, self.pressed.emit)
            case "cocoa":
                from qtshell.hotkey_mac import MacGrab  # noqa: PLC0415 as above

                return MacGrab(modifiers, key, self.pressed.emit)
            case other:
                raise HotkeyError(f"This display ({other}) has no global shortcuts.")


def parse_keys(keys: str) -> tuple[Qt.KeyboardModifier, Qt.Key]:
    """Read keys as the menus spell them.

    Raises:
        HotkeyError: It is not one key with Ctrl, Alt or the Windows key.
    """
    sequence = QKeySequence(keys, QKeySequence.SequenceFormat.PortableText)
    if sequence.count() != 1:
        raise HotkeyError(f"“{keys}” is not one key with modifiers.")
    pressed: QKeyCombination = sequence[0]  # type: ignore[index]  # stubs lack it
    modifiers, key = pressed.keyboardModifiers(), pressed.key()
    if key in (Qt.Key.Key_unknown, *_MODIFIER_KEYS):
        raise HotkeyError(f"“{keys}” is not one key with modifiers.")
    # Shift alone would take a letter away from every program.
    if not modifiers & ~Qt.KeyboardModifier.ShiftModifier:
        raise HotkeyError(f"“{keys}” needs Ctrl, Alt or the Windows key.")
    return modifiers, key


def needs_consent() -> bool:
    """Whether the desktop shows a dialog before it gives a shortcut."""
    return _way() == "wayland"


def _way() -> str:
    if QGuiApplication.platformName() == "xcb" and os.environ.get("WAYLAND_DISPLAY"):
        # Under Xwayland a grab sees no key typed into a Wayland window.
        return "wayland"
    is_wayland = QGuiApplication.platformName().startswith("wayland")
    if sys.platform.startswith("linux") and is_wayland:
        return "wayland"
    return QGuiApplication.platformName()
