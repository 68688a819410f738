"""Tells whether what has a place can be got hold of on the screens there are now."""

from typing import Final

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QGuiApplication

_GRIP: Final = QSize(120, 40)
"""How much of a window must be on a screen for the user to get hold of it."""


def can_be_reached(window: QRect) -> bool:
    """Return whether enough of a window is on a screen."""
    overlaps = (
        screen.availableGeometry().intersected(window).size()
        for screen in QGuiApplication.screens()
    )
    return any(size == size.expandedTo(_GRIP) for size in overlaps)
