"""Lets the settings page show and change what the desktop side keeps."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from qtshell.dialogs.page_commands import Command, Commands
from qtshell.display.theme import Theme
from qtshell.settings import ShellSettings
from qtshell.window.actions import Actions

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from qtshell.web.view import WebView


class PageSettings(QObject):
    """Answers the page's links as if their menu entries had been chosen."""

    def __init__(
        self,
        actions: Actions,
        commands: Commands,
        settings: ShellSettings,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._actions = actions
        self._view: WebView | None = None
        themes = {theme.value: action for theme, action in actions.themes.items()}
        zooms = {
            "in": actions.zoom_in,
            "out": actions.zoom_out,
            "reset": actions.zoom_reset,
        }
        at_login, keys = actions.start_at_login, actions.global_shortcut
        shot = actions.screenshot_shortcut
        codes = {"wrap": actions.wrap_code, "numbers": actions.number_code}
        commands.register("code", _choosing("choice", codes))
        commands.register("list-width", self._keep_width)
        commands.register("theme", _choosing("choice", themes))
        commands.register("zoom", _choosing("step", zooms))
        commands.register("start-at-login", lambda _: at_login.trigger())
        commands.register("global-shortcut", lambda _: keys.trigger())
        commands.register("screenshot-shortcut", lambda _: shot.trigger())
        for action in (
            *actions.themes.values(),
            actions.start_at_login,
            *codes.values(),
        ):
            action.toggled.connect(self._show)

    def set_view(self, view: "WebView") -> None:
        """Show the page what is chosen now, and from now on."""
        self._view = view
        self._show()

    def _keep_width(self, arguments: Mapping[str, str]) -> None:
        self._settings.list_width = arguments.get("px", "")
        self._show()

    def _show(self) -> None:
        if self._view is None:
            return
        themes = self._actions.themes
        chosen = next((t for t in Theme if themes[t].isChecked()), Theme.SYSTEM)
        at_login = _yes(self._actions.start_at_login)
        facts = {"themeChoice": chosen.value, "atLogin": at_login}
        facts["listWidth"] = self._settings.list_width
        facts["codeWrap"] = _yes(self._actions.wrap_code)
        facts["codeNumbers"] = _yes(self._actions.number_code)
        self._view.describe(facts)


def _yes(action: "QAction") -> str:
    return "yes" if action.isChecked() else "no"


def _choosing(argument: str, actions: "Mapping[str, QAction]") -> Command:
    """Return a command that triggers the action its argument names, if one does."""

    def choose(arguments: Mapping[str, str]) -> None:
        action = actions.get(arguments.get(argument, ""))
        if action is not None:
            action.trigger()

    return choose
