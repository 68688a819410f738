"""The tray icon: how Hearth is, and the quick ways in and out."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from backend.interface.api_types import QuickAction, RecentConversation
from qtshell.icons import icon, phase_icon_name
from qtshell.sidecar.lifecycle import Phase
from qtshell.window.actions import Actions
from qtshell.window.notification_text import notification_text

_MESSAGE_MS: Final = 6_000
_TITLE_CHARS: Final = 48
_WORDS: Final = {
    Phase.READY: "Hearth",
    Phase.FAILED: "Hearth: stopped, open the window to see why",
    Phase.UNRESPONSIVE: "Hearth: not answering",
    Phase.STOPPED: "Hearth: stopped",
    Phase.STOPPING: "Hearth: quitting",
}
_NO_ACTIONS: Final = "No Quick Actions Chosen for the Tray"
_NO_CHATS: Final = "No Conversations Yet"


class TrayIcon(QSystemTrayIcon):
    """Hearth in the tray.

    Signals:
        toggled: The user clicked the icon.
        opening: The menu is about to show: its lists should be fresh.
        action_chosen: A quick action's id.
        chat_chosen: A conversation's id.
        sync_paused: Whether the exchange with other computers is to rest.
    """

    toggled = Signal()
    opening = Signal()
    action_chosen = Signal(str)
    chat_chosen = Signal(str)
    sync_paused = Signal(bool)

    def __init__(self, actions: Actions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._phase = Phase.LAUNCHING
        self._growing = 0
        self._is_paused = False
        self._menu = QMenu()
        self._actions_menu = QMenu("Quick Actions", self._menu)
        self._chats_menu = QMenu("Recent Conversations", self._menu)
        self._sync_words = QAction(self)
        self._sync_words.setEnabled(False)
        self._pause_sync = QAction("Pause Sync", self, checkable=True)
        self._pause_sync.triggered.connect(self.sync_paused)
        self._fill(actions)
        self.set_sync("", is_paused=False)
        self.set_actions(())
        self.set_recent(())
        self.setContextMenu(self._menu)
        self._menu.aboutToShow.connect(self.opening)
        self.activated.connect(self._on_activated)
        self._show_state()

    @property
    def is_there(self) -> bool:
        """Whether this desktop shows the icon now; a tray may come late, or go."""
        return self.isVisible() and self.isSystemTrayAvailable()

    def set_phase(self, phase: Phase) -> None:
        """Show the phase by shape and words."""
        self._phase = phase
        self._show_state()

    def set_growing(self, count: int) -> None:
        """Show whether answers are being written."""
        self._growing = count
        self._show_state()

    def set_paused(self, *, paused: bool) -> None:
        """Show whether Hearth rests."""
        self._is_paused = paused
        self._show_state()

    def set_actions(self, actions: tuple[QuickAction, ...]) -> None:
        """Offer these quick actions on the clipboard."""
        rows = [(each.id, each.name) for each in actions if each.in_tray]
        _refill(self._actions_menu, rows, self.action_chosen.emit, _NO_ACTIONS)

    def set_recent(self, recent: tuple[RecentConversation, ...]) -> None:
        """Offer these conversations."""
        rows = [(each.id, each.title) for each in recent]
        _refill(self._chats_menu, rows, self.chat_chosen.emit, _NO_CHATS)

    def set_sync(self, words: str, *, is_paused: bool) -> None:
        """Say how the exchange with other computers is; nothing where there is none."""
        self._sync_words.setText(f"Sync: {_shortened(words)}".replace("&", "&&"))
        self._pause_sync.setChecked(is_paused)
        for action in (self._before_sync, self._sync_words, self._pause_sync):
            action.setVisible(bool(words))

    def tell(self, heading: str, words: str) -> bool:
        """Show a notice; return whether there is a tray to show it."""
        if self.is_there and self.supportsMessages():
            self.showMessage(
                heading, notification_text(words), self.icon(), _MESSAGE_MS
            )
            return True
        return False

    def say_still_here(self) -> None:
        """Say that closing the window did not quit."""
        self.tell(
            "Hearth keeps running",
            "Click the icon to open it again. Quit from its menu.",
        )

    def _fill(self, a: Actions) -> None:
        self._menu.addActions([a.open_window, a.new_chat, a.quick_ask])
        self._menu.addSeparator()
        self._menu.addMenu(self._actions_menu)
        self._menu.addMenu(self._chats_menu)
        self._menu.addSeparator()
        self._menu.addActions([a.pause, a.restart_backend, a.settings])
        self._before_sync = self._menu.addSeparator()
        self._menu.addActions([self._sync_words, self._pause_sync])
        self._menu.addSeparator()
        self._menu.addAction(a.quit)

    def _show_state(self) -> None:
        is_ready = self._phase is Phase.READY
        if is_ready and self._is_paused:
            name, words = "hearth-offline", "Hearth: paused"
        elif is_ready and self._growing:
            name, words = "hearth-working", "Hearth: answering"
        else:
            name = phase_icon_name(self._phase)
            words = _WORDS.get(self._phase, "Hearth: starting")
        self.setIcon(icon(name))
        self.setToolTip(words)

    def _on_activated(self, why: QSystemTrayIcon.ActivationReason) -> None:
        if why is QSystemTrayIcon.ActivationReason.Trigger:
            self.toggled.emit()


def _refill(
    menu: QMenu,
    rows: list[tuple[str, str]],
    chosen: Callable[[str], object],
    nothing: str,
) -> None:
    menu.clear()
    for row_id, name in rows:
        # An ampersand would underline the next letter instead of being one.
        action = menu.addAction(_shortened(name).replace("&", "&&"))
        action.triggered.connect(lambda _=False, chosen_id=row_id: chosen(chosen_id))
    if not rows:
        menu.addAction(nothing).setEnabled(False)


def _shortened(name: str) -> str:
    line = " ".join(name.split())
    return line if len(line) <= _TITLE_CHARS else f"{line[: _TITLE_CHARS - 1]}…"
