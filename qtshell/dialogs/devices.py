"""The folder through which the person's computers exchange their data."""

from qtshell.dialogs.file_dialog import Chosen, FileDialogCommand, SidecarTask


class SyncFolderPicker(FileDialogCommand):
    """Asks for a folder that the person has synced already."""

    title = "Choose a Folder That You Sync"
    name = "pick-sync-folder"
    failure = "This folder cannot be used."
    is_for_folder = True

    def _task(self, chosen: Chosen) -> SidecarTask:
        return SidecarTask("/devices/folder", {"path": chosen.path})
