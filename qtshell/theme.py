"""Light, dark or as the system: one switch that Qt and the page both follow."""

from enum import Enum
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication


class Theme(Enum):
    """What the user chose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


_SCHEMES: Final = {
    Theme.SYSTEM: Qt.ColorScheme.Unknown,
    Theme.LIGHT: Qt.ColorScheme.Light,
    Theme.DARK: Qt.ColorScheme.Dark,
}


def apply_theme(theme: Theme) -> None:
    """Ask Qt for the scheme; the page's prefers-color-scheme follows it."""
    QGuiApplication.styleHints().setColorScheme(_SCHEMES[theme])


def is_dark() -> bool:
    """Say whether the dark scheme is shown now."""
    return QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark


def background() -> QColor:
    """Return the page's own background, so that nothing flashes before it."""
    return QColor("#1b1917" if is_dark() else "#fbf9f6")
