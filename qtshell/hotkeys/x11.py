"""The global shortcut on X11: XGrabKey, over a connection of its own."""

import ctypes
from collections.abc import Callable
from ctypes import (
    POINTER,
    Structure,
    c_char_p,
    c_int,
    c_uint8,
    c_uint16,
    c_uint32,
    c_void_p,
)
from typing import Final

from PySide6.QtCore import QSocketNotifier, Qt

from qtshell.hotkeys.base import HotkeyError

_Modifier = Qt.KeyboardModifier
_MASKS: Final = {
    _Modifier.ShiftModifier: 1,
    _Modifier.ControlModifier: 4,
    _Modifier.AltModifier: 8,
    _Modifier.MetaModifier: 64,
}
_CAPS_LOCK: Final = 2
_NUM_LOCK: Final = 16
_LOCKS: Final = (0, _CAPS_LOCK, _NUM_LOCK, _CAPS_LOCK | _NUM_LOCK)
"""The shortcut works whatever is locked: each is a grab of its own."""

_KEYSYMS: Final = {
    Qt.Key.Key_Space: 0x20,
    Qt.Key.Key_Tab: 0xFF09,
    Qt.Key.Key_Return: 0xFF0D,
    Qt.Key.Key_Escape: 0xFF1B,
    Qt.Key.Key_Insert: 0xFF63,
    Qt.Key.Key_Home: 0xFF50,
    Qt.Key.Key_End: 0xFF57,
    Qt.Key.Key_PageUp: 0xFF55,
    Qt.Key.Key_PageDown: 0xFF56,
    Qt.Key.Key_Left: 0xFF51,
    Qt.Key.Key_Up: 0xFF52,
    Qt.Key.Key_Right: 0xFF53,
    Qt.Key.Key_Down: 0xFF54,
}
_F1_KEYSYM: Final = 0xFFBE
_LATIN_1: Final = range(0x20, 0x100)
_KEY_PRESS: Final = 2
_KEY_RELEASE: Final = 3
_ASYNC: Final = 1


class _Cookie(Structure):
    _fields_ = (("sequence", ctypes.c_uint),)


class _Screens(Structure):
    _fields_ = (("data", POINTER(c_uint32)), ("rem", c_int), ("index", c_int))


class _KeyEvent(Structure):
    _fields_ = (
        ("kind", c_uint8),
        ("code", c_uint8),
        ("sequence", c_uint16),
        ("time", c_uint32),
    )


