"""The global shortcut on macOS: RegisterEventHotKey, which needs no permission."""

import ctypes
import ctypes.util
import itertools
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import Qt

from qtshell.hotkeys.base import HotkeyError

_Modifier = Qt.KeyboardModifier
# Qt calls Command "Control" and Control "Meta" on this platform.
_MASKS: Final = {
    _Modifier.ControlModifier: 0x0100,
    _Modifier.ShiftModifier: 0x0200,
    _Modifier.AltModifier: 0x0800,
    _Modifier.MetaModifier: 0x1000,
}
_KEY_CODES: Final = dict(
    zip(
        "ASDFHGZXCV?BQWERYT123465?97?80?OU?IP?LJ?K????NM",
        range(0x30),
        strict=False,
    )
)
_NAMED: Final = {
    Qt.Key.Key_Space: 49,
    Qt.Key.Key_Tab: 48,
    Qt.Key.Key_Return: 36,
    Qt.Key.Key_Escape: 53,
    Qt.Key.Key_Left: 123,
    Qt.Key.Key_Right: 124,
    Qt.Key.Key_Down: 125,
    Qt.Key.Key_Up: 126,
}
_SIGNATURE: Final = int.from_bytes(b"HRTH", "big")
_KEYBOARD: Final = int.from_bytes(b"keyb", "big")
_HOT_KEY_PRESSED: Final = 5
_DIRECT_OBJECT: Final = int.from_bytes(b"----", "big")
_HOT_KEY_ID: Final = int.from_bytes(b"hkid", "big")
_NOT_OURS: Final = -9874
"""What tells Carbon to ask the next handler: every grab has one."""
_NUMBERS: Final = itertools.count(1)

_Handler = ctypes.CFUNCTYPE(
    ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)


class _EventType(ctypes.Structure):
    _fields_ = (("kind_class", ctypes.c_uint32), ("kind", ctypes.c_uint32))


class _HotKeyId(ctypes.Structure):
    _fields_ = (("signature", ctypes.c_uint32), ("number", ctypes.c_uint32))


class MacGrab:
    """One key held for all windows."""

    def __init__(
        self,
        modifiers: Qt.KeyboardModifier,
        key: Qt.Key,
        pressed: Callable[[], None],
        carbon: Any = None,  # noqa: ANN401 a library, whose functions are not typed
    ) -> None:
        """Take the key.

        Raises:
            HotkeyError: Another program has it.
        """
        self._carbon = carbon or ctypes.CDLL(ctypes.util.find_library("Carbon"))
        self._number = next(_NUMBERS)
        self._carbon.GetApplicationEventTarget.restype = ctypes.c_void_p
        target = ctypes.c_void_p(self._carbon.GetApplicationEventTarget())
        self._reference, self._installed = ctypes.c_void_p(), ctypes.c_void_p()

        def heard(_call: object, event: int, _data: object) -> int:
            if self._number_in(event) != self._number:
                return _NOT_OURS
            pressed()
            return 0

        # Kept, because Carbon keeps only its address.
        self._handler = _Handler(heard)
        event = _EventType(_KEYBOARD, _HOT_KEY_PRESSED)
        hot_key = _HotKeyId(_SIGNATURE, self._number)
        arguments = (key_code(key), mask_of(modifiers), hot_key, target, 0)
        if self._carbon.RegisterEventHotKey(*arguments, ctypes.byref(self._reference)):
            raise HotkeyError("Another program has this shortcut already.")
        self._carbon.InstallEventHandler(
            target,
            self._handler,
            1,
            ctypes.byref(event),
            None,
            ctypes.byref(self._installed),
        )

    def _number_in(self, event: int) -> int:
        hot_key_id = _HotKeyId()
        size = ctypes.c_ulong(ctypes.sizeof(hot_key_id))
        kinds = (ctypes.c_uint32(_DIRECT_OBJECT), ctypes.c_uint32(_HOT_KEY_ID), None)
        self._carbon.GetEventParameter(
            ctypes.c_void_p(event), *kinds, size, None, ctypes.byref(hot_key_id)
        )
        return int(hot_key_id.number)

    def release(self) -> None:
        """Let the key go."""
        self._carbon.UnregisterEventHotKey(self._reference)
        self._carbon.RemoveEventHandler(self._installed)


def mask_of(modifiers: Qt.KeyboardModifier) -> int:
    """Return the modifiers as Carbon numbers them."""
    return sum(bit for modifier, bit in _MASKS.items() if modifier & modifiers)


def key_code(key: Qt.Key) -> int:
    """Return the key's place on the keyboard.

    Raises:
        HotkeyError: It cannot be a shortcut.
    """
    letter = chr(key) if Qt.Key.Key_0 <= key <= Qt.Key.Key_Z else ""
    placed = _KEY_CODES.get(letter) if letter.isalnum() else None
    code = _NAMED.get(key, placed)
    if code is None:
        raise HotkeyError("This key cannot be a global shortcut.")
    return code
