"""Takes the calls of later launches and lets them be answered piece by piece."""

import logging
import sys
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from qtshell.ipc.instance import (
    MAX_CALL_BYTES,
    Call,
    Instance,
    Reply,
    WrongCallError,
)

log = logging.getLogger("hearth.instance")

MAX_CALLERS: Final = 64
CALL_WITHIN_MS: Final = 5_000
"""Who has connected says within this time what it wants; it takes a moment."""

STILL_HERE_MS: Final = 2_000
_MAX_LOGGED: Final = 40


class Caller(QObject):
    """One launch that called and waits for its answer.

    Attributes:
        is_there: Whether it still listens.

    Signals:
        left: It went away, or has its whole answer.
    """

    left = Signal()

    def __init__(self, wire: QLocalSocket, parent: QObject) -> None:
        super().__init__(parent)
        self._wire = wire
        wire.setParent(self)
        self.is_there = True
        wire.disconnected.connect(self._on_wire_disconnected)
        # It takes silence for a hang, and a model may think for long.
        self._pulse = QTimer(self, interval=STILL_HERE_MS)
        self._pulse.timeout.connect(lambda: self._send(Reply()))
        # Connections that ask for nothing must not use up those that can be had.
        self._patience = QTimer(self, singleShot=True, interval=CALL_WITHIN_MS)
        self._patience.timeout.connect(self._drop)
        self._patience.start()

    def begin(self) -> None:
        """Show signs of life from now on: its call has come."""
        self._patience.stop()
        self._pulse.start()

    def say(self, text: str) -> None:
        """Send a piece of the answer."""
        self._send(Reply(text))

    def finish(self, text: str = "") -> None:
        """Send the last piece: it was done."""
        self._end(Reply(text, exit=0))

    def fail(self, error: str, code: int = 1) -> None:
        """Say why it was not done."""
        self._end(Reply(error=error, exit=code))

    def on_left(self, act: Callable[[], None]) -> None:
        """Act when it went away, or has its whole answer."""
        self.left.connect(act)

    def _send(self, reply: Reply) -> None:
        if self.is_there:
            self._wire.write(reply.to_line())
            self._wire.flush()

    def _end(self, reply: Reply) -> None:
        if self.is_there:
            self._patience.stop()
            self._pulse.stop()
            self._send(reply)
            self._wire.disconnectFromServer()

    def _drop(self) -> None:
        self._wire.abort()

    def _on_wire_disconnected(self) -> None:
        self.is_there = False
        self.left.emit()


Answer = Callable[[Call, Caller], None]


class InstanceServer(QObject):
    """Listens where later launches call."""

    def __init__(self, instance: Instance, answer: Answer, parent: QObject) -> None:
        super().__init__(parent)
        self._answer = answer
        self._is_closed = False
        self._server = QLocalServer(self)
        self._server.setMaxPendingConnections(MAX_CALLERS)
        self._server.newConnection.connect(self._on_new_connection)
        if sys.platform == "win32":
            self._server.setSocketOptions(
                QLocalServer.SocketOption.UserAccessOption,
            )
            self._server.listen(instance.address)
        else:
            # Bound by us, so that nobody can connect before it is this user's only.
            self._server.listen(instance.listen().detach())

    @property
    def is_listening(self) -> bool:
        """Whether later launches can call."""
        return self._server.isListening()

    def close(self) -> None:
        """Take no more calls: the next launch is to be an instance of its own."""
        self._server.close()
        self._is_closed = True

    def _on_new_connection(self) -> None:
        while self._server.hasPendingConnections():
            wire = self._server.nextPendingConnection()
            wire.setReadBufferSize(MAX_CALL_BYTES)
            caller = Caller(wire, self)
            caller.left.connect(caller.deleteLater)
            wire.readyRead.connect(lambda c=caller, w=wire: self._on_ready_read(c, w))
            self._on_ready_read(caller, wire)

    def _on_ready_read(self, caller: Caller, wire: QLocalSocket) -> None:
        if self._is_closed:
            # Left without an answer, the launch becomes the next instance.
            wire.abort()
            return
        if not wire.canReadLine():
            if wire.bytesAvailable() >= MAX_CALL_BYTES:
                wire.abort()
            return
        line = bytes(wire.readLine(MAX_CALL_BYTES).data())
        caller.begin()
        try:
            call = Call.from_line(line)
        except WrongCallError as exc:
            log.warning("a launch said something odd: %s", exc)
            caller.fail("The running Hearth is of another version. Quit it first.")
            return
        # It may hold line breaks, which would look like lines of the log's own.
        log.info("asked from outside: %r", call.verb[:_MAX_LOGGED])
        self._answer(call, caller)
