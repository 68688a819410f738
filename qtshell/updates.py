"""Notices that the program's files were replaced under the running Hearth."""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal

LOOK_EVERY_MS: Final = 60_000
SETTLED_MS: Final = 10_000
"""For so long nothing may change: who installs is not interrupted."""


class _VersionReading(QObject):
    """What is read in a thread, which may outlive the one who waits for it.

    Were the watch itself held there, it could be taken apart in that thread, with its
    timer.
    """

    done = Signal(str)


class UpdateWatch(QObject):
    """Reads again and again what is installed, beside the event loop.

    Signals:
        updated: What is installed is not what runs; said once.
    """

    updated = Signal()

    def __init__(self, read: Callable[[], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read = read
        self._running = ""
        self._seen = ""
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.look)
        self._reading = _VersionReading()
        self._reading.done.connect(self._on_read)

    def look(self) -> None:
        """Read what is installed; the first time, that is what runs."""
        self._timer.stop()
        read = partial(_read_beside, self._read, self._reading)
        QThreadPool.globalInstance().start(read)

    def _on_read(self, found: str) -> None:
        self._running = self._running or found
        # Files that are gone are no update: what runs may still be mended.
        is_other = bool(found) and found != self._running
        if is_other and found == self._seen:
            self.updated.emit()
            return
        self._seen = found
        self._timer.start(SETTLED_MS if is_other else LOOK_EVERY_MS)


def _read_beside(read: Callable[[], str], reading: _VersionReading) -> None:
    found = read()
    with contextlib.suppress(RuntimeError):  # Hearth ended meanwhile
        reading.done.emit(found)
