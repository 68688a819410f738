"""The find bar, while an input method is composing."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from qtshell.window.find_bar import FindBar

pytestmark = pytest.mark.gui


def test_what_is_being_composed_is_not_looked_for(qtbot: QtBot) -> None:
    bar = FindBar()
    qtbot.addWidget(bar)
    bar.open_bar()
    asked: list[str] = []
    bar.asked.connect(lambda words, _: asked.append(words))
    field = bar.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    taken = QInputMethodEvent()
    taken.setCommitString("漢字")
    QApplication.sendEvent(field, QInputMethodEvent("かんじ", []))
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert asked == []
    assert not bar.isHidden()
    QApplication.sendEvent(field, taken)
    assert asked == ["漢字"]
