"""Gives the page's memory back when the window has been hidden for a while."""

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from qtshell.web.view import WebView

AFTER_MS: Final = 5 * 60 * 1_000


class PageDiscarder(QObject):
    """Counts how long the window is hidden; a page that could not rest tries again."""

    def __init__(self, window: QWidget, after_ms: int = AFTER_MS) -> None:
        super().__init__(window)
        self._window = window
        self._view: WebView | None = None
        self._timer = QTimer(self, interval=after_ms)
        self._timer.timeout.connect(self._on_timer_timeout)
        window.installEventFilter(self)
        self._timer.start()

    def set_view(self, view: "WebView") -> None:
        """Let this page rest."""
        self._view = view

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Begin to count when the window hides, and end when it shows."""
        if event.type() is QEvent.Type.Hide:
            self._timer.start()
        elif event.type() is QEvent.Type.Show:
            self._timer.stop()
        return super().eventFilter(watched, event)

    def _on_timer_timeout(self) -> None:
        if self._view is not None and not self._window.isVisible():
            self._view.rest()
