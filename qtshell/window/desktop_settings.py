"""What the user chooses about the desktop: start at log-in, the global shortcuts."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
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
from qtshell.settings import QUICK_ASK, SCREENSHOT, ShellSettings
from qtshell.window.actions import Actions
from qtshell.window.tray import TrayIcon

log = logging.getLogger("hearth.shell")

BY_HAND: Final = (
    "You can bind the command “hearth --quick-ask” to a key in the keyboard settings "
    "of your desktop instead."
)

_HELD: Final = "These keys {does} now."
_NONE: Final = "No keys are chosen."
_AUTOSTART_FAILED: Final = "Start at log-in could not be changed."
_MIN_WIDTH: Final = 420


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalKey:
    """A global shortcut of Hearth itself, and how it is spoken of.

    Attributes:
        name: What it is held and remembered by.
        description: What the desktop and other refusals call it.
        asks: What is asked of the user.
        does: What the keys do.
        one: What the desktop's own name of the keys does.
        default: Taken the first time, where nobody must be asked.
        by_hand: What can be done where it cannot be had.
    """

    name: str
    description: str
    asks: str
    does: str
    one: str
    default: str = ""
    by_hand: str = ""


OPENS_QUICK_ASK: Final = GlobalKey(
    name=QUICK_ASK,
    description="Quick Ask",
    asks="Press the keys that should open Quick Ask from any program.",
    does="open Quick Ask",
    one="opens Quick Ask",
    default=DEFAULT,
    by_hand=BY_HAND,
)
TAKES_SCREENSHOT: Final = GlobalKey(
    name=SCREENSHOT,
    description="Screenshot into a question",
    asks="Press the keys that should attach a screenshot to a new question.",
    does="take a screenshot for a new question",
    one="takes a screenshot for a new question",
)


class ShortcutDialog(QDialog):
    """Asks for the keys and says at once whether they can be had."""

    def __init__(
        self, key: GlobalKey, keys: str, hotkeys: Hotkeys, window: QWidget
    ) -> None:
        super().__init__(window)
        self.setObjectName("global-shortcut")
        self.setWindowTitle("Global Shortcut")
        self._key = key
        self._what_they_do = _HELD.format(does=key.does)
        self.setMinimumWidth(_MIN_WIDTH)
        self._hotkeys = hotkeys
        self._before = keys
        self.field = QKeySequenceEdit(QKeySequence(keys))
        self.field.setMaximumSequenceLength(1)
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName("Global shortcut")
        self.said = QLabel(self._what_they_do if keys else _NONE)
        self.said.setWordWrap(True)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save
            | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (QLabel(key.asks), self.field, self.said, buttons):
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
        self.said.setText(self._what_they_do if self.keys else _NONE)
        self._hold(self.keys)

    def _hold(self, keys: str) -> None:
        self._hotkeys.hold(self._key.name, keys, self._key.description)

    def _on_hotkeys_refused(self, name: str, why: str) -> None:
        if name == self._key.name:
            self.said.setText(f"{why} {self._key.by_hand}".strip())

    def _on_hotkeys_described(self, name: str, keys: str) -> None:
        if name == self._key.name:
            self.said.setText(f"{keys} {self._key.one} now.")


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
        screenshot: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._actions = actions
        self._window = window
        self._tray = tray
        self._settings = settings
        self._desktop = desktop
        self._hotkeys = hotkeys
        self._does = {OPENS_QUICK_ASK: quick_ask, TAKES_SCREENSHOT: screenshot}
        hotkeys.pressed.connect(self._on_hotkeys_pressed)
        hotkeys.refused.connect(self._on_hotkeys_refused)
        actions.start_at_login.setChecked(desktop.starts_at_login)
        actions.start_at_login.triggered.connect(self._on_start_at_login_triggered)
        for action, key in (
            (actions.global_shortcut, OPENS_QUICK_ASK),
            (actions.screenshot_shortcut, TAKES_SCREENSHOT),
        ):
            action.triggered.connect(lambda _=False, k=key: self._choose_shortcut(k))

    def begin(self) -> None:
        """Take the shortcuts, the first time only where nobody must be asked."""
        for key in self._does:
            keys = self._settings.hotkey(key.name)
            if keys is None:
                keys = "" if needs_consent() else key.default
            self._hotkeys.hold(key.name, keys, key.description)

    def _on_hotkeys_pressed(self, name: str) -> None:
        for key, does in self._does.items():
            if key.name == name:
                does()

    def _on_start_at_login_triggered(self) -> None:
        on = self._actions.start_at_login.isChecked()
        try:
            self._desktop.start_at_login(on=on)
        except OSError as exc:
            log.warning("start at log-in could not be changed: %s", exc)
            self._actions.start_at_login.setChecked(not on)
            tell(self._window, _AUTOSTART_FAILED, str(exc))

    def _choose_shortcut(self, key: GlobalKey) -> None:
        keys = self._settings.hotkey(key.name)
        held = key.default if keys is None else keys
        dialog = ShortcutDialog(key, held, self._hotkeys, self._window)
        dialog.accepted.connect(
            lambda: self._settings.set_hotkey(key.name, dialog.keys)
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_hotkeys_refused(self, name: str, why: str) -> None:
        """Say it once; the dialog says it for itself, and the page for actions."""
        log.info("the shortcut %s was refused: %s", name, why)
        key = next((each for each in self._does if each.name == name), None)
        if key is None or self._settings.is_hotkey_hint_shown(name):
            return
        self._settings.set_hotkey_hint_shown(name, shown=True)
        self._tray.tell("No global shortcut", f"{why} {key.by_hand}".strip())
