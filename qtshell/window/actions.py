"""Every action once; the menu bar, the tray and the shortcut list take them here."""

from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from qtshell.display.theme import Theme

_Key = QKeySequence.StandardKey
_Role = QAction.MenuRole

_THEME_NAMES: Final = {
    Theme.SYSTEM: "&System",
    Theme.LIGHT: "&Light",
    Theme.DARK: "&Dark",
}


class Actions(QObject):
    """The verbs of Hearth, with their names and shortcuts."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        new = self._new
        self.open_window = new("&Open Hearth")
        self.quick_ask = new("Quick &Ask…")
        self.pause = new("&Pause Answers")
        self.pause.setCheckable(True)
        self.new_chat = new("&New Conversation", "Ctrl+N")
        self.new_temporary = new("New &Temporary Chat", "Ctrl+Alt+N")
        self.new_note = new("New No&te", "Ctrl+Shift+N")
        self.import_chats = new("&Import…")
        self.export_all = new("&Export Everything…")
        self.close_window = new("&Close Window", "Ctrl+W")
        self.quit = new("&Quit Hearth", "Ctrl+Q", role=_Role.QuitRole)
        self.undo = new("&Undo", _Key.Undo)
        self.redo = new("&Redo", _Key.Redo)
        self.cut = new("Cu&t", _Key.Cut)
        self.copy = new("&Copy", _Key.Copy)
        self.paste = new("&Paste", _Key.Paste)
        self.select_all = new("Select &All", _Key.SelectAll)
        self.spelling = new("&Spelling…")
        self.find = new("&Find…", "Ctrl+F")
        self.search = new("&Search Everywhere", "Ctrl+Shift+F")
        self.back = new("&Back", _Key.Back)
        self.forward = new("&Forward", _Key.Forward)
        self.notes = new("&Notes")
        self.trash = new("&Trash")
        self.quick_actions = new("&Quick Actions")
        self.zoom_in = new("Zoom &In", "Ctrl++", "Ctrl+=")
        self.zoom_out = new("Zoom &Out", "Ctrl+-")
        self.zoom_reset = new("&Actual Size", "Ctrl+0")
        self.full_screen = new("&Full Screen", "F11")
        self.full_screen.setCheckable(True)
        self.wrap_code = new("&Wrap Long Lines of Code")
        self.number_code = new("&Number Lines of Code")
        for action in (self.wrap_code, self.number_code):
            action.setCheckable(True)
        self.toggle_sidebar = new("Show or Hide &Sidebar", "Ctrl+B")
        self.settings = new("&Settings", "Ctrl+,", role=_Role.PreferencesRole)
        self.global_shortcut = new("&Global Shortcut…")
        self.screenshot_shortcut = new("Screenshot S&hortcut…")
        self.start_at_login = new("Start at &Log-in")
        self.start_at_login.setCheckable(True)
        self.restart_backend = new("&Restart Background Process")
        self.open_logs = new("&Open Log Folder")
        self.shortcuts = new("&Keyboard Shortcuts", "Ctrl+/")
        self.check = new("&Check Hearth")
        self.about = new("&About Hearth", role=_Role.AboutRole)
        self.themes = {theme: new(name) for theme, name in _THEME_NAMES.items()}
        self._theme_group = QActionGroup(self)
        for theme in self.themes.values():
            theme.setCheckable(True)
            self._theme_group.addAction(theme)

    def with_shortcuts(self) -> list[tuple[str, str]]:
        """Return the name and the shortcut of each action that has one."""
        native = QKeySequence.SequenceFormat.NativeText
        return [
            (plain_name(action), action.shortcut().toString(native))
            for action in self.findChildren(QAction)
            if not action.shortcut().isEmpty()
        ]

    def _new(
        self,
        text: str,
        *keys: str | QKeySequence.StandardKey,
        role: _Role | None = None,
    ) -> QAction:
        action = QAction(text, self)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setMenuRole(role or _Role.NoRole)
        return action


def plain_name(action: QAction) -> str:
    """Return what an action is called, without the mark of its letter."""
    return action.text().replace("&", "").rstrip("…")


def fill_menu_bar(bar: QMenuBar, actions: Actions) -> None:
    """Lay the actions out as the platform's standard menus."""
    a = actions
    files, ends = (a.import_chats, a.export_all), (a.close_window, a.quit)
    beginning = (a.new_chat, a.new_temporary, a.new_note)
    _menu(bar, "&File", *beginning, None, *files, None, *ends)
    editing = (a.undo, a.redo, None, a.cut, a.copy, a.paste, a.select_all)
    _menu(bar, "&Edit", *editing, None, a.spelling, None, a.find, a.search)
    zooming = (a.zoom_in, a.zoom_out, a.zoom_reset)
    view = _menu(bar, "&View", *zooming, None, a.toggle_sidebar, a.full_screen, None)
    view.addActions([a.wrap_code, a.number_code])
    theme_menu = view.addMenu("&Theme")
    theme_menu.addActions(list(a.themes.values()))
    _menu(bar, "&Go", a.back, a.forward, None, a.notes, a.trash, a.quick_actions)
    tools = (a.quick_ask, a.pause, None, a.settings, None)
    desktop = (a.global_shortcut, a.screenshot_shortcut, a.start_at_login, None)
    _menu(bar, "&Tools", *tools, *desktop, a.restart_backend, a.open_logs)
    _menu(bar, "&Help", a.shortcuts, a.check, a.about)


def _menu(bar: QMenuBar, title: str, *entries: QAction | None) -> QMenu:
    menu = bar.addMenu(title)
    for entry in entries:
        if entry is None:
            menu.addSeparator()
        else:
            menu.addAction(entry)
    return menu
