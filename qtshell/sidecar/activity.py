"""Hears from the sidecar how answers go, by a request that waits for news."""

import json
import logging
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.supervisor import SidecarSupervisor

log = logging.getLogger("hearth.shell")

_OK: Final = 200
_WAIT_S: Final = 25
_AGAIN_MS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedAnswer:
    """An answer that has just ended."""

    conversation_id: str
    title: str
    seconds: float


class Activity(QObject):
    """Follows the answers of whatever sidecar serves.

    Signals:
        moved: Something is not what it was: an answer, a title, a quick action.
        growing_changed: How many answers are being written.
        answer_ended: The `EndedAnswer`.
    """

    moved = Signal()
    growing_changed = Signal(int)
    answer_ended = Signal(object)

    def __init__(
        self, client: SidecarClient, supervisor: SidecarSupervisor, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._supervisor = supervisor
        self._run = 0
        self._since = 0
        self._growing = 0
        supervisor.ready.connect(self._on_supervisor_ready)

    def _on_supervisor_ready(self) -> None:
        self._run += 1
        self._listen(self._run)

    def _listen(self, run: int) -> None:
        if run != self._run or self._supervisor.trust is None:
            return
        path = f"/api/v1/activity?since={self._since}&wait={_WAIT_S}"
        self._client.get(path, lambda status, body: self._hear(run, status, body))

    def _hear(self, run: int, status: int, body: bytes) -> None:
        if run != self._run:
            return
        if status == _OK:
            self._take(body)
            self._listen(run)
        else:
            self._count(0)
            QTimer.singleShot(_AGAIN_MS, self, lambda: self._listen(run))

    def _take(self, body: bytes) -> None:
        data = json.loads(body)
        before, self._since = self._since, int(data["seq"])
        self._count(int(data["growing"]))
        for answer in data["ended"]:
            self.answer_ended.emit(
                EndedAnswer(
                    conversation_id=answer["conversation_id"],
                    title=answer["title"],
                    seconds=answer["seconds"],
                )
            )

        if self._since != before:
            self.moved.emit()

    def _count(self, growing: int) -> None:
        if growing != self._growing:
            self._growing = growing
            self.growing_changed.emit(growing)
