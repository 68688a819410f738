"""Notices that the program's files were replaced under the running Hearth."""

import contextlib
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal

LOOK_EVERY_MS: Final = 60_000
SETTLED_MS: Final = 10_000
"""For so long nothing may change: who installs is not interrupted."""


class UpdateWatch(QObject):
    """Reads again and again what is installed, beside the event loop.

    Signals:
        updated: What is installed is not what runs; said once.
    """

    updated = Signal()
    _was_read = Signal(str)

    def __init__(self, read: Callable[[], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read = read
        self._running = ""
        self._seen = ""
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.look)
        self._was_read.connect(self._on_read)

    def look(self) -> None:
        """Read what is installed; the first time, that is what runs."""
        self._timer.stop()
        QThreadPool.globalInstance().start(self._read_beside)

    def _read_beside(self) -> None:
        found = self._read()
        with contextlib.suppress(RuntimeError):  # Hearth ended meanwhile
            self._was_read.emit(found)

    def _on_read(self, found: str) -> None:
        self._running = self._running or found
        # Files that are gone are no update: what runs may still be mended.
        is_other = bool(found) and found != self._running
        if is_other and found == self._seen:
            self.updated.emit()
            return
        self._seen = found
        self._timer.start(SETTLED_MS if is_other else LOOK_EVERY_MS)
