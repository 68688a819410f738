"""Builds and joins what is reached without the window: quick ask, actions, pause."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, QUrl
from PySide6.QtWidgets import QWidget

from backend.interface.api_types import EnginePause
from qtshell.dialogs.page_commands import LinkOpener
from qtshell.hotkeys.registry import Hotkeys
from qtshell.quick.actions import QuickActions
from qtshell.quick.shortcuts import ActionShortcuts
from qtshell.sidecar.activity import Activity
from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.supervisor import SidecarSupervisor
from qtshell.web.navigation import Verdict, classify_navigation
from qtshell.web.urls import encoded
from qtshell.window.actions import Actions
from qtshell.window.spelling import Spelling
from qtshell.window.tray import TrayIcon

if TYPE_CHECKING:
    from qtshell.quick.ask import QuickAsk
    from qtshell.quick.window import QuickWindow

_WARM_UP_AFTER_MS: Final = 2_000
"""When the start-up is over and the machine has time."""


class QuickAccess(QObject):
    """The ways to use Hearth while its window is closed."""

    def __init__(
        self,
        *,
        client: SidecarClient,
        supervisor: SidecarSupervisor,
        activity: Activity,
        actions: Actions,
        tray: TrayIcon,
        window: QWidget,
        hotkeys: Hotkeys,
        open_path: Callable[[str], None],
        spelling: Spelling,
    ) -> None:
        super().__init__(window)
        self._client = client
        self._supervisor = supervisor
        self._pause = actions.pause
        self._tray = tray
        self._open_path = open_path
        self._spelling = spelling
        self._window: QuickWindow | None = None
        self._quick_ask: QuickAsk | None = None
        self.quick_actions = QuickActions(client, self.quick_ask, tray.tell, self)
        self._shortcuts = ActionShortcuts(
            hotkeys, client, window, self.quick_actions.run
        )
        self._join(activity, actions)

    def begin(self) -> None:
        """Get quick ask ready when the start is over."""
        QTimer.singleShot(_WARM_UP_AFTER_MS, self, self.quick_ask)

    def open_quick_ask(self) -> None:
        """Show quick ask, ready for typing."""
        self.quick_ask().open_quick_ask()

    def quick_ask(self) -> "QuickAsk":
        """Return quick ask; its window is made once and kept."""
        from qtshell.quick.ask import QuickAsk  # noqa: PLC0415 the start needs none
        from qtshell.quick.spelling import QuestionSpelling  # noqa: PLC0415 the start needs none
        from qtshell.quick.window import QuickWindow  # noqa: PLC0415 the start needs none

        if self._quick_ask is None:
            self._window = QuickWindow()
            # It lives as long as what shows something in it, also while Hearth quits:
            # the sidecar that goes still answers, or leaves unanswered.
            self.destroyed.connect(self._window.deleteLater)
            self._window.warm_up()
            QuestionSpelling(self._window.question, self._spelling)
            self._quick_ask = QuickAsk(
                self._client, self._window, self._open_path, self
            )
            links = LinkOpener(self._window)
            self._window.answer.anchorClicked.connect(lambda url: _follow(links, url))
            if self._supervisor.trust is not None:
                self._quick_ask.go_on()
        return self._quick_ask

    def come_within_reach(self) -> None:
        """Keep the window where a screen is."""
        if self._window is not None:
            self._window.come_within_reach()

    def close(self, closed: Callable[..., object]) -> None:
        """Put the window away, and tell when what it shows is stored."""
        if self._window is None or self._quick_ask is None:
            closed()
            return
        self._window.hide()
        self._quick_ask.close(closed)

    def _join(self, activity: Activity, actions: Actions) -> None:
        self._supervisor.ready.connect(self._on_supervisor_ready)
        activity.growing_changed.connect(self._tray.set_growing)
        activity.moved.connect(self.quick_actions.refresh)
        actions.quick_ask.triggered.connect(lambda _: self.open_quick_ask())
        actions.pause.toggled.connect(lambda _: self._set_paused())
        self._tray.opening.connect(self.quick_actions.refresh)
        self._tray.action_chosen.connect(self.quick_actions.run)
        self._tray.chat_chosen.connect(
            lambda chosen: self._open_path(f"/conversations/{chosen}")
        )
        self.quick_actions.changed.connect(self._on_quick_actions_changed)

    def _on_supervisor_ready(self) -> None:
        self.quick_actions.refresh()
        self._shortcuts.tell()
        if self._pause.isChecked():
            self._set_paused()
        if self._quick_ask is not None:
            self._quick_ask.go_on()

    def _on_quick_actions_changed(self) -> None:
        self._tray.set_actions(self.quick_actions.actions)
        self._tray.set_recent(self.quick_actions.recent)
        self._shortcuts.hold(self.quick_actions.actions)

    def _set_paused(self) -> None:
        is_paused = self._pause.isChecked()
        self._tray.set_paused(paused=is_paused)
        form = {"paused": "yes" if is_paused else "no"}
        self._client.post("/api/v1/pause", form, EnginePause)


def _follow(links: LinkOpener, url: QUrl) -> None:
    """Offer to open a link of an answer, when it is one that leads out."""
    if classify_navigation(encoded(url), None) is Verdict.EXTERNAL:
        links.ask(url)
