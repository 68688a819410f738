"""Keeps windows usable on the screens there are now."""

from math import ceil
from typing import Final

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

_GRIP: Final = QSize(120, 40)
"""How much of a window must be on a screen for the user to get hold of it."""


def can_be_reached(window: QRect) -> bool:
    """Return whether enough of a window is on a screen."""
    overlaps = (
        screen.availableGeometry().intersected(window).size()
        for screen in QGuiApplication.screens()
    )
    return any(size == size.expandedTo(_GRIP) for size in overlaps)


def take_scale_of_screen(window: QWidget) -> None:
    """Draw a window in the scale of the screen where it is now.

    Qt 6.12 on Wayland: a window whose screen went is kept in that one's scale, blurred
    or huge, until it enters yet another. A new surface takes the right one.
    """
    if QGuiApplication.platformName() != "wayland" or not window.internalWinId():
        return
    surface = window.windowHandle()
    # A screen tells whole scales only, the window also those between.
    if ceil(surface.devicePixelRatio()) == surface.screen().devicePixelRatio():
        return
    is_shown = window.isVisible()
    window.hide()
    surface.destroy()
    window.setVisible(is_shown)
