"""What each action of the user does."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox

from backend.installation import installed_version, running_version
from qtshell.dialogs.folders import open_folder
from qtshell.display.theme import Theme, apply_theme
from qtshell.hotkeys.registry import DEFAULT
from qtshell.icons import icon
from qtshell.options import Options
from qtshell.settings import SCREENSHOT, ShellSettings
from qtshell.sidecar.supervisor import SidecarSupervisor
from qtshell.window.actions import Actions
from qtshell.window.check_window import CheckWindow
from qtshell.window.main_window import MainWindow
from qtshell.window.shortcut_list import ShortcutList, every_key

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from qtshell.web.view import WebView

_ZOOM_STEP: Final = 1.1


class ActionHandlers(QObject):
    """Joins the actions to the window, the page and the sidecar."""

    def __init__(
        self,
        actions: Actions,
        window: MainWindow,
        supervisor: SidecarSupervisor,
        settings: ShellSettings,
        options: Options,
    ) -> None:
        super().__init__(window)
        self._actions = actions
        self._window = window
        self._supervisor = supervisor
        self._settings = settings
        self._options = options
        self._view: WebView | None = None
        self._join()
        self._join_view_menu()

    def set_view(self, view: "WebView") -> None:
        """Let actions that concern the page reach it."""
        self._view = view
        a = self._actions
        view.serve(
            {
                "Back": a.back,
                "Forward": a.forward,
                "Undo": a.undo,
                "Redo": a.redo,
                "Cut": a.cut,
                "Copy": a.copy,
                "Paste": a.paste,
                "SelectAll": a.select_all,
            }
        )
        view.set_zoom(self._settings.zoom)

    def open_logs(self) -> None:
        """Show the log folder in the file manager."""
        open_folder(self._options.log_dir)

    def open_data(self) -> None:
        """Show the data folder in the file manager."""
        open_folder(self._options.data_dir)

    def go(self, path: str) -> None:
        """Bring the window forward and show a page of the sidecar."""
        self._window.come_forward()
        if self._view:
            self._view.open_path(path)

    def toggle_window(self) -> None:
        """Bring the window forward, or hide it when it is there."""
        if self._window.isVisible() and not self._window.isMinimized():
            self._window.close()
        else:
            self._window.come_forward()

    def _join(self) -> None:
        a = self._actions
        handlers: dict[QAction, Callable[[], object]] = {
            a.open_window: self._window.come_forward,
            a.new_chat: lambda: self.go("/"),
            a.new_temporary: lambda: self.go("/temporary"),
            a.new_note: lambda: self.go("/notes/new"),
            a.import_chats: lambda: self.go("/imports"),
            a.settings: lambda: self.go("/settings"),
            a.notes: lambda: self.go("/notes"),
            a.trash: lambda: self.go("/trash"),
            a.quick_actions: lambda: self.go("/actions"),
            a.close_window: self._window.close,
            a.find: self._find,
            a.search: lambda: self._tell("search"),
            a.restart_backend: self._supervisor.restart,
            a.open_logs: self.open_logs,
            a.shortcuts: self._show_shortcuts,
            a.check: self._show_check,
            a.about: self._show_about,
        }
        for action, handler in handlers.items():
            action.triggered.connect(_without_arguments(handler))

    def _join_view_menu(self) -> None:
        a = self._actions
        a.zoom_in.triggered.connect(lambda: self._zoom(_ZOOM_STEP))
        a.zoom_out.triggered.connect(lambda: self._zoom(1 / _ZOOM_STEP))
        a.zoom_reset.triggered.connect(lambda: self._zoom(1 / self._settings.zoom))
        a.toggle_sidebar.triggered.connect(lambda: self._tell("toggle-sidebar"))
        a.full_screen.toggled.connect(lambda _: self._set_full_screen())
        a.wrap_code.setChecked(self._settings.wraps_code)
        a.wrap_code.toggled.connect(partial(setattr, self._settings, "wraps_code"))
        a.number_code.setChecked(self._settings.numbers_code)
        a.number_code.toggled.connect(partial(setattr, self._settings, "numbers_code"))
        for theme, action in a.themes.items():
            action.setChecked(theme is self._settings.theme)
            action.triggered.connect(lambda _=False, t=theme: self._set_theme(t))

    def _tell(self, command: str) -> None:
        self._window.come_forward()
        if self._view:
            self._view.tell(command)

    def _find(self) -> None:
        if self._window.shows_page:
            self._window.find_bar.open_bar()

    def _zoom(self, by: float) -> None:
        self._settings.zoom = self._settings.zoom * by
        if self._view:
            self._view.set_zoom(self._settings.zoom)

    def _set_full_screen(self) -> None:
        if self._actions.full_screen.isChecked():
            self._window.showFullScreen()
        else:
            self._window.showNormal()

    def _set_theme(self, theme: Theme) -> None:
        self._settings.theme = theme
        apply_theme(theme)

    def _show_shortcuts(self) -> None:
        chosen = self._settings.hotkey()
        keys = DEFAULT if chosen is None else chosen
        shot = self._settings.hotkey(SCREENSHOT) or ""
        sections = every_key(self._actions.with_shortcuts(), keys, shot)
        dialog = ShortcutList(sections, self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _show_check(self) -> None:
        command = (*self._options.launch_command, "doctor")
        CheckWindow(command, self._window).open()

    def _show_about(self) -> None:
        box = QMessageBox(self._window)
        box.setObjectName("about")
        box.setWindowTitle("About Hearth")
        box.setTextFormat(Qt.TextFormat.RichText)
        box.setText(about_text(running_version(), installed_version()))
        box.setIconPixmap(icon().pixmap(64, 64))
        box.finished.connect(box.deleteLater)
        box.open()


def about_text(runs: str, installed: str) -> str:
    """Return what About says of the version that runs, and of one put in its place."""
    newer = f"<p>Version {installed} is installed: restart Hearth to use it.</p>"
    return (
        f"<h3>Hearth {runs}</h3>{newer if installed != runs else ''}"
        "<p>A private assistant that lives on your desktop.</p>"
        "<p>Everything you write stays on this computer unless you choose "
        "otherwise.</p>"
    )


def _without_arguments(handler: Callable[[], object]) -> Callable[..., None]:
    def run(*_: object) -> None:
        handler()

    return run
