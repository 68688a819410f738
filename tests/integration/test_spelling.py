"""What is misspelt is marked in the real page, mended and learnt from its menu."""

import os
from collections.abc import Iterator
from contextlib import suppress
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

AGAIN_MS = 1_000
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
    while (menu := QApplication.activePopupWidget()) is None:
        # The engine loses a click that comes while the last menu goes.
        QTest.mouseClick(page, Qt.MouseButton.RightButton, pos=PLACE)
        with suppress(stage.qtbot.TimeoutError):
            stage.qtbot.waitUntil(
                lambda: QApplication.activePopupWidget() is not None, timeout=AGAIN_MS
            )
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


AFF = """SET ISO8859-1
FLAG long
REP 1
REP f ph
SFX Pl Y 2
SFX Pl y ies [^aeiou]y
SFX Pl 0 s [^y]
PFX Re Y 1
PFX Re 0 re .
"""
DIC = "4\nparty/Pl\nworld/PlRe\nk\xf6nig\nphoto\n"
RIGHT = ["parties", "world", "worlds", "reworlds", "k\xf6nig", "photo"]
WRONG = {"partys": "party", "worldies": "worlds", "foto": "photo"}


def expect(stage: Stage, meant: str) -> None:
    stage.qtbot.waitUntil(lambda: meant in menu_of(stage), timeout=WAIT_MS)


def test_a_dictionary_of_hunspell_is_read_with_its_affixes(
    stage: Stage, tmp_path: Path
) -> None:
    folder = Path(os.environ["QTWEBENGINE_DICTIONARIES_PATH"])
    (tmp_path / "dictionaries").symlink_to(folder)
    for name, text in (("en_XX.aff", AFF), ("en_XX.dic", DIC)):
        (tmp_path / name).write_bytes(text.encode("iso8859-1"))
    settings = ShellSettings(tmp_path)
    settings.spelling = "en_XX"
    pairs = {"en_XX": tmp_path / "en_XX.aff", "lost": tmp_path / "lost.aff"}
    spelling = Spelling(settings, tmp_path, stage.view, pairs)
    with stage.qtbot.waitSignal(spelling.converted, timeout=WAIT_MS) as converted:
        spelling.set_view(stage.view)
    assert converted.args == ["en_XX", True]
    stage.show(FIELD)
    for word, meant in WRONG.items():
        type_text(stage, f"{word} ")
        expect(stage, meant)
    for word in RIGHT:
        type_text(stage, f"{word} ")
        stage.qtbot.waitUntil(
            lambda: "Add to Dictionary" not in menu_of(stage), timeout=WAIT_MS
        )
    close_menus()
    spelling.choose()
    dialog = stage.view.findChild(SpellingDialog)
    assert isinstance(dialog, SpellingDialog)
    lost = dialog.findChildren(QCheckBox)[1]
    with stage.qtbot.waitSignal(spelling.converted, timeout=WAIT_MS) as converted:
        QTest.keyClick(lost, Qt.Key.Key_Space)
    assert converted.args == ["lost", False]
    dialog.reject()
    assert spelling.languages == ["en_XX"]
    for file in folder.rglob("*.bdic"):
        file.unlink()
    (folder / "converted").rmdir()


def test_without_dictionaries_it_is_said_what_to_do(qapp: object) -> None:
    dialog = SpellingDialog([], [], Path("/home/me/dictionaries"))
    words = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "hunspell" in words
    assert "/home/me/dictionaries" in words
    dialog.deleteLater()
