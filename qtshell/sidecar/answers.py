"""Follows one answer while it is being written, as HTML for a rich text widget."""

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from backend.api_types import AnswerPicture, Refusal
from qtshell.sidecar.client import SidecarClient

_PAUSE_MS: Final = 60
"""Between two pictures of an answer that grows."""
_THINKING_MS: Final = 250
_AGAIN_MS: Final = 500


class AnswerFollower(QObject):
    """Asks for an answer again and again until it has ended.

    A sidecar that restarts in between is waited for: what it had is kept.

    Signals:
        grown: The `AnswerPicture` of an answer that goes on.
        ended: The last `AnswerPicture`.
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

        def take(picture: AnswerPicture) -> None:
            if followed == self._message_id:
                self._take(picture)

        def refuse(refusal: Refusal) -> None:
            if followed == self._message_id:
                if refusal.is_gone:
                    self.lost.emit()
                else:
                    self._again.start(_AGAIN_MS)

        self._client.get(
            f"/api/v1/quick/{followed}?known={self._size}",
            AnswerPicture,
            take,
            refused=refuse,
            unreachable=lambda: refuse(Refusal()),
        )

    def _take(self, picture: AnswerPicture) -> None:
        self._size = picture.size
        if picture.is_growing:
            self.grown.emit(picture)
            self._again.start(_PAUSE_MS if self._size else _THINKING_MS)
        else:
            self.ended.emit(picture)
