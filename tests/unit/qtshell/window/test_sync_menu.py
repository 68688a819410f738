"""What the tray's menu says of the exchange with other computers, and its pause."""

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from backend.interface.api_types import SyncSummary, encode
from qtshell.window.actions import Actions
from qtshell.window.sync_menu import SyncMenu
from qtshell.window.tray import TrayIcon
from tests.helpers.sidecar_double import SidecarDouble, sidecar_double

pytestmark = pytest.mark.gui


class Desk:
    def __init__(self, tray: TrayIcon, sidecar: SidecarDouble) -> None:
        self.tray, self.sidecar = tray, sidecar
        SyncMenu(sidecar.client, tray)

    def lines(self) -> list[QAction]:
        menu = self.tray.contextMenu()
        shown = [action for action in menu.actions() if "Sync" in action.text()]
        return [action for action in shown if action.isVisible()]

    def said(self) -> list[str]:
        return [action.text() for action in self.lines()]

    def answers(self, path: str, words: str, *, is_paused: bool = False) -> None:
        summary = SyncSummary(words=words, is_paused=is_paused)
        self.sidecar.answer(path, encode(summary).encode())


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    parent = Actions()
    with sidecar_double(parent) as sidecar:
        yield Desk(TrayIcon(parent, parent), sidecar)


def test_nothing_is_said_where_nothing_is_exchanged(desk: Desk, qtbot: QtBot) -> None:
    assert desk.said() == []
    desk.answers("/api/v1/sync", "")
    desk.tray.opening.emit()
    qtbot.waitUntil(lambda: "/api/v1/sync" in desk.sidecar.fetched)
    assert desk.said() == []


def test_how_it_is_stands_in_the_menu_and_pause_is_asked_for(
    desk: Desk, qtbot: QtBot
) -> None:
    desk.answers("/api/v1/sync", "2 changes wait")
    desk.tray.opening.emit()
    qtbot.waitUntil(lambda: desk.said() == ["Sync: 2 changes wait", "Pause Sync"])
    words, pause = desk.lines()
    assert not words.isEnabled()
    assert not pause.isChecked()
    desk.answers("/api/v1/sync/paused", "paused", is_paused=True)
    pause.trigger()
    qtbot.waitUntil(lambda: desk.said()[:1] == ["Sync: paused"])
    assert desk.sidecar.posted == [("/api/v1/sync/paused", {"paused": "yes"})]
    assert pause.isChecked()
    pause.trigger()
    qtbot.waitUntil(lambda: len(desk.sidecar.posted) == 2)
    assert desk.sidecar.posted[1][1] == {}


def test_what_was_refused_is_not_shown_as_done(desk: Desk, qtbot: QtBot) -> None:
    desk.answers("/api/v1/sync", "up to date")
    desk.tray.opening.emit()
    qtbot.waitUntil(lambda: len(desk.said()) == 2)
    desk.sidecar.answer("/api/v1/sync/paused", b'{"error": "Busy."}', status=409)
    desk.lines()[1].trigger()
    qtbot.waitUntil(lambda: not desk.lines()[1].isChecked())
