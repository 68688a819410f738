"""The global shortcut on Windows: RegisterHotKey."""

import ctypes
import itertools
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QAbstractNativeEventFilter, QByteArray, QCoreApplication, Qt

from qtshell.hotkeys.base import HotkeyError

_Modifier = Qt.KeyboardModifier
_MASKS: Final = {
    _Modifier.AltModifier: 1,
    _Modifier.ControlModifier: 2,
    _Modifier.ShiftModifier: 4,
    _Modifier.MetaModifier: 8,
}
_NO_REPEAT: Final = 0x4000
_WM_HOTKEY: Final = 0x0312
_F1: Final = 0x70
_VIRTUAL_KEYS: Final = {
    Qt.Key.Key_Space: 0x20,
    Qt.Key.Key_Tab: 0x09,
    Qt.Key.Key_Return: 0x0D,
    Qt.Key.Key_Escape: 0x1B,
    Qt.Key.Key_Insert: 0x2D,
    Qt.Key.Key_Home: 0x24,
    Qt.Key.Key_End: 0x23,
    Qt.Key.Key_PageUp: 0x21,
    Qt.Key.Key_PageDown: 0x22,
    Qt.Key.Key_Left: 0x25,
    Qt.Key.Key_Up: 0x26,
    Qt.Key.Key_Right: 0x27,
    Qt.Key.Key_Down: 0x28,
}
_NUMBERS: Final = itertools.count(1)


class _Message(ctypes.Structure):
    _fields_ = (
        ("window", ctypes.c_void_p),
        ("message", ctypes.c_uint),
        ("number", ctypes.c_size_t),
    )


class WindowsGrab(QAbstractNativeEventFilter):
    """One key held for all windows."""

    def __init__(
        self, modifiers: Qt.KeyboardModifier, key: Qt.Key, pressed: Callable[[], None]
    ) -> None:
        """Take the key.

        Raises:
            HotkeyError: Another program has it.
        """
        super().__init__()
        self._pressed = pressed
        self._number = next(_NUMBERS)
        self._user32 = ctypes.CDLL("user32")
        arguments = (None, self._number, mask_of(modifiers), virtual_key(key))
        if not self._user32.RegisterHotKey(*arguments):
            raise HotkeyError("Another program has this shortcut already.")
        self._application = QCoreApplication.instance()
        if self._application is not None:
            self._application.installNativeEventFilter(self)

    def release(self) -> None:
        """Let the key go."""
        if self._application is not None:
            self._application.removeNativeEventFilter(self)
        self._user32.UnregisterHotKey(None, self._number)

    def nativeEventFilter(  # noqa: N802 Qt's own name
        self,
        kind: QByteArray | bytes | bytearray | memoryview,
        message: int,
    ) -> object:
        """Hear the key among the thread's messages."""
        if QByteArray(kind) == b"windows_generic_MSG":
            native = _Message.from_address(int(message))
            if (native.message, native.number) == (_WM_HOTKEY, self._number):
                self._pressed()
        return False, 0


def mask_of(modifiers: Qt.KeyboardModifier) -> int:
    """Return the modifiers as Windows numbers them."""
    bits = (bit for modifier, bit in _MASKS.items() if modifier & modifiers)
    return sum(bits, _NO_REPEAT)


def virtual_key(key: Qt.Key) -> int:
    """Return the key as Windows numbers it.

    Raises:
        HotkeyError: It cannot be a shortcut.
    """
    if key in _VIRTUAL_KEYS:
        return _VIRTUAL_KEYS[key]
    if Qt.Key.Key_F1 <= key <= Qt.Key.Key_F24:
        return _F1 + key - Qt.Key.Key_F1
    if Qt.Key.Key_0 <= key <= Qt.Key.Key_9 or Qt.Key.Key_A <= key <= Qt.Key.Key_Z:
        return int(key)
    raise HotkeyError("This key cannot be a global shortcut.")
