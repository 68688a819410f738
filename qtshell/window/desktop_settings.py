"""What the user chooses about the desktop: start at log-in and the global shortcut."""

import logging
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QKeySequenceEdit,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from qtshell.desktop.integration import Desktop
from qtshell.dialogs.page_commands import tell
from qtshell.hotkeys.registry import DEFAULT, Hotkeys, needs_consent
from qtshell.settings import ShellSettings
from qtshell.window.actions import Actions
from qtshell.window.tray import TrayIcon

log = logging.getLogger("hearth.shell")

BY_HAND: Final = (
    "You can bind the command “hearth --quick-ask” to a key in the keyboard settings "
    "of your desktop instead."
)

_NAME: Final = "quick-ask"
_DESCRIPTION: Final = "Quick Ask"
_WHAT: Final = "Press the keys that should open Quick Ask from any program."
_HELD: Final = "These keys open Quick Ask now."
_NONE: Final = "No keys are chosen."
_AUTOSTART_FAILED: Final = "Start at log-in could not be changed."
_MIN_WIDTH: Final = 420


class ShortcutDialog(QDialog):
    """Asks for the keys and says at once whether they can be had."""

    def __init__(self, keys: str, hotkeys: Hotkeys, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("global-shortcut")
        self.setWindowTitle("Global Shortcut")
        self.setMinimumWidth(_MIN_WIDTH)
        self._hotkeys = hotkeys
        self._before = keys
        self.field = QKeySequenceEdit(QKeySequence(keys))
        self.field.setMaximumSequenceLength(1)
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName("Global shortcut")
        self.said = QLabel(_HELD if keys else _NONE)
        self.said.setWordWrap(True)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save
            | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (QLabel(_WHAT), self.field, self.said, buttons):
            column.addWidget(widget)
        self.field.editingFinished.connect(self._try)
        hotkeys.refused.connect(self._on_hotkeys_refused)
        hotkeys.described.connect(self._on_hotkeys_described)
        self.rejected.connect(lambda: self._hold(self._before))

    @property
    def keys(self) -> str:
        """What is chosen, "" for none."""
        portable = QKeySequence.SequenceFormat.PortableText
        return self.field.keySequence().toString(portable)

    def _try(self) -> None:
        self.said.setText(_HELD if self.keys else _NONE)
        self._hold(self.keys)

    def _hold(self, keys: str) -> None:
        self._hotkeys.hold(_NAME, keys, _DESCRIPTION)

    def _on_hotkeys_refused(self, name: str, why: str) -> None:
        if name == _NAME:
            self.said.setText(f"{why} {BY_HAND}")

    def _on_hotkeys_described(self, name: str, keys: str) -> None:
        if name == _NAME:
            self.said.setText(f"{keys} opens Quick Ask now.")


class DesktopSettings(QObject):
    """Joins the two choices to the menu and to what is remembered."""

    def __init__(
        self,
        *,
        actions: Actions,
        window: QWidget,
        tray: TrayIcon,
        settings: ShellSettings,
        desktop: Desktop,
        hotkeys: Hotkeys,
        quick_ask: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._actions = actions
        self._window = window
        self._tray = tray
        self._settings = settings
        self._desktop = desktop
        self._hotkeys = hotkeys
        hotkeys.pressed.connect(lambda name: quick_ask() if name == _NAME else None)
        hotkeys.refused.connect(self._on_hotkeys_refused)
        actions.start_at_login.setChecked(desktop.starts_at_login)
        actions.start_at_login.triggered.connect(self._on_start_at_login_triggered)
        actions.global_shortcut.triggered.connect(self._choose_shortcut)

    def begin(self) -> None:
        """Take the shortcut, the first time only where nobody must be asked."""
        keys = self._settings.hotkey
        if keys is None:
            keys = "" if needs_consent() else DEFAULT
        self._hotkeys.hold(_NAME, keys, _DESCRIPTION)

    def _on_start_at_login_triggered(self) -> None:
        on = self._actions.start_at_login.isChecked()
        try:
            self._desktop.start_at_login(on=on)
        except OSError as exc:
            log.warning("start at log-in could not be changed: %s", exc)
            self._actions.start_at_login.setChecked(not on)
            tell(self._window, _AUTOSTART_FAILED, str(exc))

    def _choose_shortcut(self) -> None:
        keys = self._settings.hotkey
        dialog = ShortcutDialog(
            DEFAULT if keys is None else keys, self._hotkeys, self._window
        )
        dialog.accepted.connect(lambda: self._keep(dialog.keys))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _keep(self, keys: str) -> None:
        self._settings.hotkey = keys
        self._settings.hotkey_hint_shown = False

    def _on_hotkeys_refused(self, name: str, why: str) -> None:
        """Say it once; the dialog says it for itself, and the page for actions."""
        log.info("the shortcut %s was refused: %s", name, why)
        if name != _NAME or self._settings.hotkey_hint_shown:
            return
        self._settings.hotkey_hint_shown = True
        self._tray.tell("No global shortcut", f"{why} {BY_HAND}")
