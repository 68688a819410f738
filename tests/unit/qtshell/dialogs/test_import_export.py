"""The dialogs of export and import tell the sidecar what the user chose."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMessageBox
from pytestqt.qtbot import QtBot

from qtshell.dialogs.attachments import AttachmentPicker
from qtshell.dialogs.backups import BackupFolderPicker
from qtshell.dialogs.devices import SyncFolderPicker
from qtshell.dialogs.file_dialog import FileDialogCommand
from qtshell.dialogs.import_export import ExportSaver, ImportPicker, file_name
from qtshell.dialogs.models import ModelFolderPicker, ModelPicker
from qtshell.dialogs.quick_actions import ActionImporter, AssistantImporter
from qtshell.sidecar.client import SidecarClient
from tests.helpers.sidecar_double import SidecarDouble, sidecar_double

pytestmark = pytest.mark.gui


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    made = QMainWindow()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def sidecar(window: QMainWindow) -> Iterator[SidecarDouble]:
    with sidecar_double(window) as double:
        yield double


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
    sidecar: SidecarDouble,
    qtbot: QtBot,
    tmp_path: Path,
    *,
    what: str,
    chosen: int,
    form: str,
    suffix: str,
) -> None:
    sidecar.answer("/exports", status=204)
    saver = ExportSaver(sidecar.client, window)
    saver({"what": what, "name": "v1.2: a/b?"})
    dialog = dialog_of(window)
    dialog.setDirectory(str(tmp_path))
    name = dialog.nameFilters()[chosen]
    dialog.selectNameFilter(name)
    dialog.filterSelected.emit(name)
    path = dialog.selectedFiles()[0]
    assert path.endswith(f"v1.2 a b{suffix}")
    dialog.filesSelected.emit([path])
    expected = {"what": what, "format": form, "path": path}
    qtbot.waitUntil(lambda: sidecar.posted == [("/exports", expected)])
    dialog.close()


FILES = [
    (ImportPicker, {}, "/imports"),
    (ModelPicker, {}, "/engines/builtin"),
    (ModelPicker, {"engine": "e/1"}, "/engines/e%2F1/file"),
    (BackupFolderPicker, {}, "/backups/folder"),
    (SyncFolderPicker, {}, "/devices/folder"),
    (ModelFolderPicker, {}, "/models/folder"),
]


@pytest.mark.parametrize(("command", "query", "path"), FILES)
def test_what_was_chosen_is_handed_over_and_a_refusal_told(
    window: QMainWindow,
    sidecar: SidecarDouble,
    qtbot: QtBot,
    command: type[FileDialogCommand],
    query: dict[str, str],
    path: str,
) -> None:
    sidecar.answer(path, b'{"error": "It is too <b>old</b>."}', status=422)
    command(sidecar.client, window)(query)
    dialog_of(window).filesSelected.emit(["/a/chosen.one"])
    qtbot.waitUntil(lambda: bool(window.findChildren(QMessageBox)))
    assert sidecar.posted == [(path, {"path": "/a/chosen.one"})]
    (box,) = window.findChildren(QMessageBox)
    assert box.text() == command.failure
    assert box.informativeText() == "It is too <b>old</b>."
    dialog_of(window).close()


def test_all_files_that_are_chosen_are_attached_to_their_draft(
    window: QMainWindow, sidecar: SidecarDouble, qtbot: QtBot
) -> None:
    path, chosen = "/drafts/a%2Fb/files", ["/a/one.png", "/a/two.png"]
    sidecar.answer(path, b"{}")
    AttachmentPicker(sidecar.client, window)({"draft": "a/b"})
    dialog_of(window).filesSelected.emit(chosen)
    qtbot.waitUntil(lambda: len(sidecar.posted) == len(chosen))
    assert sorted(sidecar.posted, key=str) == [(path, {"path": one}) for one in chosen]
    dialog_of(window).close()


@pytest.mark.parametrize(
    ("kind", "path"),
    [(ActionImporter, "/actions/import"), (AssistantImporter, "/assistants/import")],
)
def test_a_file_of_theirs_is_read_here_and_its_text_handed_over(
    window: QMainWindow,
    sidecar: SidecarDouble,
    qtbot: QtBot,
    tmp_path: Path,
    *,
    kind: type[FileDialogCommand],
    path: str,
) -> None:
    sidecar.answer(path, status=204)
    importer = kind(sidecar.client, window)
    importer({})
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xfd")
    for name in ("gone", "empty", "binary"):
        dialog_of(window).filesSelected.emit([str(tmp_path / name)])
        (box,) = window.findChildren(QMessageBox)
        assert "could not be read" in box.informativeText()
        with qtbot.waitSignal(box.destroyed):
            box.close()
    (tmp_path / "good").write_text("\ufeff{}", "utf-8")
    dialog_of(window).filesSelected.emit([str(tmp_path / "good")])
    expected = (path, {"content": "{}"})
    qtbot.waitUntil(lambda: sidecar.posted == [expected])
    dialog_of(window).close()


def test_without_a_sidecar_the_dialog_says_so(window: QMainWindow) -> None:
    ImportPicker(SidecarClient(lambda: None, window), window)({})
    dialog_of(window).filesSelected.emit(["/x.json"])
    (box,) = window.findChildren(QMessageBox)
    assert "Try again" in box.informativeText()
    dialog_of(window).close()


def test_a_folder_is_chosen_when_a_folder_is_asked_for(
    window: QMainWindow, sidecar: SidecarDouble
) -> None:
    ImportPicker(sidecar.client, window)({"kind": "folder"})
    assert dialog_of(window).fileMode() is QFileDialog.FileMode.Directory
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
