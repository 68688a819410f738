"""What the global shortcuts of all systems have in common."""

from dataclasses import dataclass
from typing import Final, Protocol

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence

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


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Keys, and what they do, as the desktop shows it to the user."""

    keys: str
    description: str


_NO_SHORTCUT: Final = (
    "“{keys}” is not a shortcut. Choose one key together with Ctrl, Alt or others."
)


def parse_keys(keys: str) -> tuple[Qt.KeyboardModifier, Qt.Key]:
    """Read keys as the menus spell them.

    Raises:
        HotkeyError: It is not one key with Ctrl, Alt or the Windows key.
    """
    sequence = QKeySequence(keys, QKeySequence.SequenceFormat.PortableText)
    if sequence.count() != 1:
        raise HotkeyError(_NO_SHORTCUT.format(keys=keys))
    pressed: QKeyCombination = sequence[0]  # type: ignore[index]  # stubs lack it
    modifiers, key = pressed.keyboardModifiers(), pressed.key()
    if key in (Qt.Key.Key_unknown, *_MODIFIER_KEYS):
        raise HotkeyError(_NO_SHORTCUT.format(keys=keys))
    # Shift alone would take a letter away from every program.
    if not modifiers & ~Qt.KeyboardModifier.ShiftModifier:
        raise HotkeyError(f"“{keys}” needs Ctrl, Alt or the Windows key.")
    return modifiers, key
