"""The answer in quick ask: plain as it comes, rich as often as time allows."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from backend.interface.api_types import AnswerPicture, AnswerPiece, encode
from qtshell.quick.rich_answer import RichAnswer
from qtshell.quick.window import QuickWindow
from tests.helpers.sidecar_double import SidecarDouble, sidecar_double

pytestmark = pytest.mark.gui


class Shown:
    """A window that shows an answer of a played sidecar."""

    def __init__(self, sidecar: SidecarDouble, parent: QObject, qtbot: QtBot) -> None:
        self.sidecar = sidecar
        self.window = QuickWindow()
        qtbot.addWidget(self.window)
        self.answer = RichAnswer(sidecar.client, self.window, parent)

    @property
    def text(self) -> str:
        return self.window.answer.toPlainText()

    def paint(self, html: str, size: int) -> None:
        """Let the answer look so from now on."""
        body = encode(AnswerPicture(html=html, size=size)).encode()
        self.sidecar.answer("/api/v1/messages/m/picture", body)


@pytest.fixture
def shown(qtbot: QtBot) -> Iterator[Shown]:
    parent = QObject()
    with sidecar_double(parent) as sidecar:
        yield Shown(sidecar, parent, qtbot)
    with qtbot.waitSignal(parent.destroyed):
        parent.deleteLater()


def growing(at: int, text: str) -> AnswerPiece:
    return AnswerPiece(at=at, text=text, state="streaming")


def test_what_comes_is_shown_plainly_until_it_is_rendered(
    shown: Shown, qtbot: QtBot
) -> None:
    shown.sidecar.answer_in_pieces("m", growing(0, "# Tea\n\nBoil"), growing(11, " it"))
    shown.answer.follow("m")
    qtbot.waitUntil(lambda: shown.text == "# Tea\nBoil it")
    shown.paint("<h1>Tea</h1>", len("# Tea"))
    qtbot.waitUntil(lambda: shown.text == "Tea\nBoil it")
    document = shown.window.answer.document()
    assert document.begin().blockFormat().headingLevel() == 1
    assert document.lastBlock().blockFormat().headingLevel() == 0
    shown.paint("<h1>Tea</h1><p>Boil <b>it</b></p>", len("# Tea\n\nBoil it"))
    qtbot.waitUntil(lambda: "font-weight" in shown.window.answer.toHtml())
    qtbot.waitUntil(lambda: shown.text == "Tea\nBoil it")
    assert shown.window._answer_text == "# Tea\n\nBoil it", "what Copy takes"
    shown.answer.leave()


def test_the_servers_words_are_no_markup(shown: Shown, qtbot: QtBot) -> None:
    shown.paint("<p>Half</p>", 4)
    note = "It said <img src=/etc/motd> & ended."
    last = AnswerPiece(at=0, text="Half", state="failed", note=note, error=note)
    shown.sidecar.answer_in_pieces("m", last)
    with qtbot.waitSignal(shown.answer.ended):
        shown.answer.follow("m")
    qtbot.waitUntil(lambda: shown.text == f"Half\n{note}")


def test_what_was_taken_back_is_shown_no_more(shown: Shown, qtbot: QtBot) -> None:
    shown.paint("", 0)
    shown.sidecar.answer_in_pieces("m", growing(0, "Hm. "), growing(0, "Four"))
    shown.answer.follow("m")
    qtbot.waitUntil(lambda: shown.text == "Four")
    shown.answer.leave()


def test_an_answer_that_was_left_shows_nothing_any_more(
    shown: Shown, qtbot: QtBot
) -> None:
    shown.paint("<p>late</p>", 4)
    shown.sidecar.answer_in_pieces("m", growing(0, "late"))
    shown.answer.follow("m")
    asked = "/api/v1/messages/m/picture"
    qtbot.waitUntil(lambda: asked in shown.sidecar.fetched)
    shown.answer.leave()
    shown.window.clear_answer()
    fetched = len(shown.sidecar.fetched)
    shown.sidecar.answer_in_pieces("n", growing(0, "next"))
    shown.answer.follow("n")
    qtbot.waitUntil(lambda: len(shown.sidecar.fetched) > fetched + 1)
    qtbot.waitUntil(lambda: shown.text == "next")
    shown.answer.leave()
