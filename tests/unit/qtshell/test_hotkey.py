"""Keys are translated into what each system calls them."""

import pytest
from PySide6.QtCore import Qt

from qtshell import hotkey_mac, hotkey_windows
from qtshell.hotkey import DEFAULT, HotkeyError, parse_keys


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
