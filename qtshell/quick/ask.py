"""Quick ask: joins its window to the sidecar, which keeps what is asked and said."""

import uuid
from collections.abc import Callable
from enum import Enum
from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QClipboard, QGuiApplication

from backend.interface.api_types import (
    AnswerPiece,
    AskedQuestion,
    Done,
    QuickDraft,
    Refusal,
)
from backend.interface.protocol import MAX_TEXT_CHARS
from qtshell.quick.rich_answer import RichAnswer
from qtshell.quick.window import FOLLOW_UP, HINT, QuickWindow
from qtshell.sidecar.client import SidecarClient

_SAVE_AFTER_MS: Final = 250
_WAITING: Final = (
    "Hearth is starting. Your question is sent as soon as Hearth is ready."
)


class Stage(Enum):
    """How far the question is."""

    TYPING = "typing"
    SENDING = "sending"
    GROWING = "growing"
    ENDED = "ended"


class QuickAsk(QObject):
    """The one quick ask of this Hearth."""

    def __init__(
        self,
        client: SidecarClient,
        window: QuickWindow,
        open_path: Callable[[str], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._window = window
        self._open_path = open_path
        self._answer = RichAnswer(client, window, self)
        self._stage = Stage.TYPING
        self._conversation_id = ""
        self._sent = ""
        self._submission = ""
        self._opens_when_sent = False
        self._knows_draft = False
        self._saving = QTimer(self, singleShot=True, interval=_SAVE_AFTER_MS)
        self._join()

    def open_quick_ask(self) -> None:
        """Show the window, ready for typing."""
        self._window.come()
        # Who owns the clipboard may be slow to say what is in it.
        QTimer.singleShot(0, self, self._offer)

    def go_on(self) -> None:
        """Use the sidecar that has just become ready."""
        if not self._knows_draft:
            self._client.get("/api/v1/quick", QuickDraft, self._on_draft)
        if self._stage is Stage.SENDING:
            self._send()

    def show_text(self, name: str, text: str) -> None:
        """Show what an action made."""
        self._reset()
        self._window.show_text(text)
        self._stage = Stage.ENDED
        self._window.come()
        self._window.say(name)

    def show_answer(self, name: str, conversation_id: str, message_id: str) -> None:
        """Show the answer an action asked for, while it is being written."""
        self._reset()
        self._window.come()
        self._follow(conversation_id, message_id)
        self._window.say(f"{name}…")

    def show_problem(self, words: str) -> None:
        """Say why something was not done."""
        self._window.come()
        self._window.say(words, is_problem=True)

    def close(self, kept: Callable[..., object]) -> None:
        """Keep what was typed last, and tell when that is done or cannot be."""
        self._answer.leave()
        if self._saving.isActive():
            self._saving.stop()
            self._save_draft(kept)
        else:
            kept()

    def _join(self) -> None:
        self._window.asked.connect(self._ask)
        self._window.continued.connect(self._on_window_continued)
        self._window.stop_asked.connect(self._stop)
        self._window.left.connect(self._on_window_left)
        self._window.typed.connect(lambda _: self._saving.start())
        self._saving.timeout.connect(self._save_draft)
        self._answer.grown.connect(lambda: self._window.say(""))
        self._answer.ended.connect(self._on_answer_ended)
        self._answer.lost.connect(self._reset)

    def _ask(self, text: str) -> None:
        if not text or self._stage in (Stage.SENDING, Stage.GROWING):
            return
        if len(text) > MAX_TEXT_CHARS:
            self._window.say(
                f"That text has {len(text):,} characters; the limit is "
                f"{MAX_TEXT_CHARS:,}.",
                is_problem=True,
            )
            return
        if text != self._sent:
            # The same text sent again is the same question: it is asked once.
            self._sent, self._submission = text, uuid.uuid4().hex
        self._stage = Stage.SENDING
        self._window.say("Asking…")
        self._send()

    def _send(self) -> None:
        form = {
            "text": self._sent,
            "submission": self._submission,
            "conversation": self._conversation_id,
        }
        self._client.post(
            "/api/v1/quick",
            form,
            AskedQuestion,
            self._on_asked,
            refused=self._on_refused,
            unreachable=lambda: self._window.say(_WAITING),
        )

    def _on_asked(self, question: AskedQuestion) -> None:
        asked, self._sent = self._sent, ""
        self._window.clear_question()
        self._saving.stop()
        self._follow(question.conversation_id, question.message_id)
        self._window.show_asked(asked)
        if self._opens_when_sent:
            self._continue()

    def _on_refused(self, refusal: Refusal) -> None:
        self._stage = Stage.TYPING
        self._opens_when_sent = False
        self._window.say(refusal.error, is_problem=True)

    def _follow(self, conversation_id: str, message_id: str) -> None:
        self._conversation_id = conversation_id
        self._stage = Stage.GROWING
        self._window.clear_answer()
        self._window.stop.show()
        self._window.say("Waiting for the first words…")
        self._answer.follow(message_id)

    def _on_answer_ended(self, piece: AnswerPiece) -> None:
        self._stage = Stage.ENDED
        self._window.stop.hide()
        by = f"{piece.model} · " if piece.model else ""
        self._window.say(f"{by}{FOLLOW_UP}")

    def _on_window_continued(self, text: str) -> None:
        if text and self._stage in (Stage.TYPING, Stage.ENDED):
            self._opens_when_sent = True
            self._ask(text)
        elif self._conversation_id:
            self._continue()

    def _continue(self) -> None:
        self._opens_when_sent = False
        path = f"/conversations/{self._conversation_id}"
        self._window.leave()
        self._reset()
        self._open_path(path)

    def _on_window_left(self) -> None:
        # An answer that still grows is shown again when the window comes back.
        if self._stage is Stage.ENDED:
            self._reset()

    def _reset(self) -> None:
        self._answer.leave()
        self._stage = Stage.TYPING
        self._conversation_id = ""
        self._window.clear_answer()
        self._window.say(HINT)

    def _stop(self) -> None:
        path = f"/conversations/{self._conversation_id}/stop"
        self._client.post(path, {}, Done)

    def _offer(self) -> None:
        clipboard = QGuiApplication.clipboard()
        selection = ""
        if clipboard.supportsSelection():
            selection = clipboard.text(QClipboard.Mode.Selection)
        self._window.offer(clipboard.text(), selection)

    def _save_draft(self, ended: Callable[..., object] = lambda *_: None) -> None:
        form, path = (
            {"text": self._window.question.toPlainText()},
            "/api/v1/quick/draft",
        )
        self._client.post(path, form, Done, ended, refused=ended, unreachable=ended)

    def _on_draft(self, kept: QuickDraft) -> None:
        self._knows_draft = True
        if kept.draft and not self._window.question.toPlainText():
            self._window.question.setPlainText(kept.draft)
            self._window.question.selectAll()
