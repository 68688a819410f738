"""A hidden page gives its memory back and comes again as it was."""

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from PySide6.QtWebEngineCore import QWebEnginePage
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from qtshell.sidecar.lifecycle import Phase
from qtshell.sidecar.supervisor import SidecarSupervisor
from qtshell.web.discard import PageDiscarder
from qtshell.web.view import WebView
from tests.helpers.stub_sidecar import stub_launch

pytestmark = pytest.mark.gui

_WAIT_MS = 15_000
_PLACE = (Path(__file__).parents[2] / "resources/web/place.js").read_text("utf-8")
_PAGE = f"""<main id="main"><textarea name="text"></textarea></main>
<script>window.htmx = {{trigger: () => {{}}}}; {_PLACE}</script>"""

_State = QWebEnginePage.LifecycleState


class Room:
    """A window with a page in it, as the shell's own."""

    def __init__(self, qtbot: QtBot, data_dir: Path) -> None:
        self.qtbot = qtbot
        self.window = QWidget()
        self.view = WebView()
        QVBoxLayout(self.window).addWidget(self.view)
        self.supervisor = SidecarSupervisor(stub_launch("obey"), data_dir)
        self.supervisor.phase_changed.connect(self.view.set_phase)
        self.supervisor.ready.connect(self.view.trust)
        self.window.show()
        self.view.open_path(f"/page?html={quote(_PAGE)}")
        with qtbot.waitSignal(self.view.shown, timeout=_WAIT_MS):
            self.supervisor.start()

    @property
    def state(self) -> QWebEnginePage.LifecycleState:
        return self.view.page().lifecycleState()

    def run(self, script: str) -> object:
        with self.qtbot.waitCallback(timeout=_WAIT_MS) as callback:
            self.view.page().runJavaScript(script, callback)
        return callback.args[0]

    def type(self, text: str) -> None:
        self.run(f"document.querySelector('textarea').value = '{text}'")

    @property
    def typed(self) -> object:
        return self.run("document.querySelector('textarea').value")


@pytest.fixture
def room(qtbot: QtBot, tmp_path: Path) -> Iterator[Room]:
    """A room that is left tidy."""
    room = Room(qtbot, tmp_path)
    yield room
    room.supervisor.stop()
    qtbot.waitUntil(lambda: room.supervisor.phase is Phase.STOPPED, timeout=_WAIT_MS)
    with qtbot.waitSignal(room.view.page().destroyed, timeout=_WAIT_MS):
        room.view.close_down()
    room.window.close()
    room.window.deleteLater()


def test_a_hidden_page_rests_and_what_was_typed_is_there_again(
    qtbot: QtBot, room: Room
) -> None:
    looks = list[bool]()

    def is_short() -> bool:
        looks.append(room.state is _State.Discarded)
        return len(looks) > 2

    PageDiscarder(room.window, 50, is_short).set_view(room.view)
    room.type("half a thought")
    room.window.hide()
    qtbot.waitUntil(lambda: room.state is _State.Discarded, timeout=_WAIT_MS)
    assert looks[:3] == [False] * 3  # it stayed as long as there was enough
    began = time.monotonic()
    with qtbot.waitSignal(room.view.shown, timeout=_WAIT_MS):
        room.window.show()
    print(f"back after {(time.monotonic() - began) * 1000:.0f} ms")  # noqa: T201 told by -s
    assert room.state is _State.Active
    assert room.typed == "half a thought"


def test_a_page_that_is_seen_does_not_rest(qtbot: QtBot, room: Room) -> None:
    PageDiscarder(room.window, 10, lambda: True).set_view(room.view)
    room.type("text")
    room.view.rest()
    assert room.typed == "text"
    assert room.state is _State.Active


def test_a_restart_of_the_sidecar_does_not_wake_the_page(
    qtbot: QtBot, room: Room
) -> None:
    room.type("kept")
    room.window.hide()
    room.view.rest()
    qtbot.waitUntil(lambda: room.state is _State.Discarded, timeout=_WAIT_MS)
    with qtbot.waitSignal(room.supervisor.ready, timeout=_WAIT_MS):
        room.supervisor.restart()
    assert room.state is _State.Discarded
    with qtbot.waitSignal(room.view.shown, timeout=_WAIT_MS):
        room.window.show()
    assert room.typed == "kept"


def test_a_page_that_cannot_tell_what_is_typed_stays(qtbot: QtBot, room: Room) -> None:
    room.run("delete window.hearthPlace")
    room.window.hide()
    room.view.rest()
    assert room.run("1") == 1
    assert room.state is not _State.Discarded
