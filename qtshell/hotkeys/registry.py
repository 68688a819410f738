"""Shortcuts that work in every window, by whatever way the desktop offers.

There is no kept library for this: python-xlib has had no release since 2022, xcffib
needs a compiler, and pynput and keyboard read every key that is typed. What is asked
here of each system only needs to know these shortcuts.
"""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from qtshell.hotkeys.base import Grab, HotkeyError, Shortcut, parse_keys

if TYPE_CHECKING:
    from qtshell.hotkeys.portal import PortalGrab

DEFAULT: Final = "Ctrl+Alt+Space"
"""Free on GNOME, KDE, Windows and macOS with one keyboard layout."""

_UNKNOWN_DISPLAY: Final = "This display ({way}) has no global shortcuts."


class Hotkeys(QObject):
    """The global shortcuts, each under a name of its own.

    Signals:
        pressed: The name of the one that was pressed, in whatever window.
        refused: A name, and why its keys cannot be had.
        described: A name, and how the desktop itself calls the keys it gave.
    """

    pressed = Signal(str)
    refused = Signal(str, str)
    described = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shortcuts: dict[str, Shortcut] = {}
        self._grabs: dict[str, Grab] = {}
        self._portal: PortalGrab | None = None
        # The portal takes all shortcuts at once, and may ask the user.
        self._asking = QTimer(self, singleShot=True, interval=0)
        self._asking.timeout.connect(self._ask_portal)

    def hold(self, name: str, keys: str, description: str) -> None:
        """Take these keys instead of those before; empty ones take none."""
        shortcut = Shortcut(keys, description)
        if keys and self._shortcuts.get(name) == shortcut:
            return
        had = self._shortcuts.pop(name, None)
        if name in self._grabs:
            self._grabs.pop(name).release()
        try:
            if keys:
                self._take(name, shortcut)
        except HotkeyError as exc:
            self.refused.emit(name, str(exc))
        if _way() == "wayland" and (had or name in self._shortcuts):
            self._asking.start()

    def release(self) -> None:
        """Let all keys go."""
        self._asking.stop()
        self._shortcuts.clear()
        for grab in (*self._grabs.values(), *filter(None, [self._portal])):
            grab.release()
        self._grabs.clear()
        self._portal = None

    def _take(self, name: str, shortcut: Shortcut) -> None:
        modifiers, key = parse_keys(shortcut.keys)
        for other in self._shortcuts.values():
            if parse_keys(other.keys) == (modifiers, key):
                raise HotkeyError(f"“{other.description}” has this shortcut already.")
        if _way() != "wayland":
            take = _taker(_way())
            self._grabs[name] = take(modifiers, key, lambda: self.pressed.emit(name))
        self._shortcuts[name] = shortcut

    def _ask_portal(self) -> None:
        from qtshell.hotkeys.portal import PortalGrab  # noqa: PLC0415 one of four

        if self._portal is not None:
            self._portal.release()
            self._portal.deleteLater()
        self._portal = None
        if self._shortcuts:
            self._portal = PortalGrab(self._shortcuts, self)
            self._portal.pressed.connect(self.pressed)
            self._portal.described.connect(self.described)
            self._portal.refused.connect(self._on_portal_refused)

    def _on_portal_refused(self, name: str, why: str) -> None:
        # Asked for again, it is a new request.
        self._shortcuts.pop(name, None)
        self.refused.emit(name, why)


Take = Callable[[Qt.KeyboardModifier, Qt.Key, Callable[[], None]], Grab]


def _taker(way: str) -> Take:
    """Return what takes one shortcut on this kind of display."""
    match way:
        case "xcb":
            from qtshell.hotkeys.x11 import X11Grab  # noqa: PLC0415 one of four

            return X11Grab
        case "windows":
            from qtshell.hotkeys.windows import WindowsGrab  # noqa: PLC0415 one platform alone has it

            return WindowsGrab
        case "cocoa":
            from qtshell.hotkeys.mac import MacGrab  # noqa: PLC0415 one platform alone has it

            return MacGrab
        case _:
            raise HotkeyError(_UNKNOWN_DISPLAY.format(way=way))


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
