"""Native answers to the page's links to `/shell/<key>/<command>`."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import quote

from PySide6.QtCore import Qt, QUrl, QUrlQuery
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from qtshell.sidecar.client import SidecarClient
from qtshell.web.navigation import command_of
from qtshell.web.urls import encoded

log = logging.getLogger("hearth.shell")

Command = Callable[[Mapping[str, str]], None]
Open = Callable[[QUrl], bool]

_PLAIN = Qt.TextFormat.PlainText
_LINK_BOX = "open-link"
_OK = 200
_REFUSED = 400


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


class ModelPicker:
    """Lets the user choose a model file and tells the sidecar its path."""

    def __init__(self, client: SidecarClient, window: QWidget) -> None:
        self._client = client
        self._window = window

    def __call__(self, query: Mapping[str, str]) -> None:
        """Open the dialog: for a new engine, or for one whose file is elsewhere now."""
        engine_id = query.get("engine", "")
        dialog = QFileDialog(self._window, "Choose a Model", str(Path.home()))
        dialog.setObjectName("pick-model")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(["Model files (*.gguf)", "All files (*)"])
        dialog.fileSelected.connect(partial(self._on_file_selected, engine_id))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_file_selected(self, engine_id: str, path: str) -> None:
        target = "/engines/builtin"
        if engine_id:
            target = f"/engines/{quote(engine_id, safe='')}/file"
        self._client.post(target, {"path": path}, self._on_answered)

    def _on_answered(self, status: int, said: bytes) -> None:
        if _OK <= status < _REFUSED:
            return
        log.warning("the model was refused with status %d", status)
        tell(
            self._window,
            "This model could not be opened.",
            _why(said),
        )


def _why(said: bytes) -> str:
    """Return the sidecar's sentence; a page of it is none."""
    sentence = said.decode("utf-8", "replace").strip()
    if not sentence or sentence.startswith("<"):
        return "Check that the file is a complete GGUF model, then choose it again."
    return sentence


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
