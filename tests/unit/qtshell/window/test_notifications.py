"""A long answer is told of when nobody looks, and a click leads to it."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from backend.interface.api_types import EndedAnswer
from qtshell.sidecar.activity import Activity
from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.supervisor import SidecarSupervisor
from qtshell.window.actions import Actions
from qtshell.window.notifications import LONG_S, Notifications
from qtshell.window.tray import TrayIcon
from tests.helpers.stub_sidecar import stub_launch

pytestmark = pytest.mark.gui


class Tray(TrayIcon):
    """A tray that keeps what it is told to say."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Actions(), parent)
        self.said: list[str] = []

    def tell(self, heading: str, words: str) -> bool:
        self.said.append(f"{heading}: {words}")
        return True


class Scene:
    """Notices over an activity that is told what happens."""

    def __init__(self, qtbot: QtBot, data_dir: Path) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.tray = Tray(self.window)
        supervisor = SidecarSupervisor(stub_launch("obey"), data_dir)
        supervisor.setParent(self.window)
        client = SidecarClient(lambda: None, self.window)
        self.activity = Activity(client, supervisor, self.window)
        self.opened: list[str] = []
        self.is_looking = False
        Notifications(
            self.activity,
            self.tray,
            self.window,
            self.opened.append,
            lambda: self.is_looking,
        )

    def end(self, seconds: float) -> None:
        self.activity.answer_ended.emit(
            EndedAnswer(conversation_id="c1", title="Tides", seconds=seconds)
        )


@pytest.fixture
def scene(qtbot: QtBot, tmp_path: Path) -> Scene:
    return Scene(qtbot, tmp_path)


def test_a_long_answer_is_told_of_and_the_click_opens_it(scene: Scene) -> None:
    scene.end(LONG_S + 1)
    assert scene.tray.said == ["The answer is ready: Tides"]
    scene.tray.messageClicked.emit()
    scene.tray.messageClicked.emit()
    assert scene.opened == ["/conversations/c1"]


def test_a_short_answer_is_not_told_of(scene: Scene) -> None:
    scene.end(LONG_S - 1)
    assert scene.tray.said == []


def test_nothing_is_said_to_who_looks(scene: Scene) -> None:
    scene.is_looking = True
    scene.end(LONG_S + 1)
    assert scene.tray.said == []


def test_a_click_on_another_message_opens_nothing(scene: Scene) -> None:
    scene.tray.messageClicked.emit()
    assert scene.opened == []
