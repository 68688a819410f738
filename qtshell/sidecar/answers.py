"""Follows one answer while it is being written, as HTML for a rich text widget."""

import json
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

from qtshell.sidecar.client import SidecarClient

_OK: Final = 200
_GONE: Final = 404
_PAUSE_MS: Final = 60
"""Between two pictures of an answer that grows."""
_THINKING_MS: Final = 250
_AGAIN_MS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An answer as it is now.

    Attributes:
        note: Why it is not whole; "" when it is, or still grows.
        model: What writes it.
    """

    html: str
    text: str
    note: str
    model: str
    is_growing: bool


class AnswerFollower(QObject):
    """Asks for an answer again and again until it has ended.

    A sidecar that restarts in between is waited for: what it had is kept.

    Signals:
        grown: The `Picture` of an answer that goes on.
        ended: The last `Picture`.
        lost: The answer was deleted.
    """

    grown = Signal(object)
    ended = Signal(object)
    lost = Signal()

    def __init__(self, client: SidecarClient, parent: QObject) -> None:
        super().__init__(parent)
        self._client = client
        self._message_id = ""
        self._size = 0
        self._again = QTimer(self, singleShot=True)
        self._again.timeout.connect(self._ask)

    def follow(self, message_id: str) -> None:
        """Follow this answer, and no other any more."""
        self._message_id, self._size = message_id, 0
        self._again.stop()
        self._ask()

    def leave(self) -> None:
        """Follow nothing any more."""
        self._message_id = ""
        self._again.stop()

    def _ask(self) -> None:
        followed = self._message_id
        path = f"/api/v1/quick/{followed}?known={self._size}"
        self._client.get(path, lambda status, body: self._hear(followed, status, body))

    def _hear(self, followed: str, status: int, body: bytes) -> None:
        if followed != self._message_id:
            return
        if status == _OK:
            self._take(json.loads(body))
        elif status == _GONE:
            self.lost.emit()
        else:
            self._again.start(_AGAIN_MS)

    def _take(self, data: dict[str, Any]) -> None:
        self._size = int(data["size"])
        picture = Picture(
            html=data["html"],
            text=data["text"],
            note=data["note"],
            model=data["model"],
            is_growing=data["is_growing"],
        )
        if picture.is_growing:
            self.grown.emit(picture)
            self._again.start(_PAUSE_MS if self._size else _THINKING_MS)
        else:
            self.ended.emit(picture)
