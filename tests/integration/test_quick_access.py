"""Tray menu, quick actions and quick ask with a real sidecar and the scripted model."""

import re
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from backend.interface.api_types import AskedQuestion, Done, QuickDraft
from backend.interface.protocol import LOOPBACK, TOKEN_HEADER
from qtshell.hotkeys.registry import Hotkeys
from qtshell.quick.controller import QuickAccess
from qtshell.quick.window import QuickWindow
from qtshell.settings import ShellSettings
from qtshell.sidecar.activity import Activity
from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.launch import sidecar_launch
from qtshell.sidecar.lifecycle import Phase
from qtshell.sidecar.supervisor import SidecarSupervisor
from qtshell.window.actions import Actions
from qtshell.window.main_window import MainWindow
from qtshell.window.tray import TrayIcon
from tests.helpers.scripted_model import HELLO
from tests.helpers.spelling import spelling_of

pytestmark = [pytest.mark.gui, pytest.mark.sidecar]

_WAIT_MS = 20_000


class Desk:
    """A shell without a page: sidecar, tray, quick ask."""

    def __init__(self, qtbot: QtBot, data_dir: Path) -> None:
        self.qtbot = qtbot
        self.supervisor = SidecarSupervisor(sidecar_launch(), data_dir)
        self.client = SidecarClient(lambda: self.supervisor.trust, self.supervisor)
        self.actions = Actions()
        self.window = MainWindow(self.actions, ShellSettings(data_dir))
        self.tray = TrayIcon(self.actions, self.window)
        self.activity = Activity(self.client, self.supervisor, self.window)
        self.opened: list[str] = []
        self.notices: list[str] = []
        self.tray.tell = self._tell  # type: ignore[method-assign]  # no bus here
        self.hotkeys = Hotkeys(self.window)
        self.spelling = spelling_of(data_dir, self.window)
        self.quick = QuickAccess(
            client=self.client,
            supervisor=self.supervisor,
            activity=self.activity,
            actions=self.actions,
            tray=self.tray,
            window=self.window,
            hotkeys=self.hotkeys,
            open_path=self.opened.append,
            spelling=self.spelling,
        )
        self.supervisor.phase_changed.connect(self.tray.set_phase)
        with qtbot.waitSignal(self.supervisor.ready, timeout=_WAIT_MS):
            self.supervisor.start()

    def choose_model(self, path: Path) -> None:
        """Let this model answer."""
        self.do("/engines/builtin", {"path": str(path)})

    def open(self) -> QuickWindow:
        """Open quick ask and return its window once it can be typed in."""
        self.quick.open_quick_ask()
        window = self.quick._window
        assert window is not None
        self.wait(window.question.hasFocus)
        return window

    def menu(self, name: str) -> QMenu:
        """Return a menu inside the tray's menu."""
        menus = self.tray.contextMenu().findChildren(QMenu)
        return next(menu for menu in menus if menu.title() == name)

    def entry(self, menu: QMenu, name: str) -> QAction:
        """Return an entry once it is there."""
        names: Callable[[], list[str]] = lambda: [a.text() for a in menu.actions()]  # noqa: E731 shorter
        self.wait(lambda: name in names())
        return next(entry for entry in menu.actions() if entry.text() == name)

    def do(self, path: str, form: dict[str, str]) -> None:
        """Post a form, and wait until it is done."""
        done: list[Done] = []
        self.client.post(path, form, Done, done.append)
        self.wait(lambda: bool(done))

    def send(self, method: str, path: str, form: dict[str, str] | None = None) -> str:
        """Do what a page does, and return what it is answered."""
        assert self.supervisor.trust
        headers = {
            TOKEN_HEADER: self.supervisor.trust.token,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        port = self.supervisor.trust.origin.port
        with closing(HTTPConnection(LOOPBACK, port)) as connection:
            connection.request(method, path, urlencode(form or {}), headers)
            response = connection.getresponse()
            assert response.status == 200
            return response.read().decode()

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds."""
        self.qtbot.waitUntil(condition, timeout=_WAIT_MS)

    def close(self) -> None:
        """End everything."""
        self.hotkeys.release()
        kept: list[None] = []
        self.quick.close(lambda *_: kept.append(None))
        self.wait(lambda: bool(kept))
        self.supervisor.stop()
        self.wait(lambda: self.supervisor.phase is Phase.STOPPED)
        with self.qtbot.waitSignal(self.client.destroyed, timeout=_WAIT_MS):
            self.client.deleteLater()
        self.window.deleteLater()

    def _tell(self, heading: str, words: str) -> bool:
        self.notices.append(f"{heading}: {words}")
        return True


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """Build a desk and take it down."""
    built = Desk(qtbot, tmp_path)
    yield built
    built.close()


@pytest.fixture
def ready(desk: Desk, scripted_gguf: Path) -> Desk:
    """A desk with a model."""
    desk.choose_model(scripted_gguf)
    return desk


def copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)


def pasted() -> str:
    return QGuiApplication.clipboard().text()


def test_the_tray_offers_everything_once(desk: Desk) -> None:
    names = [
        entry.text().replace("&", "")
        for entry in desk.tray.contextMenu().actions()
        if entry.isVisible()
    ]
    assert names == [
        "Open Hearth",
        "New Conversation",
        "Quick Ask…",
        "",
        "Quick Actions",
        "Recent Conversations",
        "",
        "Pause Answers",
        "Restart Background Process",
        "Settings",
        "",
        "Quit Hearth",
    ]
    menu = desk.menu("Quick Actions")
    desk.entry(menu, "Explain")
    names = [entry.text() for entry in menu.actions()]
    assert names[1:] == ["Summarise", "Translate", "Fix Grammar", "Save as Note"]


def test_a_question_is_asked_and_its_answer_grows(ready: Desk) -> None:
    window = ready.open()
    QTest.keyClicks(window.question, "hello, who are you")
    QTest.keyClick(
        window.question, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier
    )
    QTest.keyClicks(window.question, "there")
    assert window.question.toPlainText() == "hello, who are you\nthere"
    QTest.keyClick(window.question, Qt.Key.Key_Return)
    ready.wait(lambda: window.answer.toPlainText() == HELLO)
    ready.wait(window.copy.isVisible)
    assert window.asked_text.text() == "hello, who are you there"
    ready.wait(lambda: window._words.text().startswith("scripted"))
    assert window.question.toPlainText() == ""
    window.copy.click()
    assert pasted() == HELLO
    recent = ready.menu("Recent Conversations")
    ready.entry(recent, "hello, who are you").trigger()
    assert ready.opened[0].startswith("/conversations/")


def test_the_tray_shows_what_a_page_renames_adds_and_undoes(ready: Desk) -> None:
    asked: list[AskedQuestion] = []
    form = {"text": "hello, who are you"}
    ready.client.post("/api/v1/ask", form, AskedQuestion, asked.append)
    ready.wait(lambda: bool(asked))
    recent = ready.menu("Recent Conversations")
    ready.entry(recent, "hello, who are you")
    path = f"/conversations/{asked[0].conversation_id}"
    ready.send("PUT", f"{path}/title", {"title": "Renamed"})
    ready.entry(recent, "Renamed")
    undo = ready.send("DELETE", path)
    ready.wait(lambda: "Renamed" not in [a.text() for a in recent.actions()])
    found = re.search(r'hx-post="(/changes/[^"]+)"', undo)
    assert found
    ready.send("POST", found[1])
    ready.entry(recent, "Renamed")


def test_escape_gives_the_keyboard_back(ready: Desk) -> None:
    line = QLineEdit()
    ready.qtbot.addWidget(line)
    line.show()
    line.activateWindow()
    ready.wait(line.hasFocus)
    window = ready.open()
    QTest.keyClicks(window.question, "half a question")
    QTest.keyClick(window.question, Qt.Key.Key_Escape)
    assert not window.isVisible()
    ready.wait(line.hasFocus)
    assert ready.open().question.toPlainText() == "half a question"


def test_what_is_typed_outlives_the_program(desk: Desk) -> None:
    window = desk.open()
    window.question.setPlainText("half a question")
    drafts: list[QuickDraft] = []

    def ask() -> bool:
        desk.client.get("/api/v1/quick", QuickDraft, drafts.append)
        return QuickDraft(draft="half a question") in drafts

    desk.wait(ask)


def test_an_answer_goes_on_in_the_window(ready: Desk) -> None:
    window = ready.open()
    window.question.setPlainText("forever")
    QTest.keyClick(window.question, Qt.Key.Key_Return)
    ready.wait(lambda: "tick" in window.answer.toPlainText())
    QTest.keyClick(
        window.question, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
    )
    assert len(ready.opened) == 1
    assert not window.isVisible()
    # It grows in the other window now, and no longer here.
    follower = ready.quick.quick_ask()._answer._follower
    with ready.qtbot.assertNotEmitted(follower.grown, wait=500):
        pass
    assert window.answer.toPlainText() == ""
    ready.actions.pause.trigger()
    ready.wait(lambda: ready.tray.toolTip() == "Hearth: paused")


def test_a_long_answer_leaves_room_on_the_screen(ready: Desk) -> None:
    window = ready.open()
    window.question.setPlainText("markdown")
    QTest.keyClick(window.question, Qt.Key.Key_Return)
    ready.wait(lambda: "end of the long answer" in window.answer.toPlainText())
    room = window.screen().availableGeometry()
    ready.wait(lambda: window.height() > room.height() * 0.3)
    assert window.height() <= room.height() * 0.6 + 1
    assert room.contains(window.geometry())


def test_the_clipboard_is_used_only_when_its_chip_is_pressed(desk: Desk) -> None:
    copy("the copied text")
    window = desk.open()
    desk.wait(window.clipboard_chip.isVisible)
    window.question.setPlainText("Shorten")
    assert window.whole_question() == "Shorten"
    window.clipboard_chip.click()
    assert window.whole_question() == "Shorten\n\nthe copied text"


def test_a_problem_is_said_and_the_question_stays(desk: Desk) -> None:
    window = desk.open()
    window.question.setPlainText("hello")
    QTest.keyClick(window.question, Qt.Key.Key_Return)
    desk.wait(lambda: "Choose one first" in window._words.text())
    assert window.question.toPlainText() == "hello"


def test_quick_actions_work_on_the_clipboard(ready: Desk) -> None:
    copy("Call 555 010")
    ready.quick.quick_actions.run("redact")
    ready.wait(lambda: pasted() == "Call [number]")
    assert ready.notices[-1].startswith("Redact E-mails and Numbers: The result")
    ready.quick.quick_actions.run("save-note")
    ready.wait(lambda: ready.notices[-1] == "Save as Note: Saved as a note.")
    ready.quick.quick_actions.run("count")
    ready.wait(lambda: ready.quick._window is not None)
    window = ready.quick._window
    assert window is not None
    ready.wait(lambda: "Words: 2" in window.answer.toPlainText())
    menu = ready.menu("Quick Actions")
    ready.entry(menu, "Explain").trigger()
    ready.wait(lambda: window.answer.toPlainText() == HELLO)


def test_an_action_without_text_says_so(desk: Desk) -> None:
    copy("")
    desk.quick.quick_actions.run("redact")
    desk.wait(lambda: any("no text to work on" in reply for reply in desk.notices))


def test_the_icon_tells_that_an_answer_is_written(ready: Desk) -> None:
    window = ready.open()
    window.question.setPlainText("forever")
    QTest.keyClick(window.question, Qt.Key.Key_Return)
    ready.wait(lambda: ready.tray.toolTip() == "Hearth: answering")
    ready.wait(window.stop.isVisible)
    window.stop.click()
    ready.wait(lambda: ready.tray.toolTip() == "Hearth")
    ready.wait(lambda: "Stopped" in window.answer.toPlainText())


def test_a_question_waits_for_a_sidecar_that_restarts(ready: Desk) -> None:
    window = ready.open()
    ready.supervisor.restart()
    window.question.setPlainText("hello")
    QTest.keyClick(window.question, Qt.Key.Key_Return)
    ready.wait(lambda: window.answer.toPlainText() == HELLO)


def test_an_answer_is_followed_over_a_killed_sidecar(
    ready: Desk, tmp_path: Path
) -> None:
    def stored() -> bool:
        with closing(sqlite3.connect(tmp_path / "hearth.db")) as database:
            return bool(
                database.execute("SELECT count(*) FROM stream_chunk").fetchone()[0]
            )

    window = ready.open()
    window.question.setPlainText("forever")
    QTest.keyClick(window.question, Qt.Key.Key_Return)
    ready.wait(lambda: window.answer.toPlainText().count("tick") > 5 and stored())
    psutil.Process(ready.supervisor.pid).kill()
    ready.wait(lambda: "Interrupted" in window.answer.toPlainText())
    window.copy.click()
    ticks = re.findall(r"tick (\d{3})", pasted())
    assert ticks
    assert " ".join(f"tick {number}" for number in ticks) == pasted()
    assert [int(tick) for tick in ticks] == list(range(1, len(ticks) + 1))
    shown = window.answer.toPlainText()
    assert all(shown.count(f"tick {tick}") == 1 for tick in ticks)


def add_action(desk: Desk, **facts: str) -> None:
    """Make an action as its form does."""
    form = {"name": "Shout", "kind": "upper", "result": "copy", **facts}
    desk.do("/actions", form)


def page_of_actions(desk: Desk) -> str:
    return desk.send("GET", "/actions")


def test_an_actions_shortcut_works_in_every_program(desk: Desk) -> None:
    add_action(desk, shortcut="Ctrl+Alt+Y")
    desk.wait(lambda: any(a.shortcut for a in desk.quick.quick_actions.actions))
    copy("one two three")
    # No window of Hearth is open.
    subprocess.run(["xdotool", "key", "ctrl+alt+y"], check=True)
    desk.wait(lambda: pasted() == "ONE TWO THREE")


def test_keys_that_are_refused_are_told_on_the_page(desk: Desk) -> None:
    other = Hotkeys()
    other.hold("x", "Ctrl+Alt+U", "X")
    add_action(desk, shortcut="Ctrl+Alt+U")
    desk.wait(lambda: "Another program has this shortcut" in page_of_actions(desk))
    desk.supervisor.restart()
    desk.wait(lambda: desk.supervisor.phase is not Phase.READY)
    desk.wait(lambda: desk.supervisor.phase is Phase.READY)
    desk.wait(lambda: "Another program has this shortcut" in page_of_actions(desk))
    other.release()
