"""Says that a long answer is ready when nobody is looking."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from backend.interface.api_types import EndedAnswer
from qtshell.sidecar.activity import Activity
from qtshell.window.tray import TrayIcon

LONG_S: Final = 10.0
"""Who waited less has not gone elsewhere."""

_OPENS_MS: Final = 20_000
"""A click later than this is one on another notice."""

_READY: Final = "The answer is ready"


class Notifications(QObject):
    """Shows a notice; a click on it opens its conversation."""

    def __init__(
        self,
        activity: Activity,
        tray: TrayIcon,
        window: QWidget,
        open_path: Callable[[str], None],
        is_looking: Callable[[], bool] = lambda: (
            QApplication.activeWindow() is not None
        ),
    ) -> None:
        super().__init__(window)
        self._tray = tray
        self._window = window
        self._open_path = open_path
        self._is_looking = is_looking
        # The tray tells of clicks on any message, not on which.
        self._path = ""
        self._expiry = QTimer(self, singleShot=True, interval=_OPENS_MS)
        self._expiry.timeout.connect(self._forget)
        activity.answer_ended.connect(self._on_answer_ended)
        tray.messageClicked.connect(self._on_message_clicked)

    def _on_answer_ended(self, answer: EndedAnswer) -> None:
        if answer.seconds < LONG_S or self._is_looking():
            return
        self._path = f"/conversations/{answer.conversation_id}"
        self._expiry.start()
        self._tray.tell(_READY, answer.title)
        QApplication.alert(self._window)

    def _on_message_clicked(self) -> None:
        if self._path:
            self._open_path(self._path)
            self._forget()

    def _forget(self) -> None:
        self._path = ""
