"""What is misspelt in quick ask is marked, and mended from its menu, by keys too."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QTextCharFormat
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from qtshell.display.theme import Theme, apply_theme
from qtshell.quick.spelling import QuestionSpelling
from qtshell.quick.style import DARK, LIGHT
from qtshell.quick.window import QuickWindow
from qtshell.web import hunspell_library
from tests.helpers.spelling import spelling_of, write_dictionary

pytestmark = pytest.mark.gui


class Field:
    """The question of quick ask, with its spelling checked."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot = qtbot
        self.window = QuickWindow()
        qtbot.addWidget(self.window)
        self.spelling = spelling_of(folder, self.window)
        self.edit = self.window.question
        self.checked = QuestionSpelling(self.edit, self.spelling)
        self.window.come()
        qtbot.waitUntil(self.edit.hasFocus)

    def type(self, text: str) -> None:
        for letter in text:
            if letter.isascii():
                QTest.keyClicks(self.edit, letter)
            else:  # no key has it
                self.edit.insertPlainText(letter)

    def marked(self) -> list[str]:
        """Return what is underlined."""
        found = []
        block = self.edit.document().begin()
        while block.isValid():
            for one in block.layout().formats():
                style = one.format.underlineStyle()
                assert style is QTextCharFormat.UnderlineStyle.WaveUnderline
                units = block.text().encode("utf-16-le")
                word = units[2 * one.start :][: 2 * one.length]
                found.append(word.decode("utf-16-le"))
            block = block.next()
        return found

    def waits_for_marks(self, *words: str) -> None:
        self.qtbot.waitUntil(lambda: self.marked() == [*words])

    def menu(self) -> QMenu:
        """Open the menu as its key does."""
        place = self.edit.cursorRect().center()
        event = QContextMenuEvent(
            QContextMenuEvent.Reason.Keyboard,
            place,
            self.edit.viewport().mapToGlobal(place),
        )
        QApplication.sendEvent(self.edit.viewport(), event)
        self.qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        return menu


@pytest.fixture
def field(qtbot: QtBot, tmp_path: Path) -> Iterator[Field]:
    if hunspell_library.load_library() is None:
        pytest.skip("the system has no libhunspell")
    field = Field(qtbot, tmp_path)
    yield field
    while menu := QApplication.activePopupWidget():
        menu.close()


def test_a_wrong_word_is_marked_once_it_is_written(field: Field) -> None:
    field.type("hello wrold")
    field.waits_for_marks()
    field.type(" ")
    field.waits_for_marks("wrold")
    field.type("and 😀 helo, world ")
    field.waits_for_marks("wrold", "and", "helo")


def test_the_word_that_is_gone_back_to_is_marked_when_it_is_left(field: Field) -> None:
    field.type("wrold hello")
    field.waits_for_marks("wrold")
    for _ in "hello ":
        QTest.keyClick(field.edit, Qt.Key.Key_Left)
    field.waits_for_marks()
    QTest.keyClick(field.edit, Qt.Key.Key_End)
    field.waits_for_marks("wrold")


def test_it_is_mended_from_the_menu_by_keys_and_taken_back(field: Field) -> None:
    field.type("wrold hello ")
    field.waits_for_marks("wrold")
    QTest.keyClick(field.edit, Qt.Key.Key_Home)
    menu = field.menu()
    assert menu.actions()[0].text() == "world"
    QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    field.qtbot.waitUntil(lambda: field.edit.toPlainText() == "world hello ")
    field.waits_for_marks()
    field.edit.undo()
    assert field.edit.toPlainText() == "wrold hello "


def test_a_word_is_learnt_for_the_page_too(field: Field) -> None:
    field.type("hearthy ")
    field.waits_for_marks("hearthy")
    QTest.keyClick(field.edit, Qt.Key.Key_Home)
    actions = {one.text(): one for one in field.menu().actions()}
    actions["Add to Dictionary"].trigger()
    field.waits_for_marks()
    assert field.spelling.own_words == ["hearthy"]


def test_over_a_right_word_the_menu_is_the_usual_one(field: Field) -> None:
    field.type("hello ")
    QTest.keyClick(field.edit, Qt.Key.Key_Home)
    words = {one.text() for one in field.menu().actions()}
    assert "Add to Dictionary" not in words
    assert any("Paste" in word for word in words)


def test_no_language_means_no_marks(field: Field) -> None:
    field.type("wrold ")
    field.waits_for_marks("wrold")
    field.spelling._keep([])
    field.waits_for_marks()


def test_a_word_of_other_letters_is_left_to_their_languages(field: Field) -> None:
    field.type("привет wrold ")
    field.waits_for_marks("wrold")


def test_a_word_of_any_chosen_language_is_right(field: Field, tmp_path: Path) -> None:
    german = write_dictionary(tmp_path, "de_DE", ["größer"], "ISO8859-1")
    english = field.spelling.affixes
    field.checked.checker.use([*english, german], [])
    field.type("größer hello gröser ")
    field.waits_for_marks("gröser")


def test_marks_follow_the_theme(field: Field) -> None:
    def colour() -> str:
        [one] = field.edit.document().begin().layout().formats()
        return one.format.underlineColor().name()

    field.type("wrold ")
    field.waits_for_marks("wrold")
    try:
        for theme, shown in ((Theme.DARK, DARK), (Theme.LIGHT, LIGHT)):
            apply_theme(theme)
            field.qtbot.waitUntil(lambda: colour() == shown.danger)  # noqa: B023 at once
    finally:
        apply_theme(Theme.SYSTEM)


def test_a_long_pasted_line_is_typed_into_as_before(field: Field) -> None:
    field.edit.setPlainText("wrold " * 20_000)
    field.type("a ")
    assert field.edit.toPlainText().startswith("a wrold")
    field.waits_for_marks()


def test_nothing_is_read_before_something_is_typed(field: Field) -> None:
    assert field.checked.checker._jobs is None
    field.type("hello ")
    field.qtbot.waitUntil(lambda: bool(field.checked.checker._wrong))


def test_without_the_library_nothing_is_marked(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hunspell_library, "_NAMES", ("libnowhere.so.0",))
    hunspell_library.load_library.cache_clear()
    field = Field(qtbot, tmp_path)
    with qtbot.waitSignal(field.checked.checker.learnt):
        field.type("wrold ")
    assert field.marked() == []
    hunspell_library.load_library.cache_clear()


def test_the_menu_stays_with_the_mouse(field: Field) -> None:
    field.type("wrold hello ")
    field.waits_for_marks("wrold")
    place = QPoint(8, field.edit.cursorRect().center().y())
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, place, field.edit.viewport().mapToGlobal(place)
    )
    QApplication.sendEvent(field.edit.viewport(), event)
    field.qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert menu.actions()[0].text() == "world"
