"""What quick ask sends and shows, without a sidecar."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backend.api_types import AnswerPicture, Done, Refusal, encode
from qtshell.quick.ask import QuickAsk, Stage
from qtshell.quick.window import QuickWindow
from qtshell.sidecar.answers import AnswerFollower
from qtshell.sidecar.client import SidecarClient
from tests.helpers.sidecar_double import sidecar_double

pytestmark = pytest.mark.gui


@pytest.fixture
def quick(qtbot: QtBot) -> Iterator[QuickAsk]:
    """Quick ask before its sidecar is there."""
    window, parent = QuickWindow(), QObject()
    qtbot.addWidget(window)
    client = SidecarClient(lambda: None, parent)
    yield QuickAsk(client, window, lambda _: None, parent)
    with qtbot.waitSignal(parent.destroyed):
        parent.deleteLater()


def type_and_enter(quick: QuickAsk, text: str = "") -> None:
    question = quick._window.question
    QTest.keyClicks(question, text)
    QTest.keyClick(question, Qt.Key.Key_Return)


def picture(text: str, note: str = "") -> AnswerPicture:
    return AnswerPicture(
        html=f"<p>{text}</p>",
        text=text,
        size=len(text),
        note=note,
        model="m",
        is_growing=False,
    )


def test_the_servers_words_are_no_markup(quick: QuickAsk) -> None:
    quick._follower.ended.emit(picture("Half", "It said <img src=/etc/motd> & ended."))
    shown = quick._window.answer.toPlainText()
    assert shown == "Half\nIt said <img src=/etc/motd> & ended."


def test_a_question_that_was_refused_is_the_same_when_sent_again(
    quick: QuickAsk,
) -> None:
    type_and_enter(quick, "hello")
    first = quick._submission
    assert first
    quick._on_refused(Refusal(error="Not now."))
    type_and_enter(quick)
    assert quick._submission == first
    quick._on_refused(Refusal(error="Not now."))
    type_and_enter(quick, " there")
    assert quick._submission != first


@pytest.mark.parametrize("stage", [Stage.SENDING, Stage.GROWING])
def test_enter_asks_nothing_while_an_answer_is_on_its_way(
    quick: QuickAsk, stage: Stage
) -> None:
    quick._stage, quick._submission = stage, "first"
    type_and_enter(quick, "second")
    assert (quick._stage, quick._submission) == (stage, "first")
    assert quick._window.question.toPlainText() == "second"


def test_a_late_answer_of_an_earlier_question_is_not_shown(
    qtbot: QtBot,
) -> None:
    parent = QObject()
    with sidecar_double(parent) as sidecar:
        for name in ("first", "second"):
            body = encode(picture(name)).encode()
            sidecar.answer(f"/api/v1/quick/{name}?known=0", body)
        follower = AnswerFollower(sidecar.client, parent)
        ended: list[AnswerPicture] = []
        follower.ended.connect(ended.append)
        follower.follow("first")
        with qtbot.waitSignal(follower.ended):
            follower.follow("second")
        answered: list[object] = []
        sidecar.client.get("/x", Done, answered.append, refused=answered.append)
        qtbot.waitUntil(lambda: bool(answered))
        assert [each.text for each in ended] == ["second"]
