"""What is selected in quick ask is copied as Markdown that means the same."""

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from backend.routes.answers import AnswerHtml
from backend.web.markdown.markdown import render
from backend.web.rendering import Renderer
from qtshell.quick.answer_view import AnswerView
from qtshell.quick.markdown_copy import markdown_of
from tests.unit.qtshell.quick.test_window import TEMPLATES

pytestmark = pytest.mark.gui

SAME = {
    "signs": r"**W** and *it*, 2 \* 3, a_b_c, \[x\] and `a|b`",
    "link": "See [the *page*](https://a.example/b?c=1) now.",
    "headings": "One\n\n# Two\n\nText\\\nnext line\n\n### Three",
    "lists": "- one\n- two\n  - deep\n- three\n\n3. c\n\n   more of c\n4. d",
    "tasks": "- [x] done\n- [ ] open",
    "formulas": r"So $x_1*y$ and \(\frac{a}{b}\)" + "\n\n$$ a = b $$",
    "code": "Run\n\n```\ndef f():\n\n    return `x`\n```\n\nthen",
    "fences": "See\n\n````\n```\n````\n\nthen",
    "table": "One\n\n| a | b |\n| --- | --- |\n| `x\\|y` | 2 |\n| *c* | $z$ |\n\nthen",
    "sub": "One\n\nH<sub>2</sub>O",
    "no list": "\\- a\n\n1990\\. b",
}


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[AnswerView]:
    outer = QWidget()
    qtbot.addWidget(outer)
    yield AnswerView(outer)  # noqa: PT022 it goes with what is around it


def show(view: AnswerView, text: str) -> None:
    view.markdown = text
    html = Renderer(TEMPLATES, TEMPLATES, str).render(AnswerHtml(render(text)))
    view.show_rich(html, "")


@pytest.mark.parametrize("text", SAME.values(), ids=[*SAME])
def test_the_markdown_of_a_part_is_what_the_model_wrote(
    view: AnswerView, text: str
) -> None:
    show(view, f"First\n\n{text}\n\nLast")
    document = view.document()
    cursor = QTextCursor(document.begin().next())
    end = document.find("Last").selectionStart() - 1
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    view.setTextCursor(cursor)
    offered = view.createMimeDataFromSelection()
    assert offered.text() == text
    assert offered.hasHtml()


def test_code_alone_is_copied_as_it_is(view: AnswerView) -> None:
    show(view, "Run\n\n```\n* a_b\n  c\n```")
    cursor = view.document().find("* a_b")
    cursor.setPosition(cursor.selectionStart())
    cursor.setPosition(cursor.position() + 9, QTextCursor.MoveMode.KeepAnchor)
    view.setTextCursor(cursor)
    assert view.createMimeDataFromSelection().text() == "* a_b\n  c"


def test_what_is_broken_is_still_text() -> None:
    assert markdown_of("a</p><ul>x<li></ul><table></table><h2></h2>") == "a\n\n- "
    assert markdown_of("") == ""
