"""Tells the sidecar whether somebody may see the window: then it looks more often."""

from typing import Final

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.last_word import LastWord
from qtshell.sidecar.supervisor import SidecarSupervisor

_CHANGING: Final = frozenset(
    {QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.WindowStateChange}
)


class WindowWatch(QObject):
    """Follows whether the window is shown, and not minimised."""

    def __init__(
        self, window: QWidget, client: SidecarClient, supervisor: SidecarSupervisor
    ) -> None:
        super().__init__(window)
        self._window = window
        self._word = LastWord(client, "/api/v1/window", "view")
        self._is_ready = False
        supervisor.ready.connect(self._on_ready)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tell it when it changes."""
        if self._is_ready and event.type() in _CHANGING:
            # When a window hears that it hides, it is hidden, and so with the others.
            self._tell()
        return super().eventFilter(watched, event)

    def _on_ready(self) -> None:
        self._is_ready = True
        # Until it is told, a sidecar takes the window for one that is in view.
        self._word.begun_with(word=True)
        self._tell()

    def _tell(self) -> None:
        is_seen = self._window.isVisible() and not self._window.isMinimized()
        self._word.tell(word=is_seen)
