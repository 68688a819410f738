"""Light, dark or as the system: one switch for windows and page."""

from enum import Enum
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication


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
_BUTTONS: Final = {Theme.LIGHT: "#efedea", Theme.DARK: "#35312e"}
_GROUND: Final = {False: "#fdfcfb", True: "#191715"}
_INK: Final = {False: "#2a2522", True: "#ebe6e0"}
_HALF: Final = 128


def apply_theme(theme: Theme) -> None:
    """Ask the desktop for the scheme; where it has none, bring our own colours."""
    hints = QGuiApplication.styleHints()
    hints.setColorScheme(_SCHEMES[theme])
    if theme is Theme.SYSTEM or hints.colorScheme() is _SCHEMES[theme]:
        QApplication.setPalette(QPalette())
    else:
        ground = QColor(_GROUND[theme is Theme.DARK])
        palette = QPalette(QColor(_BUTTONS[theme]), ground)
        palette.setColor(QPalette.ColorRole.Base, ground.lighter(115))
        QApplication.setPalette(palette)


def is_dark() -> bool:
    """Say whether windows are dark now, whoever decided it."""
    return QGuiApplication.palette().window().color().lightness() < _HALF


def background() -> QColor:
    """Return the page's own background, so that nothing flashes before it."""
    return QColor(_GROUND[is_dark()])


def ink() -> QColor:
    """Return the page's own text colour."""
    return QColor(_INK[is_dark()])
