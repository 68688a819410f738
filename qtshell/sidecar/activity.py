"""Hears from the sidecar how answers go, by a request that waits for news."""

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from backend.interface.api_types import AnswerNews, Refusal
from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.supervisor import SidecarSupervisor

_WAIT_S: Final = 25
_AGAIN_MS: Final = 2_000


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

    @property
    def growing(self) -> int:
        """How many answers are being written."""
        return self._growing

    def _on_supervisor_ready(self) -> None:
        self._run += 1
        self._listen(self._run)

    def _listen(self, run: int) -> None:
        if run != self._run or self._supervisor.trust is None:
            return

        def take(news: AnswerNews) -> None:
            if run == self._run:
                self._take(news)
                self._listen(run)

        def wait(_: Refusal | None = None) -> None:
            if run == self._run:
                self._count(0)
                QTimer.singleShot(_AGAIN_MS, self, lambda: self._listen(run))

        path = f"/api/v1/activity?since={self._since}&wait={_WAIT_S}"
        self._client.get(path, AnswerNews, take, refused=wait, unreachable=wait)

    def _take(self, news: AnswerNews) -> None:
        before, self._since = self._since, news.seq
        self._count(news.growing)
        for answer in news.ended:
            self.answer_ended.emit(answer)
        if self._since != before:
            self.moved.emit()

    def _count(self, growing: int) -> None:
        if growing != self._growing:
            self._growing = growing
            self.growing_changed.emit(growing)
