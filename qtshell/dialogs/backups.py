"""The folder of the backups: choosing another one, and showing it."""

from pathlib import Path

from backend.interface.api_types import BackupFolder
from qtshell.dialogs.file_dialog import Chosen, FileDialogCommand, SidecarTask
from qtshell.dialogs.folders import open_folder
from qtshell.sidecar.client import SidecarClient


class BackupFolderPicker(FileDialogCommand):
    """Asks for a folder and has the sidecar keep new backups in it."""

    title = "Choose a Folder for Backups"
    name = "pick-backup-folder"
    failure = "Backups cannot be kept there."
    is_for_folder = True

    def _task(self, chosen: Chosen) -> SidecarTask:
        return SidecarTask("/backups/folder", {"path": chosen.path})


def open_backups(client: SidecarClient, data_dir: Path) -> None:
    """Show the folder of the backups in the file manager, or the one of the data."""
    client.get(
        "/api/v1/backups/folder",
        BackupFolder,
        lambda folder: open_folder(Path(folder.path)),
        refused=lambda _: open_folder(data_dir),
        unreachable=lambda: open_folder(data_dir),
    )
