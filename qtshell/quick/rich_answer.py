"""Shows an answer in quick ask while it grows.

What is new is added plainly, once a frame. How all of it looks is asked for and shown
in a share of the time, so that a long answer costs no more than a short one.
"""

from html import escape
from typing import Final

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from backend.interface.api_types import AnswerPicture, AnswerPiece, Refusal
from qtshell.quick.window import QuickWindow
from qtshell.sidecar.answers import AnswerFollower
from qtshell.sidecar.client import SidecarClient

REST: Final = 4
"""For each second of asking and showing, seconds without."""
_PACE_MS: Final = 100
_AGAIN_MS: Final = 500


class RichAnswer(QObject):
    """The answer that the window shows.

    Signals:
        grown: There is something to read.
        ended: The last `AnswerPiece`; how all of it looks is shown as soon as it can.
        lost: The answer was deleted.
    """

    grown = Signal()
    ended = Signal(object)
    lost = Signal()

    def __init__(
        self, client: SidecarClient, window: QuickWindow, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._window = window
        self._message_id = ""
        self._note = ""
        self._shown = 0
        self._is_asking = False
        self._is_stale = False
        self._spent = QElapsedTimer()
        self._rest = QTimer(self, singleShot=True)
        self._rest.timeout.connect(self._render)
        self._follower = AnswerFollower(client, self)
        self._follower.grown.connect(self._on_follower_grown)
        self._follower.ended.connect(self._on_follower_ended)
        self._follower.lost.connect(self._on_lost)

    def follow(self, message_id: str) -> None:
        """Show this answer from now on."""
        self.leave()
        self._message_id = message_id
        self._follower.follow(message_id)

    def leave(self) -> None:
        """Show no answer any more."""
        self._follower.leave()
        self._rest.stop()
        self._message_id, self._note, self._shown = "", "", 0
        self._is_asking = self._is_stale = False

    def _on_follower_grown(self, changed_at: int) -> None:
        text = self._follower.text
        if changed_at >= self._shown:  # else it is rendered anew in a moment
            self._window.add_to_answer(text[self._shown :], text)
        self._shown = len(text)
        self._is_stale = True
        if text:
            self.grown.emit()
        if not self._rest.isActive():
            self._render()

    def _on_follower_ended(self, piece: AnswerPiece) -> None:
        self._note = f"<p><i>{escape(piece.note)}</i></p>" if piece.note else ""
        self._is_stale = True
        self._render()
        self.ended.emit(piece)

    def _on_lost(self) -> None:
        self.leave()
        self.lost.emit()

    def _render(self) -> None:
        if self._is_asking or not self._is_stale:
            return
        asked, self._is_asking, self._is_stale = self._message_id, True, False
        self._spent.start()

        def take(picture: AnswerPicture) -> None:
            if asked == self._message_id:
                self._show(picture)

        def wait(_: Refusal | None = None) -> None:
            if asked == self._message_id:
                self._is_asking, self._is_stale = False, True
                self._rest.start(_AGAIN_MS)

        self._client.get(
            f"/api/v1/messages/{asked}/picture",
            AnswerPicture,
            take,
            refused=wait,
            unreachable=wait,
        )

    def _show(self, picture: AnswerPicture) -> None:
        self._is_asking = False
        text = self._follower.text
        html = picture.html + self._note
        self._window.show_answer(html, text, rendered=picture.size)
        self._shown = max(len(text), picture.size)
        self._is_stale = self._is_stale or picture.size < len(text)
        self._rest.start(max(_PACE_MS, REST * self._spent.elapsed()))
