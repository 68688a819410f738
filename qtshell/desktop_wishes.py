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

from qtshell.actions import Actions
from qtshell.commands import tell
from qtshell.desktop import Desktop
from qtshell.hotkey import DEFAULT, Hotkey, needs_consent
from qtshell.settings import ShellSettings
from qtshell.tray import TrayIcon

log = logging.getLogger("hearth.shell")

_WHAT: Final = "Press the keys that open the quick question in any program."
_HELD: Final = "These keys are in use."
_NONE: Final = "No keys are chosen."
_AUTOSTART_FAILED: Final = "Start at log-in could not be changed."
_MIN_WIDTH: Final = 420


class ShortcutDialog(QDialog):
    """Asks for the keys and says at once whether they can be had."""

    def __init__(self, keys: str, hotkey: Hotkey, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("global-shortcut")
        self.setWindowTitle("Global Shortcut")
        self.setMinimumWidth(_MIN_WIDTH)
        self._hotkey = hotkey
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
        hotkey.refused.connect(self.said.setText)
        hotkey.described.connect(lambda name: self.said.setText(f"{_HELD} {name}"))
        self.rejected.connect(lambda: hotkey.hold(self._before))

    @property
    def keys(self) -> str:
        """What is chosen, "" for none."""
        portable = QKeySequence.SequenceFormat.PortableText
        return self.field.keySequence().toString(portable)

    def _try(self) -> None:
        self.said.setText(_HELD if self.keys else _NONE)
        self._hotkey.hold(self.keys)


class DesktopWishes(QObject):
    """Joins the two choices to the menu and to what is remembered."""

    def __init__(
        self,
        *,
        actions: Actions,
        window: QWidget,
        tray: TrayIcon,
        settings: ShellSettings,
        desktop: Desktop,
        quick_ask: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._actions = actions
        self._window = window
        self._tray = tray
        self._settings = settings
        self._desktop = desktop
        self.hotkey = Hotkey(self)
        self.hotkey.pressed.connect(quick_ask)
        self.hotkey.refused.connect(self._on_hotkey_refused)
        actions.start_at_login.setChecked(desktop.starts_at_login)
        actions.start_at_login.triggered.connect(self._on_start_at_login_triggered)
        actions.global_shortcut.triggered.connect(self._choose_shortcut)

    def begin(self) -> None:
        """Take the shortcut, the first time only where nobody must be asked."""
        keys = self._settings.hotkey
        if keys is None:
            keys = "" if needs_consent() else DEFAULT
        self.hotkey.hold(keys)

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
            DEFAULT if keys is None else keys, self.hotkey, self._window
        )
        dialog.accepted.connect(lambda: self._keep(dialog.keys))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _keep(self, keys: str) -> None:
        self._settings.hotkey = keys
        self._settings.told_about_hotkey = False

    def _on_hotkey_refused(self, why: str) -> None:
        """Say it once; the dialog says it for itself."""
        log.info("the global shortcut was refused: %s", why)
        if self._settings.told_about_hotkey:
            return
        self._settings.told_about_hotkey = True
        self._tray.showMessage("No global shortcut", why, self._tray.icon())
