"""Joins a running Hearth to the desktop around it: later launches and notices."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from backend.installation import installed_version, running_version
from qtshell.ipc.handlers import Remote
from qtshell.ipc.instance import Call, Instance
from qtshell.ipc.server import InstanceServer
from qtshell.options import Options, Verb
from qtshell.sidecar.activity import Activity
from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.connection import ConnectionWatch
from qtshell.sidecar.supervisor import SidecarSupervisor
from qtshell.window.action_handlers import ActionHandlers
from qtshell.window.actions import Actions
from qtshell.window.main_window import MainWindow
from qtshell.window.notifications import Notifications
from qtshell.window.sync_menu import SyncMenu
from qtshell.window.tray import TrayIcon
from qtshell.window.window_watch import WindowWatch


class TrayReply:
    """Hears an answer for somebody without a terminal and says it by the tray."""

    is_there = True

    def __init__(self, tray: TrayIcon) -> None:
        self._tray = tray

    def say(self, text: str) -> None:
        """Wait for the end."""

    def finish(self, text: str = "") -> None:
        """Say that it was done."""
        self._tray.tell("Hearth", text)

    def fail(self, error: str, code: int = 1) -> None:  # noqa: ARG002 a listener's
        """Say why it was not done."""
        self._tray.tell("Hearth", error)

    def on_left(self, act: Callable[[], None]) -> None:
        """Do nothing: the tray stays."""


class DesktopLink(QObject):
    """What makes Hearth reachable from outside its window."""

    def __init__(
        self,
        *,
        instance: Instance,
        options: Options,
        supervisor: SidecarSupervisor,
        client: SidecarClient,
        actions: Actions,
        window: MainWindow,
        tray: TrayIcon,
        action_handlers: ActionHandlers,
        leave: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._options = options
        self._supervisor = supervisor
        self._window = window
        self._tray = tray
        self.handlers: dict[Verb, Callable[[], None]] = {
            Verb.OPEN: window.come_forward,
            Verb.WAKE: _nothing,
            Verb.NEW_CHAT: actions.new_chat.trigger,
            Verb.QUICK_ASK: actions.new_chat.trigger,
            Verb.NOTE_FROM_CLIPBOARD: self._note_clipboard,
            Verb.QUIT: leave,
        }
        self._remote = remote = Remote(
            client, supervisor, self.handlers, self._facts, self
        )
        self._server = InstanceServer(instance, remote.answer, self)
        self.activity = Activity(client, supervisor, self)
        SyncMenu(client, tray)
        ConnectionWatch(client, supervisor, self)
        WindowWatch(window, client, supervisor)
        Notifications(self.activity, tray, window, action_handlers.go)

    def begin(self) -> None:
        """Do what this first launch asked for beside opening."""
        if self._options.verb is not Verb.OPEN:
            self.handlers[self._options.verb]()

    def close(self) -> None:
        """Take no more calls."""
        self._server.close()

    def _note_clipboard(self) -> None:
        text = QGuiApplication.clipboard().text()
        # It was asked from a menu: there is no terminal to answer in.
        self._remote.answer(Call(Verb.NOTE.value, text=text), TrayReply(self._tray))

    def _facts(self) -> dict[str, Any]:
        return {
            "version": running_version(),
            "installed": installed_version(),
            "phase": self._supervisor.phase.value,
            "window": "shown" if self._window.isVisible() else "hidden",
            "data_dir": str(self._options.data_dir),
        }


def _nothing() -> None:
    """Being there is all that was asked."""
