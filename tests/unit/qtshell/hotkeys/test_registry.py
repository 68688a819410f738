"""Keys are translated into what each system calls them."""

from collections.abc import Callable
from typing import Any, Protocol, cast

import pytest
from PySide6.QtCore import Qt

from qtshell.hotkeys import mac as hotkey_mac
from qtshell.hotkeys import windows as hotkey_windows
from qtshell.hotkeys.base import HotkeyError, parse_keys
from qtshell.hotkeys.registry import DEFAULT


def test_the_default_is_a_shortcut_on_every_system() -> None:
    modifiers, key = parse_keys(DEFAULT)
    assert hotkey_windows.virtual_key(key) == 0x20
    assert hotkey_windows.mask_of(modifiers) == 0x4003
    assert hotkey_mac.key_code(key) == 49
    assert hotkey_mac.mask_of(modifiers) == 0x0900


@pytest.mark.parametrize(
    ("key", "code"),
    [("A", 0), ("H", 4), ("1", 18), ("5", 23), ("0", 29), ("M", 46), ("N", 45)],
)
def test_letters_and_digits_have_their_place_on_a_mac(key: str, code: int) -> None:
    assert hotkey_mac.key_code(parse_keys(f"Ctrl+{key}")[1]) == code


@pytest.mark.parametrize("key", [Qt.Key.Key_Question, Qt.Key.Key_Print])
def test_keys_without_a_place_are_refused(key: Qt.Key) -> None:
    with pytest.raises(HotkeyError):
        hotkey_mac.key_code(key)
    with pytest.raises(HotkeyError):
        hotkey_windows.virtual_key(key)


def test_function_keys_are_counted_on_windows() -> None:
    assert hotkey_windows.virtual_key(Qt.Key.Key_F12) == 0x7B


class Numbered(Protocol):
    number: int


class Carbon:
    """Hears what is asked of it, and presses keys."""

    def __init__(self) -> None:
        self.handlers: list[Callable[[None, None, None], int]] = []
        self.numbers: list[int] = []
        self.pressed = 0

    @staticmethod
    def GetApplicationEventTarget() -> int:  # noqa: N802 Carbon's own name
        return 1

    def RegisterEventHotKey(  # noqa: N802 Carbon's own name
        self, _code: int, _mask: int, key: Numbered, *_: object
    ) -> int:
        self.numbers.append(key.number)
        return 0

    def InstallEventHandler(  # noqa: N802 Carbon's own name
        self, _target: object, handler: Callable[[None, None, None], int], *_: object
    ) -> int:
        self.handlers.append(handler)
        return 0

    def GetEventParameter(self, *data: object) -> int:  # noqa: N802 Carbon's own name
        cast(Any, data[-1])._obj.number = self.pressed
        return 0

    def press(self, number: int) -> list[int]:
        """Ask every handler in turn; 0 is who took it."""
        self.pressed = number
        return [handler(None, None, None) for handler in self.handlers]


def test_on_a_mac_each_grab_hears_its_own_key_only() -> None:
    carbon, heard = Carbon(), list[str]()
    first = parse_keys("Ctrl+Alt+E")
    hotkey_mac.MacGrab(*first, lambda: heard.append("first"), carbon)
    second = parse_keys("Ctrl+Alt+K")
    hotkey_mac.MacGrab(*second, lambda: heard.append("second"), carbon)
    assert [taken == 0 for taken in carbon.press(carbon.numbers[1])] == [False, True]
    assert heard == ["second"]
