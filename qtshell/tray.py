"""The tray icon: how the sidecar is, and the quick ways in and out."""

from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from qtshell.actions import Actions
from qtshell.icons import icon, phase_icon_name
from qtshell.lifecycle import Phase

_TOLD_MS: Final = 6_000
_WORDS: Final = {
    Phase.READY: "Hearth",
    Phase.FAILED: "Hearth: stopped, open the window to see why",
    Phase.UNRESPONSIVE: "Hearth: not answering",
    Phase.STOPPED: "Hearth: stopped",
    Phase.STOPPING: "Hearth: quitting",
}


class TrayIcon(QSystemTrayIcon):
    """Hearth in the tray.

    Signals:
        toggled: The user clicked the icon.
    """

    toggled = Signal()

    def __init__(self, actions: Actions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._menu = QMenu()
        for action in (actions.open_window, actions.new_chat):
            self._menu.addAction(action)
        self._menu.addSeparator()
        self._menu.addAction(actions.restart_backend)
        self._menu.addAction(actions.quit)
        self.setContextMenu(self._menu)
        self.activated.connect(self._on_activated)
        self.set_phase(Phase.LAUNCHING)

    def set_phase(self, phase: Phase) -> None:
        """Show the phase by shape and words."""
        self.setIcon(icon(phase_icon_name(phase)))
        self.setToolTip(_WORDS.get(phase, "Hearth: starting"))

    def say_still_here(self) -> None:
        """Say that closing the window did not quit."""
        self.showMessage(
            "Hearth keeps running",
            "Click the icon to open it again. Quit from its menu.",
            self.icon(),
            _TOLD_MS,
        )

    def _on_activated(self, why: QSystemTrayIcon.ActivationReason) -> None:
        if why is QSystemTrayIcon.ActivationReason.Trigger:
            self.toggled.emit()
