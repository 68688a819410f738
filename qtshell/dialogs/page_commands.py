"""Native answers to the page's links to `/shell/<key>/<command>`."""

import logging
from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt, QUrl, QUrlQuery
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox, QWidget

from qtshell.web.navigation import command_of
from qtshell.web.urls import encoded

log = logging.getLogger("hearth.shell")

Command = Callable[[Mapping[str, str]], None]
Open = Callable[[QUrl], bool]

_PLAIN = Qt.TextFormat.PlainText
_LINK_BOX = "open-link"


class Commands:
    """What the page may ask of the desktop; every entry only opens a dialog."""

    def __init__(self) -> None:
        self._known: dict[str, Command] = {}

    def register(self, name: str, command: Command) -> None:
        """Answer links to a command with this."""
        self._known[name] = command

    def run(self, url: QUrl) -> None:
        """Run the command of a URL; an unknown one does nothing."""
        command = self._known.get(command_of(encoded(url)) or "")
        if command is None:
            log.warning("the page asked for an unknown command")
            return
        decoded = QUrl.ComponentFormattingOption.FullyDecoded
        command(dict(QUrlQuery(url).queryItems(decoded)))


class LinkOpener:
    """Opens a link in the user's browser, after showing where it really leads."""

    def __init__(self, window: QWidget, opens: Open = QDesktopServices.openUrl) -> None:
        self._window = window
        self._opens = opens

    def ask(self, url: QUrl) -> None:
        """Show the whole address, in ASCII, and open it on a yes."""
        if self._window.findChild(QMessageBox, _LINK_BOX):
            return
        box = QMessageBox(self._window)
        box.setObjectName(_LINK_BOX)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Open Link")
        box.setText("Open this address in your browser?")
        box.setInformativeText(encoded(url))
        box.setTextFormat(_PLAIN)
        yes = box.addButton("Open", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.buttonClicked.connect(lambda button: button is yes and self._opens(url))
        box.finished.connect(box.deleteLater)
        box.open()


def tell(window: QWidget, what: str, next_step: str) -> None:
    """Tell the user something without stopping the program."""
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Hearth")
    box.setTextFormat(_PLAIN)
    box.setText(what)
    box.setInformativeText(next_step)
    box.finished.connect(box.deleteLater)
    box.open()
