"""Native dialogs for exports and imports; the sidecar reads and writes the files."""

import logging
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from qtshell.dialogs.page_commands import tell
from qtshell.sidecar.client import OnReply

log = logging.getLogger("hearth.shell")

_EVERYTHING: Final = "all"
_OK: Final = 200
_REFUSED: Final = 400
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


class Client(Protocol):
    """What posts a form to the sidecar."""

    def post(self, path: str, form: Mapping[str, str], answered: OnReply) -> None:
        """Send a form and hand over the answer."""
        ...


class ExportSaver:
    """Asks where an export goes and in which form, and has the sidecar write it."""

    def __init__(self, client: Client, window: QWidget) -> None:
        self._client = client
        self._window = window

    def __call__(self, query: Mapping[str, str]) -> None:
        """Open the dialog for `what`, a conversation's id or "all"."""
        what = query.get("what", "")
        forms = _ALL if what == _EVERYTHING else _ONE
        dialog = QFileDialog(self._window, "Export")
        dialog.setObjectName("save-export")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setNameFilters(list(forms))
        dialog.setDirectory(documents())
        first, suffix = next(iter(forms.values()))
        dialog.setDefaultSuffix(suffix)
        dialog.selectFile(f"{file_name(query.get('name', ''))}{suffix}")
        dialog.filterSelected.connect(
            lambda chosen: _follow_filter(dialog, forms[chosen][1])
        )
        dialog.fileSelected.connect(
            lambda path: self._save(
                what, path, forms.get(dialog.selectedNameFilter(), (first, ""))[0]
            )
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _save(self, what: str, path: str, form: str) -> None:
        data = {"what": what, "format": form, "path": path}
        self._client.post("/exports", data, self._on_answered)

    def _on_answered(self, status: int, _: bytes) -> None:
        if _OK <= status < _REFUSED:
            return
        log.warning("the export was refused with status %d", status)
        tell(
            self._window,
            "The file could not be written.",
            "Choose a folder of your own, and wait until another export has ended.",
        )


class ImportPicker:
    """Asks for a file or a folder to import, and has the sidecar look at it."""

    def __init__(self, client: Client, window: QWidget) -> None:
        self._client = client
        self._window = window

    def __call__(self, query: Mapping[str, str]) -> None:
        """Open the dialog, for a folder when `kind` says so."""
        is_folder = query.get("kind") == "folder"
        dialog = QFileDialog(self._window, "Import")
        dialog.setObjectName("pick-import")
        if is_folder:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
            dialog.setNameFilters(list(_IMPORTED))
        dialog.setDirectory(documents())
        dialog.fileSelected.connect(self._on_file_selected)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_file_selected(self, path: str) -> None:
        self._client.post("/imports", {"path": path}, self._on_answered)

    def _on_answered(self, status: int, _: bytes) -> None:
        if _OK <= status < _REFUSED:
            return
        log.warning("the import was refused with status %d", status)
        tell(
            self._window,
            "This could not be imported.",
            "Check that the file is still there, and wait until another import has "
            "ended.",
        )


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
