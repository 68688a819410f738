"""Follows one answer while it is being written, for whoever in the shell wants it."""

from typing import Final
from urllib.parse import urlencode

from PySide6.QtCore import QObject, QTimer, Signal

from backend.interface.api_types import AnswerPiece, Refusal, checksum
from backend.interface.protocol import ProtocolError
from qtshell.sidecar.client import SidecarClient, let_go_of_nothing

FRAME_MS: Final = 16
"""Pieces that come within one are shown together."""
_AGAIN_MS: Final = 500


class AnswerFollower(QObject):
    """Puts an answer together from its pieces, until it has ended.

    A connection that is lost and a sidecar that starts again are waited for: it goes
    on where it was.

    Attributes:
        text: The answer as far as it came.

    Signals:
        grown: The text is another one from this position on.
        away: Nobody is there to ask; that is tried again.
        ended: The last `AnswerPiece`; the text is whole.
        lost: There is no such answer, in a sentence.
    """

    grown = Signal(int)
    away = Signal()
    ended = Signal(object)
    lost = Signal(str)

    def __init__(self, client: SidecarClient, parent: QObject) -> None:
        super().__init__(parent)
        self._client = client
        self._message_id = ""
        self.text = ""
        self._changed_at = 0
        self._let_go = let_go_of_nothing
        self._again = QTimer(self, singleShot=True, interval=_AGAIN_MS)
        self._again.timeout.connect(self._connect)
        self._frame = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._frame.timeout.connect(lambda: self.grown.emit(self._changed_at))

    def follow(self, message_id: str) -> None:
        """Follow this answer, and no other any more."""
        self.leave()
        self._message_id, self.text = message_id, ""
        self._connect()

    def leave(self) -> None:
        """Follow nothing any more."""
        self._again.stop()
        self._frame.stop()
        self._let_go()
        self._let_go = let_go_of_nothing

    def _connect(self) -> None:
        known = urlencode({"known": len(self.text), "checksum": checksum(self.text)})
        self._let_go = self._client.follow(
            f"/api/v1/messages/{self._message_id}/pieces?{known}",
            AnswerPiece,
            self._take,
            refused=self._on_refused,
            cut=self._on_cut,
        )

    def _take(self, piece: AnswerPiece) -> None:
        self.text = with_piece(self.text, piece)
        if piece.is_last:
            self.leave()
            self.ended.emit(piece)
            return
        is_waiting = self._frame.isActive()
        self._changed_at = min(piece.at, self._changed_at) if is_waiting else piece.at
        if not is_waiting:
            self._frame.start()

    def _on_refused(self, refusal: Refusal) -> None:
        if refusal.is_gone:
            self.leave()
            self.lost.emit(refusal.error)
        else:
            self._on_cut()

    def _on_cut(self) -> None:
        self._again.start()
        self.away.emit()


def with_piece(text: str, piece: AnswerPiece) -> str:
    """Return a text with its next piece.

    Raises:
        ProtocolError: There is a gap between them.
    """
    if piece.at > len(text):
        raise ProtocolError("a piece of the answer is missing")
    return text[: piece.at] + piece.text


def to_say(said: str, text: str) -> str:
    """Return what to say of a text to somebody who can take nothing back.

    Args:
        said: The text as it was when something was said of it last.
        text: The text now.
    """
    if text.startswith(said):
        return text[len(said) :]
    if said.startswith(text):
        return ""
    both = enumerate(zip(said, text, strict=False))
    differs_at = next(at for at, (one, other) in both if one != other)
    return f"\n\n{text[differs_at:]}"
