"""Turns SIGINT, SIGTERM and SIGHUP into a clean quit of the Qt event loop."""

import contextlib
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Final

from PySide6.QtCore import QObject, QSocketNotifier

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP")


class SignalWatch(QObject):
    """Calls back from the event loop: Python's own handlers wait for Python code."""

    def __init__(self, asked: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._asked = asked
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)  # noqa: FBT003 the library's signature
        self._writing.setblocking(False)  # noqa: FBT003 the library's signature
        signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        for name in _NAMES:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), _leave_to_the_loop)
        self._notifier = QSocketNotifier(
            self._reading.fileno(), QSocketNotifier.Type.Read, self
        )
        self._notifier.activated.connect(self._on_socket_activated)

    def _on_socket_activated(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._reading.recv(64)
        self._asked()


def _leave_to_the_loop(_number: int, _frame: FrameType | None) -> None:
    """Let the wakeup socket do the work."""
