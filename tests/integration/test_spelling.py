"""What is misspelt is marked in the real page, mended and learnt from its menu."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QMenu, QWidget

from qtshell.settings import ShellSettings
from qtshell.web.word_list import dictionary_of
from qtshell.window.spelling import Spelling, SpellingDialog
from tests.helpers.stage import WAIT_MS, Stage, stage

__all__ = ["stage"]

pytestmark = pytest.mark.gui

PLACE = QPoint(60, 30)
FIELD = (
    "<textarea id=field spellcheck=true style='position:fixed;inset:0;width:100vw;"
    "height:50vh;border:0;font-size:40px'></textarea>"
)
TEXT = "document.getElementById('field').value"


@pytest.fixture
def spelling(stage: Stage, tmp_path: Path) -> Iterator[Spelling]:
    folder = Path(os.environ["QTWEBENGINE_DICTIONARIES_PATH"])
    (folder / "en-US.bdic").write_bytes(dictionary_of(["hello", "world"]))
    (tmp_path / "dictionaries").symlink_to(folder)
    settings = ShellSettings(tmp_path)
    settings.spelling = "en-US"
    spelling = Spelling(settings, tmp_path, stage.view)
    spelling.set_view(stage.view)
    stage.show(FIELD)
    yield spelling
    close_menus()
    for file in folder.iterdir():
        file.unlink()


def type_text(stage: Stage, text: str) -> None:
    field = "document.getElementById('field')"
    typed = f"{field}.select(); document.execCommand('insertText', false, {text!r})"
    stage.run(f"{field}.focus(); {typed}; 0")
    stage.wait_for(TEXT, text)


def close_menus() -> None:
    while menu := QApplication.activePopupWidget():
        menu.close()
        menu.deleteLater()


def menu_of(stage: Stage) -> dict[str, QAction]:
    """Return what the menu offers over the first word."""
    close_menus()
    page = stage.view.focusProxy()
    assert isinstance(page, QWidget)
    QTest.mouseClick(page, Qt.MouseButton.RightButton, pos=PLACE)
    stage.qtbot.waitUntil(
        lambda: QApplication.activePopupWidget() is not None, timeout=WAIT_MS
    )
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return {action.text(): action for action in menu.actions()}


def test_a_misspelt_word_is_mended_or_learnt_until_no_language_is_chosen(
    stage: Stage, spelling: Spelling
) -> None:
    type_text(stage, "helo world ")
    stage.qtbot.waitUntil(lambda: "hello" in menu_of(stage), timeout=WAIT_MS)
    menu_of(stage)["hello"].trigger()
    stage.wait_for(TEXT, "hello world ")
    type_text(stage, "wrold ")
    stage.qtbot.waitUntil(
        lambda: "Add to Dictionary" in menu_of(stage), timeout=WAIT_MS
    )
    menu_of(stage)["Add to Dictionary"].trigger()
    stage.qtbot.waitUntil(
        lambda: "Add to Dictionary" not in menu_of(stage), timeout=WAIT_MS
    )
    type_text(stage, "helo world ")
    stage.qtbot.waitUntil(lambda: "hello" in menu_of(stage), timeout=WAIT_MS)
    close_menus()
    spelling.choose()
    dialog = stage.view.findChild(SpellingDialog)
    assert isinstance(dialog, SpellingDialog)
    (box,) = dialog.findChildren(QCheckBox)
    assert (box.text(), box.isChecked()) == ("American English (United States)", True)
    QTest.keyClick(box, Qt.Key.Key_Space)
    dialog.reject()
    assert spelling.languages == []
    type_text(stage, "helo world ")
    stage.qtbot.waitUntil(lambda: "hello" not in menu_of(stage), timeout=WAIT_MS)


def test_without_dictionaries_it_is_said_what_to_do(qapp: object) -> None:
    dialog = SpellingDialog([], [], Path("/home/me/dictionaries"))
    words = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "hunspell" in words
    assert "/home/me/dictionaries" in words
    dialog.deleteLater()
