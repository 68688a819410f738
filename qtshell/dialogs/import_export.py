"""Native dialogs for exports and imports; the sidecar reads and writes the files."""

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog

from qtshell.dialogs.file_dialog import (
    Chosen,
    FileDialogCommand,
    SidecarTask,
    choose_folders,
)

_EVERYTHING: Final = "all"
_UNFIT: Final = frozenset('<>:"/\\|?*')
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
_JOINERS: Final = frozenset("\u200c\u200d")
"""Invisible, but Persian and emoji are spelled with them."""
_MAX_NAME_CHARS: Final = 80

_ONE: Final = {
    "Markdown (*.md)": ("md", ".md"),
    "Web page (*.html)": ("html", ".html"),
    "JSON, which Hearth can import (*.json)": ("json", ".json"),
}
_ALL: Final = {
    "JSON, which Hearth can import (*.json)": ("json", ".json"),
    "Markdown files in a zip (*.zip)": ("md", ".zip"),
    "Web pages in a zip (*.zip)": ("html", ".zip"),
}
_IMPORTED: Final = (
    "Exports (*.json *.jsonl *.zip)",
    "All files (*)",
)


class ExportSaver(FileDialogCommand):
    """Asks where an export of `what`, a conversation's id or "all", goes, and how."""

    title = "Export"
    name = "save-export"
    failure = "The file could not be written."

    def _prepare(self, dialog: QFileDialog, query: Mapping[str, str]) -> None:
        forms = _forms_of(query)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setNameFilters(list(forms))
        dialog.setDirectory(documents())
        _, suffix = next(iter(forms.values()))
        dialog.setDefaultSuffix(suffix)
        dialog.selectFile(f"{file_name(query.get('name', ''))}{suffix}")
        dialog.filterSelected.connect(
            lambda chosen: _follow_filter(dialog, forms[chosen][1])
        )

    def _task(self, chosen: Chosen) -> SidecarTask:
        forms, what = _forms_of(chosen.query), chosen.query.get("what", "")
        first = next(iter(forms.values()))
        form, _ = forms.get(chosen.dialog.selectedNameFilter(), first)
        data = {"what": what, "format": form, "path": chosen.path}
        return SidecarTask("/exports", data)


class ImportPicker(FileDialogCommand):
    """Asks for a file to import, or a folder when `kind` says so."""

    title = "Import"
    name = "pick-import"
    failure = "This could not be imported."

    def _prepare(self, dialog: QFileDialog, query: Mapping[str, str]) -> None:
        if query.get("kind") == "folder":
            choose_folders(dialog)
        else:
            dialog.setNameFilters(list(_IMPORTED))
        dialog.setDirectory(documents())

    def _task(self, chosen: Chosen) -> SidecarTask:
        return SidecarTask("/imports", {"path": chosen.path})


def _forms_of(query: Mapping[str, str]) -> Mapping[str, tuple[str, str]]:
    return _ALL if query.get("what") == _EVERYTHING else _ONE


def documents() -> str:
    """Return where a user's files are usually kept."""
    place = QStandardPaths.StandardLocation.DocumentsLocation
    folder = QStandardPaths.writableLocation(place)
    return folder if Path(folder).is_dir() else str(Path.home())


def file_name(title: str) -> str:
    """Return a title as the name of a file, without its ending."""
    fit = "".join(" " if _is_unfit(letter) else letter for letter in title)
    plain = " ".join(fit.split()).strip(". ")
    return plain[:_MAX_NAME_CHARS].strip(". ") or "Conversation"


def _is_unfit(letter: str) -> bool:
    """Whether a name must not have a letter: unseen, it may read as another one."""
    is_hidden = unicodedata.category(letter) in _INVISIBLE and letter not in _JOINERS
    return is_hidden or letter in _UNFIT


def _follow_filter(dialog: QFileDialog, suffix: str) -> None:
    """Let the name end as the chosen form does."""
    dialog.setDefaultSuffix(suffix)
    chosen = dialog.selectedFiles()
    if chosen:
        dialog.selectFile(str(Path(chosen[0]).with_suffix(suffix)))
