"""Native dialogs for the folder of the backups."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QFileDialog, QWidget

from qtshell.dialogs.folders import open_folder
from qtshell.dialogs.page_commands import tell
from qtshell.sidecar.client import SidecarClient

log = logging.getLogger("hearth.shell")

_OK: Final = 200
_REFUSED: Final = 400


class BackupFolderPicker:
    """Asks for a folder and has the sidecar keep new backups in it."""

    def __init__(self, client: SidecarClient, window: QWidget) -> None:
        self._client = client
        self._window = window

    def __call__(self, _: Mapping[str, str]) -> None:
        """Open the dialog."""
        dialog = QFileDialog(self._window, "Choose a Folder for Backups")
        dialog.setObjectName("pick-backup-folder")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setDirectory(str(Path.home()))
        dialog.fileSelected.connect(self._on_file_selected)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_file_selected(self, path: str) -> None:
        self._client.post("/backups/folder", {"path": path}, self._on_answered)

    def _on_answered(self, status: int, _: bytes) -> None:
        if _OK <= status < _REFUSED:
            return
        log.warning("the folder was refused with status %d", status)
        tell(
            self._window,
            "Backups cannot be kept there.",
            "Choose a folder of your own that you can write to.",
        )


def open_backups(data_dir: Path) -> None:
    """Show the folder of the backups in the file manager."""
    open_folder(backup_folder(data_dir))


def backup_folder(data_dir: Path) -> Path:
    """Return where backups go; the data folder while there is none yet."""
    chosen = ""
    try:
        data = json.loads((data_dir / "backups.json").read_text("utf-8"))
        chosen = str(data.get("folder", "")) if isinstance(data, dict) else ""
    except (OSError, ValueError, RecursionError):
        pass
    places = [Path(chosen)] if chosen else []
    usual = data_dir / "backups"
    return next((place for place in [*places, usual] if place.is_dir()), data_dir)
