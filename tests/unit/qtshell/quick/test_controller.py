"""Quick ask stays whole while Hearth quits around it."""

from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from backend.interface.api_types import AskedQuestion, Refusal
from qtshell.hotkeys.registry import Hotkeys
from qtshell.quick.controller import QuickAccess
from qtshell.settings import ShellSettings
from qtshell.sidecar.activity import Activity
from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.launch import sidecar_launch
from qtshell.sidecar.supervisor import SidecarSupervisor
from qtshell.window.actions import Actions
from qtshell.window.main_window import MainWindow
from qtshell.window.spelling import Spelling
from qtshell.window.tray import TrayIcon

pytestmark = pytest.mark.gui


def delete_what_is_due() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_answers_that_come_while_hearth_quits_find_the_window(
    qtbot: QtBot, tmp_path: Path
) -> None:
    supervisor = SidecarSupervisor(sidecar_launch(), tmp_path)
    client = SidecarClient(lambda: None, supervisor)
    actions = Actions()
    window = MainWindow(actions, ShellSettings(tmp_path))
    qtbot.addWidget(window)
    quick = QuickAccess(
        client=client,
        supervisor=supervisor,
        activity=Activity(client, supervisor, window),
        actions=actions,
        tray=TrayIcon(actions, window),
        window=window,
        hotkeys=Hotkeys(window),
        open_path=lambda _: None,
        spelling=Spelling(ShellSettings(tmp_path), tmp_path, window),
    )
    ask = quick.quick_ask()
    asked = AskedQuestion(conversation_id="c", message_id="m")
    closed: list[None] = []
    for _ in range(2):  # two signals end it as one does
        quick.close(lambda *_: closed.append(None))
        delete_what_is_due()
        ask._on_refused(Refusal(error="Not now."))
        ask._on_asked(asked)
        ask._answer._on_follower_grown(0)
    assert len(closed) == 2
    shown = quick._window
    quick.deleteLater()
    for _ in range(2):  # the window goes after it
        delete_what_is_due()
    assert not isValid(shown)
