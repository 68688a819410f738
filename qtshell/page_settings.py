"""Lets the settings page show and change what the desktop side keeps."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from qtshell.actions import Actions
from qtshell.commands import Commands
from qtshell.theme import Theme

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from qtshell.web_view import WebView


class PageSettings(QObject):
    """Answers the page's links as if their menu entries had been chosen."""

    def __init__(self, actions: Actions, commands: Commands, parent: QObject) -> None:
        super().__init__(parent)
        self._actions = actions
        self._view: WebView | None = None
        self._zooms = {
            "in": actions.zoom_in,
            "out": actions.zoom_out,
            "reset": actions.zoom_reset,
        }
        commands.register("theme", self._choose_theme)
        commands.register("zoom", self._zoom)
        for name, action in (
            ("start-at-login", actions.start_at_login),
            ("global-shortcut", actions.global_shortcut),
        ):
            commands.register(name, partial(_act, action))
        for action in (*actions.themes.values(), actions.start_at_login):
            action.toggled.connect(self._show)

    def set_view(self, view: "WebView") -> None:
        """Show the page what is chosen now, and from now on."""
        self._view = view
        self._show()

    def _choose_theme(self, arguments: Mapping[str, str]) -> None:
        known = {theme.value: action for theme, action in self._actions.themes.items()}
        _trigger(known.get(arguments.get("choice", "")))

    def _zoom(self, arguments: Mapping[str, str]) -> None:
        _trigger(self._zooms.get(arguments.get("step", "")))

    def _show(self) -> None:
        if self._view is None:
            return
        themes = self._actions.themes
        chosen = next((t for t in Theme if themes[t].isChecked()), Theme.SYSTEM)
        at_login = "yes" if self._actions.start_at_login.isChecked() else "no"
        self._view.describe({"themeChoice": chosen.value, "atLogin": at_login})


def _act(action: "QAction", _: Mapping[str, str]) -> None:
    action.trigger()


def _trigger(action: "QAction | None") -> None:
    if action is not None:
        action.trigger()
