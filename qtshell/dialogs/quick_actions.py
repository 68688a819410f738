"""Lets the user choose a file of quick actions or assistants, for the sidecar."""

from pathlib import Path
from typing import ClassVar, Final

from qtshell.dialogs.file_dialog import Chosen, FileDialogCommand, SidecarTask

_MAX_BYTES: Final = 1536 * 1024
"""As many as the sidecar takes, each of them three times as long on the way."""
_CHOOSE: Final = "This file could not be read. Choose a file that Hearth exported."


class _TextFileImporter(FileDialogCommand):
    """Reads a file and hands its text to the sidecar."""

    path: ClassVar[str]

    def _task(self, chosen: Chosen) -> SidecarTask:
        try:
            with Path(chosen.path).open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
            content = data.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as exc:
            raise ValueError(_CHOOSE) from exc
        if not content or len(data) > _MAX_BYTES:
            raise ValueError(_CHOOSE)
        return SidecarTask(self.path, {"content": content})


class ActionImporter(_TextFileImporter):
    """Answers the Import button on the page of quick actions."""

    title = "Import Quick Actions"
    name = "import-actions"
    failure = "No quick actions were imported."
    filters = ("Quick actions (*.json)", "All files (*)")
    path = "/actions/import"


class AssistantImporter(_TextFileImporter):
    """Answers the Import button on the page of assistants."""

    title = "Import Assistants"
    name = "import-assistants"
    failure = "No assistants were imported."
    filters = ("Assistants (*.json)", "All files (*)")
    path = "/assistants/import"
