"""Lets the user choose a file of quick actions and hands its text to the sidecar."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QFileDialog, QWidget

from qtshell.dialogs.page_commands import tell
from qtshell.sidecar.client import SidecarClient

log = logging.getLogger("hearth.shell")

_MAX_BYTES: Final = 512 * 1024
_DONE: Final = (200, 204)
_NOT_READ: Final = "This file could not be read."
_CHOOSE: Final = "Choose a file that Hearth exported."


class ActionImporter:
    """Answers the page's Import button."""

    def __init__(self, client: SidecarClient, window: QWidget) -> None:
        self._client = client
        self._window = window

    def __call__(self, _: Mapping[str, str]) -> None:
        """Open the dialog."""
        dialog = QFileDialog(self._window, "Import Quick Actions", str(Path.home()))
        dialog.setObjectName("import-actions")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(["Quick actions (*.json)", "All files (*)"])
        dialog.fileSelected.connect(self._on_file_selected)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_file_selected(self, path: str) -> None:
        try:
            with Path(path).open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
            content = data.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            content, data = "", b""
        if not content or len(data) > _MAX_BYTES:
            tell(self._window, _NOT_READ, _CHOOSE)
            return
        self._client.post("/actions/import", {"content": content}, self._on_answered)

    def _on_answered(self, status: int, _: bytes) -> None:
        if status not in _DONE:
            log.warning("a file of actions was refused with status %d", status)
            tell(self._window, "This file holds no quick actions.", _CHOOSE)
