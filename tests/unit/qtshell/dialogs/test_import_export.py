"""The dialogs of export and import tell the sidecar what the user chose."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMessageBox
from pytestqt.qtbot import QtBot

from qtshell.dialogs.import_export import ExportSaver, ImportPicker, file_name
from qtshell.sidecar.client import OnReply

pytestmark = pytest.mark.gui


class Client:
    """Remembers what was posted, and answers with one status."""

    def __init__(self, status: int = 204) -> None:
        self.status = status
        self.posted: list[tuple[str, dict[str, str]]] = []

    def post(self, path: str, form: Mapping[str, str], answered: OnReply) -> None:
        self.posted.append((path, dict(form)))
        answered(self.status, b"")


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    made = QMainWindow()
    qtbot.addWidget(made)
    return made


def dialog_of(window: QMainWindow) -> QFileDialog:
    (dialog,) = window.findChildren(QFileDialog)
    return dialog


@pytest.mark.parametrize(
    ("what", "chosen", "form", "suffix"),
    [
        ("c1", 0, "md", ".md"),
        ("c1", 1, "html", ".html"),
        ("c1", 2, "json", ".json"),
        ("all", 0, "json", ".json"),
        ("all", 1, "md", ".zip"),
        ("all", 2, "html", ".zip"),
    ],
)
def test_the_chosen_form_names_the_file_and_is_asked_for(
    window: QMainWindow,
    tmp_path: Path,
    what: str,
    chosen: int,
    form: str,
    suffix: str,
) -> None:
    client = Client()
    saver = ExportSaver(client, window)
    saver({"what": what, "name": "v1.2: a/b?"})
    dialog = dialog_of(window)
    dialog.setDirectory(str(tmp_path))
    name = dialog.nameFilters()[chosen]
    dialog.selectNameFilter(name)
    dialog.filterSelected.emit(name)
    path = dialog.selectedFiles()[0]
    assert path.endswith(f"v1.2 a b{suffix}")
    dialog.fileSelected.emit(path)
    expected = {"what": what, "format": form, "path": path}
    assert client.posted == [("/exports", expected)]
    dialog.close()


def test_a_chosen_file_is_looked_at(window: QMainWindow, tmp_path: Path) -> None:
    client = Client()
    picker = ImportPicker(client, window)
    picker({})
    dialog_of(window).fileSelected.emit(str(tmp_path / "x.zip"))
    assert client.posted == [("/imports", {"path": str(tmp_path / "x.zip")})]
    dialog_of(window).close()


def test_a_folder_is_chosen_when_a_folder_is_asked_for(window: QMainWindow) -> None:
    ImportPicker(Client(), window)({"kind": "folder"})
    assert dialog_of(window).fileMode() is QFileDialog.FileMode.Directory
    dialog_of(window).close()


def test_a_refusal_is_told(window: QMainWindow) -> None:
    picker = ImportPicker(Client(status=422), window)
    picker({})
    dialog_of(window).fileSelected.emit("/gone.json")
    (box,) = window.findChildren(QMessageBox)
    assert "could not be imported" in box.text()
    dialog_of(window).close()


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("", "Conversation"),
        ("...", "Conversation"),
        ('a/b\\c:d*e?"<f>|', "a b c d e f"),
        ("x" * 200, "x" * 80),
        ("星 🌟", "星 🌟"),
        ("\u202etxet\u2028a\x9bb\u2066", "txet a b"),
        ("👨\u200d👩", "👨\u200d👩"),
    ],
)
def test_a_title_becomes_a_name_every_system_takes(title: str, expected: str) -> None:
    assert file_name(title) == expected
