"""What is copied of an answer in quick ask."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from qtshell.quick.window import QuickWindow

pytestmark = pytest.mark.gui

SOURCE = "### Tea\n\n**Boil** *it* `now`, ~~not~~ $x_1$: [how](https://e.org)"
HTML = (
    '<div dir="ltr"><h3>Tea</h3><p><strong>Boil</strong> <em>it</em> <code>now</code>,'
    ' <s>not</s> <code class="math">$x_1$</code>: <a href="https://e.org">how</a></p>'
    '<ol start="2"><li>pour<ul><li>slowly</li></ul></li></ol>'
    "<table><tr><td>a</td><td>b</td></tr></table></div>"
    '<pre dir="ltr">def <b>f</b>():\n    pass</pre>'
)


@pytest.fixture
def window(qtbot: QtBot) -> QuickWindow:
    window = QuickWindow()
    qtbot.addWidget(window)
    window.show_answer(HTML, SOURCE, rendered=len(SOURCE))
    return window


def test_an_answer_is_copied_as_markdown_and_as_rich_text(window: QuickWindow) -> None:
    window.copy.click()
    offered = QGuiApplication.clipboard().mimeData()
    assert offered.text() == SOURCE
    html = offered.html()
    for part in (
        "<h3>Tea</h3>",
        "<strong>Boil</strong> <em>it</em> <code>now</code>, <s>not</s>",
        "<code>$x_1$</code>",
        '<a href="https://e.org">how</a>',
        '<ol start="2">',
        "<pre>def f():\n    pass</pre>",
    ):
        assert part in html
    assert not [word for word in ("style", "span", "qt-", "body") if word in html]


def test_a_selection_is_copied_with_its_looks(
    window: QuickWindow, qtbot: QtBot
) -> None:
    answer = window.answer
    cursor = answer.textCursor()
    cursor.setPosition(len("Tea\n"))
    cursor.setPosition(len("Tea\nBoil it"), QTextCursor.MoveMode.KeepAnchor)
    answer.setTextCursor(cursor)
    control = Qt.KeyboardModifier.ControlModifier
    QTest.keyClick(answer, Qt.Key.Key_C, control)
    offered = QGuiApplication.clipboard().mimeData()
    assert offered.text() == "**Boil** *it*"
    assert offered.html() == "<p><strong>Boil</strong> <em>it</em></p>"
    QTest.keyClick(answer, Qt.Key.Key_A, control)
    QTest.keyClick(answer, Qt.Key.Key_C, control)
    assert QGuiApplication.clipboard().text() == SOURCE


def test_a_text_without_looks_is_copied_as_it_is(window: QuickWindow) -> None:
    window.show_text("a *plain* <text>")
    window.copy.click()
    offered = QGuiApplication.clipboard().mimeData()
    assert (offered.text(), offered.hasHtml()) == ("a *plain* <text>", False)
