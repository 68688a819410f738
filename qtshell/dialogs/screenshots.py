"""Attaches a picture of the screen to a question, taken by us or by the desktop.

It is asked for by a link of a composer, or by keys in whatever program. On Wayland the
desktop takes it, and may ask first: over D-Bus, in a thread of its own.
"""

import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QCursor, QGuiApplication, QScreen
from PySide6.QtWidgets import QWidget

from backend.interface.api_types import Done
from qtshell.dialogs.page_commands import tell
from qtshell.hotkeys.registry import needs_consent
from qtshell.sidecar.client import SidecarClient

_NEW: Final = "new"
"""The draft of the conversation that does not exist yet."""
_HIDING_MS: Final = 300
"""The desktop may let the window fade, and others draw what was below it."""
_FAILURE: Final = "No screenshot was attached."
_NOT_OFFERED: Final = (
    "This desktop offers no screenshots to programs. Take one with the desktop's own "
    "keys, and paste it."
)
_UNREACHABLE: Final = "Hearth is starting. Try again in a moment."


class ScreenshotError(Exception):
    """There is no picture; the text says why, if not that none can be had."""


class ScreenshotTaker(QObject):
    """Answers the link of the `draft` whose composer it stands in.

    Signals:
        taken: Where the picture is, or "" and why there is none.
        question_begun: One was taken by keys: the new question is to be shown.
    """

    name: Final = "attach-screenshot"
    taken = Signal(str, str)
    question_begun = Signal()

    def __init__(self, client: SidecarClient, window: QWidget) -> None:
        super().__init__(window)
        self._client = client
        self._window = window
        self._draft = ""
        self._screen: QScreen | None = None
        self._is_taking = False
        self._folder: Path | None = None
        self._hiding = QTimer(self, singleShot=True, interval=_HIDING_MS)
        self._hiding.timeout.connect(self._take)
        self.taken.connect(self._on_taken)

    def __call__(self, query: Mapping[str, str]) -> None:
        """Hide the window, take the picture, and attach it."""
        self._begin(query.get("draft", ""), self._window.screen())

    def take_for_new_question(self) -> None:
        """Attach the screen where the mouse is to the question that is not begun yet.

        The window may be open, behind others or in the tray.
        """
        screen = QGuiApplication.screenAt(QCursor.pos()) or self._window.screen()
        self._begin(_NEW, screen)

    def _begin(self, draft: str, screen: QScreen) -> None:
        if self._is_taking:
            return
        self._is_taking = True
        self._draft, self._screen = draft, screen
        self._window.hide()
        self._hiding.start()

    def _take(self) -> None:
        if needs_consent():
            threading.Thread(
                target=self._ask_desktop, name="screenshot", daemon=True
            ).start()
            return
        self._folder = Path(tempfile.mkdtemp(prefix="hearth-"))
        try:
            screen = self._screen or self._window.screen()
            self.taken.emit(str(grab(screen, self._folder)), "")
        except ScreenshotError:
            self.taken.emit("", _NOT_OFFERED)

    def _ask_desktop(self) -> None:
        from qtshell.dialogs.screenshot_portal import (  # noqa: PLC0415 Linux alone has it
            ask_portal,
        )

        try:
            self.taken.emit(ask_portal(), "")
        except ScreenshotError as exc:
            self.taken.emit("", str(exc) or _NOT_OFFERED)

    def _on_taken(self, path: str, why: str) -> None:
        self._is_taking = False
        self._window.show()
        self._window.activateWindow()
        if self._draft == _NEW and not why:
            self.question_begun.emit()
        if why:
            self._complain(why)
            return
        self._client.post(
            f"/drafts/{quote(self._draft, safe='')}/files",
            {"path": path},
            Done,
            lambda _: self._clean_up(),
            refused=lambda refusal: self._complain(refusal.error),
            unreachable=lambda: self._complain(_UNREACHABLE),
        )

    def _complain(self, why: str) -> None:
        self._clean_up()
        tell(self._window, _FAILURE, why)

    def _clean_up(self) -> None:
        """Remove our picture; one of the desktop's is the user's."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def grab(screen: QScreen, folder: Path) -> Path:
    """Take a picture of a screen.

    Raises:
        ScreenshotError: The system did not give one.
    """
    path = folder / "Screenshot.png"
    if not screen.grabWindow(0).save(str(path)):
        raise ScreenshotError
    return path
