"""Keeps what is typed while one page takes the place of another."""

from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWebEngineWidgets import QWebEngineView
from shiboken6 import isValid

_TYPED: Final = frozenset(
    {QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.InputMethod}
)


class HeldKeys(QObject):
    """What is typed into a page in its last moment, or in its first, Chromium loses.

    So it waits until the new page is ready. Shortcuts of menus go on working.
    """

    def __init__(self, view: QWebEngineView) -> None:
        super().__init__(view)
        self._view = view
        self._surface: QObject | None = None
        self._held: list[QEvent] = []

    def hold(self) -> None:
        """Hold what is typed into the page from now on."""
        self._forget_surface()
        self._surface = self._view.focusProxy()
        if self._surface is not None:
            self._surface.installEventFilter(self)

    def give(self) -> None:
        """Type what was held, in its order, and hold no more."""
        self._forget_surface()
        held, self._held = self._held, []
        for event in held:
            if surface := self._view.focusProxy():
                QCoreApplication.sendEvent(surface, event)

    def drop(self) -> None:
        """Hold no more: there will be no page."""
        self._forget_surface()
        self._held.clear()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Take what is typed."""
        is_typed = event.type() in _TYPED
        if is_typed:
            self._held.append(event.clone())
        return is_typed

    def _forget_surface(self) -> None:
        # Chromium's surface goes with a page that crashes.
        if self._surface is not None and isValid(self._surface):
            self._surface.removeEventFilter(self)
        self._surface = None
