"""What quick ask sends and shows, without a sidecar."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from backend.interface.api_types import Refusal
from qtshell.quick.ask import QuickAsk, Stage
from qtshell.quick.window import QuickWindow
from qtshell.sidecar.client import SidecarClient

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
