"""Quick actions in the shell: the list for the tray, and running one."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QClipboard, QGuiApplication

from backend.interface.api_types import (
    ActionRun,
    AnswerPiece,
    QuickAction,
    QuickActionList,
    RecentConversation,
    RecentConversations,
)
from backend.interface.protocol import MAX_TEXT_CHARS
from backend.interface.stored_values import ActionResult
from qtshell.sidecar.answers import AnswerFollower
from qtshell.sidecar.client import SidecarClient

if TYPE_CHECKING:
    from qtshell.quick.ask import QuickAsk

Tell = Callable[[str, str], bool]
"""Shows a notice, a heading and words; returns whether the user can see it."""

_AWAY: Final = "Hearth is starting. Try again in a moment."
_NOT_NOTED: Final = (
    "The answer is in its conversation. Whether it became a note is not known."
)
_COPIED: Final = "The result is copied: paste it where you need it."
_TOO_LONG: Final = (
    f"The clipboard holds more than {MAX_TEXT_CHARS:,} characters. Copy a part of it."
)


class QuickActions(QObject):
    """What the user can do with the clipboard, and where they were last.

    Signals:
        changed: `actions` or `recent` is not what it was.
    """

    changed = Signal()

    def __init__(
        self,
        client: SidecarClient,
        quick_ask: "Callable[[], QuickAsk]",
        tell: Tell,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._quick_ask = quick_ask
        self._tell = tell
        self.actions: tuple[QuickAction, ...] = ()
        self.recent: tuple[RecentConversation, ...] = ()

    def refresh(self) -> None:
        """Ask for both lists again."""
        self._client.get("/api/v1/actions", QuickActionList, self._on_actions)
        self._client.get(
            "/api/v1/conversations/recent", RecentConversations, self._on_recent
        )

    def run(self, action_id: str) -> None:
        """Run an action on what is copied and marked now."""
        clipboard = QGuiApplication.clipboard()
        form = {"clipboard": clipboard.text()}
        if clipboard.supportsSelection():
            form["selection"] = clipboard.text(QClipboard.Mode.Selection)
        if len(form["clipboard"]) > MAX_TEXT_CHARS:
            self._complain("", _TOO_LONG)
            return
        # What is marked may be a whole book that nobody means; whether the action
        # means it, and so refuses it, is seen from a little more than it may have.
        form["selection"] = form.get("selection", "")[: MAX_TEXT_CHARS + 1]
        name = next((a.name for a in self.actions if a.id == action_id), "")
        self._client.post(
            f"/api/v1/actions/{action_id}/run",
            form,
            ActionRun,
            self._on_run,
            refused=lambda refusal: self._complain(name, refusal.error),
            unreachable=lambda: self._complain(name, _AWAY),
        )

    def _on_run(self, run: ActionRun) -> None:
        if run.error:
            self._quick_ask().show_text(run.name, run.text)
            self._complain(run.name, run.error)
        elif not run.message_id:
            self._deliver(run, run.text, run.outcome)
        elif run.result == ActionResult.SHOW:
            self._quick_ask().show_answer(run.name, run.conversation_id, run.message_id)
        else:
            follower = AnswerFollower(self._client, self)
            follower.ended.connect(lambda p: self._on_ended(follower, run, p))
            follower.lost.connect(lambda why: self._on_lost(follower, run, why))
            follower.follow(run.message_id)
            self._tell(run.name, "Working on it…")

    def _on_ended(
        self, follower: AnswerFollower, run: ActionRun, piece: AnswerPiece
    ) -> None:
        follower.deleteLater()
        if piece.error:
            self._complain(run.name, piece.error)
        else:
            self._deliver(run, follower.text, piece.outcome)

    def _on_lost(self, follower: AnswerFollower, run: ActionRun, why: str) -> None:
        follower.deleteLater()
        self._complain(run.name, why)

    def _deliver(self, run: ActionRun, text: str, outcome: str) -> None:
        match run.result:
            case ActionResult.COPY:
                QGuiApplication.clipboard().setText(text)
                self._tell(run.name, _COPIED)
            case ActionResult.NOTE:
                self._tell(run.name, outcome or _NOT_NOTED)
            case _:
                self._quick_ask().show_text(run.name, text)

    def _complain(self, name: str, words: str) -> None:
        if not self._tell(name or "Hearth", words):
            self._quick_ask().show_problem(words)

    def _on_actions(self, found: QuickActionList) -> None:
        if found.actions != self.actions:
            self.actions = found.actions
            self.changed.emit()

    def _on_recent(self, found: RecentConversations) -> None:
        if found.conversations != self.recent:
            self.recent = found.conversations
            self.changed.emit()
