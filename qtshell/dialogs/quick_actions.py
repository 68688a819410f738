"""Lets the user choose a file of quick actions and hands its text to the sidecar."""

from pathlib import Path
from typing import Final

from qtshell.dialogs.file_dialog import Chosen, FileDialogCommand, SidecarTask

_MAX_BYTES: Final = 512 * 1024
_CHOOSE: Final = "This file could not be read. Choose a file that Hearth exported."


class ActionImporter(FileDialogCommand):
    """Answers the page's Import button."""

    title = "Import Quick Actions"
    name = "import-actions"
    failure = "No quick actions were imported."
    filters = ("Quick actions (*.json)", "All files (*)")

    def _task(self, chosen: Chosen) -> SidecarTask:
        try:
            with Path(chosen.path).open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
            content = data.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as exc:
            raise ValueError(_CHOOSE) from exc
        if not content or len(data) > _MAX_BYTES:
            raise ValueError(_CHOOSE)
        return SidecarTask("/actions/import", {"content": content})
