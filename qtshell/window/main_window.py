"""The window: splash, page or recovery panel, and where it was last time."""

import re
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from qtshell.display.screens import can_be_reached, take_scale_of_screen
from qtshell.settings import ShellSettings
from qtshell.sidecar.client import SidecarClient
from qtshell.window.actions import Actions, fill_menu_bar
from qtshell.window.conversation_find import ConversationFind
from qtshell.window.find_bar import FindBar
from qtshell.window.panels import RecoveryPanel, Splash

if TYPE_CHECKING:
    # Importing Chromium takes longer than showing the window.
    from qtshell.web.view import WebView

_DEFAULT: Final = QSize(1100, 760)
_FRAME: Final = QSize(8, 40)
"""Room for borders and the title."""
_SMALLEST: Final = QSize(720, 480)
_NAME: Final = "Hearth"
_NAMED: Final = f" — {_NAME}"
_TITLE_CHARS: Final = 100
_UNSEEN: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+"
)
"""What would break a title or turn it around."""


def window_title(page_title: str) -> str:
    """Return the window's title: what the page shows, when it says so."""
    if not page_title.endswith(_NAMED):
        # Before a page says its title, Chromium calls it by its address.
        return _NAME
    words = _UNSEEN.sub(" ", page_title.removesuffix(_NAMED)).strip()
    if len(words) > _TITLE_CHARS:
        words = f"{words[: _TITLE_CHARS - 1]}…"
    return f"{words}{_NAMED}" if words else _NAME


class MainWindow(QMainWindow):
    """Hearth's window.

    Signals:
        left: The user closed it.
    """

    left = Signal()

    def __init__(self, actions: Actions, settings: ShellSettings) -> None:
        super().__init__()
        self._settings = settings
        self._view: WebView | None = None
        self.splash = Splash()
        self.recovery = RecoveryPanel()
        self.find_bar = FindBar()
        self.setWindowTitle(_NAME)
        self.setMinimumSize(_SMALLEST)
        fill_menu_bar(self.menuBar(), actions)
        self._stack = QStackedWidget()
        for page in (self.splash, self.recovery):
            self._stack.addWidget(page)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.find_bar)
        column.addWidget(self._stack, stretch=1)
        self.setCentralWidget(middle)
        self._restore_geometry()

    def set_view(self, view: "WebView", client: SidecarClient) -> None:
        """Take the web view in; it is shown when its page is there."""
        self._view = view
        self._stack.addWidget(view)
        finder = ConversationFind(view, client, self)
        self.find_bar.asked.connect(
            lambda words, backwards: finder.find(words, backwards=backwards)
        )
        finder.found.connect(self.find_bar.show_result)
        view.titleChanged.connect(lambda _: self._name_window())
        self._stack.currentChanged.connect(lambda _: self._name_window())
        self.find_bar.left.connect(view.setFocus)
        self.find_bar.left.connect(finder.leave)

    def show_splash(self, words: str) -> None:
        """Show the logo and these words."""
        self.splash.say(words)
        self._stack.setCurrentWidget(self.splash)

    def show_page(self) -> None:
        """Show the page and let the user type at once."""
        if self._view and self._stack.currentWidget() is not self._view:
            self._stack.setCurrentWidget(self._view)
            self._view.setFocus()

    def show_recovery(
        self, reason: str, next_step: str, lines: tuple[str, ...]
    ) -> None:
        """Show what went wrong and the ways out."""
        self.find_bar.close_bar()
        self.recovery.explain(reason, next_step, lines)
        self._stack.setCurrentWidget(self.recovery)

    @property
    def shows_page(self) -> bool:
        """Whether the page is what the user sees."""
        return self._view is not None and self._stack.currentWidget() is self._view

    def come_forward(self) -> None:
        """Show the window above the others, with the keyboard."""
        if self.isMinimized():
            self.showNormal()
        self.come_within_reach()
        self.show()
        self.raise_()
        self.activateWindow()

    def come_within_reach(self) -> None:
        """Move to the main screen when there is none where the window is."""
        take_scale_of_screen(self)
        if not can_be_reached(self.geometry()):
            self._take_default_place()

    def save_geometry(self) -> None:
        """Remember where the window is."""
        self._settings.geometry = self.saveGeometry()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme when the colours of the desktop change."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.splash.follow_theme()
            self.recovery.follow_theme()
            if self._view:
                self._view.follow_theme()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide; what closing means is decided by who listens."""
        self.save_geometry()
        event.ignore()
        self.hide()
        self.left.emit()

    def _name_window(self) -> None:
        title = self._view.title() if self._view and self.shows_page else ""
        self.setWindowTitle(window_title(title))

    def _restore_geometry(self) -> None:
        if not self.restoreGeometry(self._settings.geometry):
            self._take_default_place()
        self.come_within_reach()

    def _take_default_place(self) -> None:
        screen = QGuiApplication.primaryScreen().availableGeometry()
        self.resize(_DEFAULT.boundedTo(screen.size() - _FRAME))
        # What it really is, is known only once the window is shown.
        frame = QRect(QPoint(), self.size() + _FRAME)
        frame.moveCenter(screen.center())
        # Where even the smallest is too large, its title and menus can be reached.
        self.move(max(frame.left(), screen.left()), max(frame.top(), screen.top()))
