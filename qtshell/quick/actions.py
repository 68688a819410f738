"""Quick actions in the shell: the list for the tray, and running one."""

import json
import logging
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QClipboard, QGuiApplication

from backend.protocol import MAX_TEXT_CHARS
from qtshell.quick.ask import QuickAsk, sentence_in
from qtshell.sidecar.answers import AnswerFollower, Picture
from qtshell.sidecar.api import QuickAction, Recent
from qtshell.sidecar.client import SidecarClient

log = logging.getLogger("hearth.shell")

Tell = Callable[[str, str], bool]
"""Shows a notice, a heading and words; returns whether the user can see it."""

_OK: Final = 200
_NOBODY: Final = 0
_AWAY: Final = "Hearth is starting. Try again in a moment."
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
        quick_ask: Callable[[], QuickAsk],
        tell: Tell,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._quick_ask = quick_ask
        self._tell = tell
        self.actions: tuple[QuickAction, ...] = ()
        self.recent: tuple[Recent, ...] = ()

    def refresh(self) -> None:
        """Ask for both lists anew."""
        self._client.get("/api/v1/actions", self._on_actions)
        self._client.get("/api/v1/conversations/recent", self._on_recent)

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
        self._client.post(
            f"/api/v1/actions/{action_id}/run",
            form,
            lambda status, body: self._on_run(action_id, status, body),
        )

    def _on_run(self, action_id: str, status: int, body: bytes) -> None:
        name = next((a.name for a in self.actions if a.id == action_id), "")
        if status == _OK:
            self._show(json.loads(body))
        elif status == _NOBODY:
            self._complain(name, _AWAY)
        else:
            self._complain(name, sentence_in(body))

    def _show(self, data: dict[str, Any]) -> None:
        name, result = str(data["name"]), str(data["result"])
        if "message_id" not in data:
            self._deliver(name, result, str(data["text"]))
        elif result == "show":
            self._quick_ask().show_answer(
                name, data["conversation_id"], data["message_id"]
            )
        else:
            follower = AnswerFollower(self._client, self)
            follower.ended.connect(lambda p: self._on_ended(follower, name, result, p))
            follower.lost.connect(follower.deleteLater)
            follower.follow(data["message_id"])
            self._tell(name, "Working on it…")

    def _on_ended(
        self, follower: AnswerFollower, name: str, result: str, picture: Picture
    ) -> None:
        follower.deleteLater()
        if picture.note:
            self._complain(name, picture.note)
        else:
            self._deliver(name, result, picture.text)

    def _deliver(self, name: str, result: str, text: str) -> None:
        match result:
            case "copy":
                QGuiApplication.clipboard().setText(text)
                self._tell(name, "The result is copied: paste it where you need it.")
            case "note":
                self._tell(name, "Saved as a note.")
            case _:
                self._quick_ask().show_text(name, text)

    def _complain(self, name: str, words: str) -> None:
        if not self._tell(name or "Hearth", words):
            self._quick_ask().show_problem(words)

    def _on_actions(self, status: int, body: bytes) -> None:
        if status != _OK:
            return
        actions = tuple(
            QuickAction(
                id=item["id"],
                name=item["name"],
                shortcut=item["shortcut"],
                in_tray=item["in_tray"],
            )
            for item in json.loads(body)["actions"]
        )
        if actions != self.actions:
            self.actions = actions
            self.changed.emit()

    def _on_recent(self, status: int, body: bytes) -> None:
        if status != _OK:
            return
        recent = tuple(
            Recent(id=item["id"], title=item["title"])
            for item in json.loads(body)["conversations"]
        )
        if recent != self.recent:
            self.recent = recent
            self.changed.emit()
