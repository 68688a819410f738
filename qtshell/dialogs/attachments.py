"""Asks for files that go with a question."""

from collections.abc import Mapping
from urllib.parse import quote

from PySide6.QtWidgets import QFileDialog

from qtshell.dialogs.file_dialog import Chosen, FileDialogCommand, SidecarTask


class AttachmentPicker(FileDialogCommand):
    """For the `draft` whose composer the link stands in."""

    title = "Attach Files"
    name = "attach-file"
    failure = "This file could not be attached."
    filters = (
        "All files (*)",
        "Pictures (*.png *.jpg *.jpeg *.webp *.gif *.bmp)",
        "Documents (*.pdf *.docx *.epub *.html *.md *.txt *.csv *.tsv)",
    )

    def _prepare(
        self,
        dialog: QFileDialog,
        query: Mapping[str, str],  # noqa: ARG002 the dialogs' signature
    ) -> None:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)

    def _task(self, chosen: Chosen) -> SidecarTask:
        draft = quote(chosen.query.get("draft", ""), safe="")
        return SidecarTask(f"/drafts/{draft}/files", {"path": chosen.path})