class X11Grab:
    """One key held for all windows."""

    def __init__(
        self, modifiers: Qt.KeyboardModifier, key: Qt.Key, pressed: Callable[[], None]
    ) -> None:
        """Take the key.

        Raises:
            HotkeyError: Another program has it, or the keyboard does not.
        """
        self._pressed = pressed
        self._released_at = -1
        self._xcb, self._keysyms = _libraries()
        self._connection = self._xcb.xcb_connect(None, None)
        if self._xcb.xcb_connection_has_error(self._connection):
            self._xcb.xcb_disconnect(self._connection)
            raise HotkeyError("The display does not let Hearth listen for keys.")
        self._root = self._first_root()
        try:
            self._grab(modifiers, key)
        except HotkeyError:
            self._xcb.xcb_disconnect(self._connection)
            raise
        socket = self._xcb.xcb_get_file_descriptor(self._connection)
        self._notifier = QSocketNotifier(socket, QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._on_notifier_activated)

    def release(self) -> None:
        """Let the key go: the server forgets the grabs of who leaves."""
        self._notifier.setEnabled(False)
        self._notifier.deleteLater()
        self._xcb.xcb_disconnect(self._connection)

    def _grab(self, modifiers: Qt.KeyboardModifier, key: Qt.Key) -> None:
        mask = sum(bit for modifier, bit in _MASKS.items() if modifier & modifiers)
        codes = self._key_codes(_keysym(key))
        if not codes:
            raise HotkeyError("The keyboard has no such key.")
        for code in codes:
            for locks in _LOCKS:
                self._grab_code(code, mask | locks)

    def _grab_code(self, code: int, mask: int) -> None:
        cookie = self._xcb.xcb_grab_key_checked(
            self._connection, 0, self._root, mask, code, _ASYNC, _ASYNC
        )
        error = self._xcb.xcb_request_check(self._connection, cookie)
        if error:
            _free(error)
            raise HotkeyError("Another program has this shortcut already.")

    def _key_codes(self, keysym: int) -> list[int]:
        symbols = self._keysyms.xcb_key_symbols_alloc(self._connection)
        found = self._keysyms.xcb_key_symbols_get_keycode(symbols, keysym)
        codes: list[int] = []
        while found and found[len(codes)]:
            codes.append(found[len(codes)])
        if found:
            _free(found)
        self._keysyms.xcb_key_symbols_free(symbols)
        return codes

    def _first_root(self) -> int:
        setup = self._xcb.xcb_get_setup(self._connection)
        screens = self._xcb.xcb_setup_roots_iterator(setup)
        return int(screens.data[0])

    def _on_notifier_activated(self) -> None:
        while event := self._xcb.xcb_poll_for_event(self._connection):
            key_event = ctypes.cast(event, POINTER(_KeyEvent))[0]
            kind, at = key_event.kind & 0x7F, int(key_event.time)
            _free(event)
            if kind == _KEY_RELEASE:
                self._released_at = at
            # A key held down repeats: it is let go and pressed in one moment.
            elif kind == _KEY_PRESS and at != self._released_at:
                self._pressed()


def _keysym(key: Qt.Key) -> int:
    if key in _KEYSYMS:
        return _KEYSYMS[key]
    if Qt.Key.Key_F1 <= key <= Qt.Key.Key_F35:
        return _F1_KEYSYM + key - Qt.Key.Key_F1
    if key in _LATIN_1:
        return ord(chr(key).lower())
    raise HotkeyError("This key cannot be a global shortcut.")


def _libraries() -> tuple[ctypes.CDLL, ctypes.CDLL]:
    """Return libxcb and its key symbols, which Qt's own windows need as well."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
        keysyms = ctypes.CDLL("libxcb-keysyms.so.1")
    except OSError as exc:
        raise HotkeyError("A library of X11 is missing (libxcb-keysyms).") from exc
    one = (c_void_p,)
    _declare(xcb, "xcb_connect", c_void_p, c_char_p, c_void_p)
    _declare(xcb, "xcb_connection_has_error", c_int, *one)
    _declare(xcb, "xcb_disconnect", None, *one)
    _declare(xcb, "xcb_get_file_descriptor", c_int, *one)
    _declare(xcb, "xcb_get_setup", c_void_p, *one)
    _declare(xcb, "xcb_setup_roots_iterator", _Screens, *one)
    _declare(xcb, "xcb_poll_for_event", c_void_p, *one)
    _declare(xcb, "xcb_request_check", c_void_p, c_void_p, _Cookie)
    numbers = (c_uint8, c_uint32, c_uint16, c_uint8, c_uint8, c_uint8)
    _declare(xcb, "xcb_grab_key_checked", _Cookie, c_void_p, *numbers)
    _declare(keysyms, "xcb_key_symbols_alloc", c_void_p, *one)
    _declare(keysyms, "xcb_key_symbols_free", None, *one)
    codes = POINTER(c_uint8)
    _declare(keysyms, "xcb_key_symbols_get_keycode", codes, c_void_p, c_uint32)
    return xcb, keysyms


def _declare(
    library: ctypes.CDLL, name: str, result: object, *arguments: object
) -> None:
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments


def _free(pointer: object) -> None:
    free = ctypes.CDLL(None).free
    free.argtypes, free.restype = (c_void_p,), None
    free(pointer)
