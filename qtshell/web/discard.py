"""Gives the memory of a page back that is hidden for a while, when memory is short."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from qtshell.process.memory import is_memory_short

if TYPE_CHECKING:
    from qtshell.web.view import WebView

AFTER_MS: Final = 5 * 60 * 1_000


class PageDiscarder(QObject):
    """Counts how long the window is hidden, and looks again as long as it is.

    A page that is there is shown within a frame or two, one that has to be loaded again
    takes a third of a second: its 50 MB are given back only where others need them.
    """

    def __init__(
        self,
        window: QWidget,
        after_ms: int = AFTER_MS,
        is_short: Callable[[], bool] = is_memory_short,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._is_short = is_short
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
        if self._view is None or self._window.isVisible():
            return
        if self._is_short():
            self._view.rest()
