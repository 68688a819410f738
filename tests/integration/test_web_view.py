"""The real page over the stub sidecar: one origin, one token, and no way out."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backend.interface.protocol import LOOPBACK, TOKEN_HEADER
from qtshell.display.theme import Theme, apply_theme
from qtshell.options import read_options
from qtshell.settings import ShellSettings
from qtshell.sidecar.lifecycle import Phase
from qtshell.sidecar.origin import Origin
from qtshell.sidecar.supervisor import SidecarSupervisor, Trust
from qtshell.web.file_drops import FileDrops
from qtshell.window.action_handlers import ActionHandlers
from qtshell.window.actions import Actions
from qtshell.window.main_window import MainWindow
from tests.helpers.stage import WAIT_MS, Stage, stage
from tests.helpers.stub_sidecar import stub_launch

__all__ = ["stage"]

pytestmark = pytest.mark.gui


class Stranger(BaseHTTPRequestHandler):
    """Another server of this machine, which must hear nothing."""

    heard: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.heard.append(self.path)
        self.send_response(200)
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


Serve = Callable[[type[BaseHTTPRequestHandler]], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve on other ports, and return which."""
    with ExitStack() as end:

        def begin(handler: type[BaseHTTPRequestHandler]) -> int:
            server = end.enter_context(ThreadingHTTPServer((LOOPBACK, 0), handler))
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            end.callback(thread.join)
            end.callback(server.shutdown)
            return int(server.server_address[1])

        yield begin


@pytest.fixture
def stranger(serve: Serve) -> str:
    """Serve on another port."""
    Stranger.heard.clear()
    return f"http://{LOOPBACK}:{serve(Stranger)}"


# First in this file: after many pages in one process, Chromium sometimes notices a
# killed renderer only when the page closes.
def test_a_dead_renderer_is_reloaded_until_it_dies_too_often(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qtshell.web.crash_policy.DELAYS_MS", (0, 1, 2))
    stage.open("/c/7")
    for _ in range(3):
        stage.settle()
        with stage.qtbot.waitSignal(stage.view.shown, timeout=WAIT_MS):
            os.kill(stage.view.page().renderProcessPid(), signal.SIGKILL)
        assert stage.view.url().path() == "/c/7"
    stage.settle()
    with stage.qtbot.waitSignal(stage.view.crashed_for_good, timeout=WAIT_MS):
        os.kill(stage.view.page().renderProcessPid(), signal.SIGKILL)


@pytest.mark.parametrize("how", ["busy", "stopped"])
def test_a_page_that_hangs_is_ended_and_loaded_again(stage: Stage, how: str) -> None:
    stage.open("/c/7")
    page = stage.view.page()
    hung = page.renderProcessPid()
    stage.view.watch(beat_ms=200)
    with stage.qtbot.waitSignal(stage.view.shown, timeout=WAIT_MS):
        if how == "busy":
            page.runJavaScript("while (true) {}")
        else:
            os.kill(hung, signal.SIGSTOP)
    assert page.renderProcessPid() != hung
    assert stage.view.url().path() == "/c/7"


def test_every_request_of_the_page_carries_the_token_and_no_cookie(
    stage: Stage,
) -> None:
    stage.show(
        "<img src=/a.png><iframe src=/frame></iframe>"
        "<form id=f method=post action=/form><input name=a value=b></form>"
    )
    stage.run("document.cookie = 'a=b'; fetch('/go?to=/landed'); 0")
    stage.run("new EventSource('/events').onmessage = () => window.heard = true; 0")
    stage.wait_for("window.heard === true")
    stage.settle()
    seen = stage.seen()
    paths = {str(request["path"]) for request in seen}
    assert {"/", "/a.png", "/frame", "/landed", "/events"} <= paths
    assert stage.supervisor.trust
    token = stage.supervisor.trust.token
    for request in seen:
        headers = request["headers"]
        assert isinstance(headers, dict)
        assert headers[TOKEN_HEADER.lower()] == token
        assert "cookie" not in headers


def test_another_port_hears_nothing_from_the_page(stage: Stage, stranger: str) -> None:
    websocket = stranger.replace("http", "ws")
    stage.show(
        f"<img src={stranger}/img><iframe src={stranger}/frame></iframe>"
        f"<link rel=stylesheet href={stranger}/css>"
        f"<link rel=prefetch href={stranger}/prefetch>"
        f"<script src={stranger}/script></script>"
        f"<form id=f method=post action={stranger}/form></form>"
    )
    stage.run(
        f"fetch('{stranger}/fetch', {{mode: 'no-cors'}}).catch(() => 0);"
        f"navigator.sendBeacon('{stranger}/beacon');"
        f"new EventSource('{stranger}/events');"
        f"fetch('/go?to={stranger}/redirect').catch(() => 0);"
        f"try {{ new WebSocket('{websocket}/ws') }} catch (e) {{}};"
        "document.getElementById('f').submit(); 0"
    )
    stage.settle()
    stage.run(f"location.href = '{stranger}/navigation'; 0")
    stage.settle()
    assert Stranger.heard == []


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "data:text/html,<h1>x</h1>", "qrc:/a"],
)
def test_the_page_cannot_leave(stage: Stage, url: str) -> None:
    stage.run(f"location.href = '{url}'; 0")
    stage.settle()
    assert stage.view.url() == QUrl(stage.origin + "/")


def test_from_an_empty_page_it_comes_back(stage: Stage) -> None:
    """Chromium asks nobody before it goes to about:blank."""
    stage.open("/c/3")
    with stage.qtbot.waitSignal(stage.view.shown, timeout=WAIT_MS):
        stage.run("location.href = 'about:blank'; 0")
    assert stage.view.url() == QUrl(stage.origin + "/c/3")


def test_after_a_restart_the_page_goes_on_with_the_new_token(stage: Stage) -> None:
    stage.run(
        "window.mark = 1; window.states = [];"
        "new MutationObserver(() => states.push(document.documentElement.dataset"
        ".sidecar)).observe(document.documentElement, {attributes: true});"
        "window.hellos = 0;"
        "new EventSource('/events').onmessage = () => window.hellos++; 0"
    )
    stage.wait_for("window.hellos", 1)
    with stage.qtbot.waitSignal(stage.supervisor.ready, timeout=WAIT_MS):
        os.kill(stage.supervisor.pid, signal.SIGKILL)
    stage.wait_for("window.states.at(-1)", "ready")
    assert stage.run("window.mark") == 1
    assert stage.run("window.states[0]") == "reconnecting"
    stage.wait_for("window.hellos", 2)


def test_on_another_port_the_same_path_is_loaded(
    stage: Stage, qtbot: QtBot, tmp_path: Path
) -> None:
    stage.open("/c/1?a=b")
    other = SidecarSupervisor(stub_launch("obey"), tmp_path)
    with qtbot.waitSignal(other.ready, timeout=WAIT_MS) as ready:
        other.start()
    with qtbot.waitSignal(stage.view.shown, timeout=WAIT_MS):
        stage.view.trust(ready.args[0])
    assert stage.view.url() == QUrl(f"{ready.args[0].origin}/c/1?a=b")
    other.stop()
    qtbot.waitUntil(lambda: other.phase is Phase.STOPPED, timeout=WAIT_MS)


class Held(BaseHTTPRequestHandler):
    """A server of a page with a picture that comes when it is let go."""

    released: ClassVar[threading.Event] = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/picture":
            self.released.wait(WAIT_MS / 1000)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p>There</p><img src='/picture'>")

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


def test_a_page_is_there_while_some_of_it_is_awaited(
    stage: Stage, qtbot: QtBot, serve: Serve
) -> None:
    Held.released.clear()
    shown: list[bool] = []
    stage.view.shown.connect(lambda: shown.append(True))
    trust = Trust(origin=Origin.of_sidecar(serve(Held)), token="its own")
    with qtbot.waitSignal(stage.view.begun, timeout=WAIT_MS):
        stage.view.trust(trust)
    stage.wait_for("document.querySelector('p')?.innerText", "There")
    assert not shown
    with qtbot.waitSignal(stage.view.shown, timeout=WAIT_MS):
        Held.released.set()


def test_while_nobody_is_proved_the_old_port_gets_nothing(
    stage: Stage, stranger: str
) -> None:
    port = int(stranger.rpartition(":")[2])
    impostor = Trust(origin=Origin.of_sidecar(port), token="secret")
    stage.view._interceptor.set_trust(impostor)
    stage.view.set_phase(Phase.LAUNCHING)
    stage.run(f"fetch('{stranger}/a', {{mode: 'no-cors'}}).finally(() => tried = 1); 0")
    stage.wait_for("window.tried", 1)
    assert Stranger.heard == []


ASKS = {
    "camera": "navigator.mediaDevices.getUserMedia({video: true})",
    "screen": "navigator.mediaDevices.getDisplayMedia({video: true})",
    "place": "new Promise((y, n) => navigator.geolocation.getCurrentPosition(y, n))",
    "clipboard": "navigator.clipboard.readText()",
    "notifications": "Notification.requestPermission().then(p => {"
    "if (p !== 'granted') throw p})",
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS.keys())
def test_permissions_are_denied(stage: Stage, ask: str) -> None:
    stage.run(f"{ask}.then(() => said = 'yes', () => said = 'no'); 0")
    stage.wait_for("window.said", "no")


def test_the_page_may_copy_text(stage: Stage) -> None:
    with stage.qtbot.waitActive(stage.view, timeout=WAIT_MS):
        stage.view.activateWindow()
    stage.view.setFocus()
    stage.show("<body style='height: 100vh' onclick='copy()'>")
    stage.wait_for("document.hasFocus()")
    stage.run(
        "window.copy = () => navigator.clipboard.writeText('copied')"
        ".then(() => said = 'yes', e => said = String(e)); 0"
    )

    def clicked() -> bool:
        # A click before the first frame is drawn goes nowhere.
        surface = stage.view.focusProxy()
        assert surface
        QTest.mouseClick(surface, Qt.MouseButton.LeftButton)
        return stage.run("window.said") == "yes"

    stage.qtbot.waitUntil(clicked, timeout=WAIT_MS)


def test_the_page_is_light_or_dark_as_the_windows_are(stage: Stage) -> None:
    scheme = "document.documentElement.style.colorScheme"
    stage.wait_for(scheme, "light")
    apply_theme(Theme.DARK)
    try:
        stage.view.follow_theme()
        stage.wait_for(scheme, "dark")
        stage.open("/c/1")
        stage.wait_for(scheme, "dark")
    finally:
        apply_theme(Theme.SYSTEM)


def test_the_edit_menu_acts_on_the_page(stage: Stage, tmp_path: Path) -> None:
    actions = Actions()
    window = MainWindow(actions, ShellSettings(tmp_path))
    options = read_options(["--data-dir", str(tmp_path)])
    action_handlers = ActionHandlers(
        actions, window, stage.supervisor, ShellSettings(tmp_path), options
    )
    action_handlers.set_view(stage.view)
    stage.show("<input id=field value=word autofocus>")
    value = "document.getElementById('field').value"
    stage.wait_for("document.activeElement.id", "field")
    actions.select_all.trigger()
    actions.cut.trigger()
    stage.wait_for(value, "")
    actions.paste.trigger()
    stage.wait_for(value, "word")
    actions.undo.trigger()
    stage.wait_for(value, "")
    actions.redo.trigger()
    stage.wait_for(value, "word")
    window.deleteLater()


def test_files_dropped_on_their_page_are_taken_and_others_left(
    stage: Stage, tmp_path: Path
) -> None:
    stage.show("<p>Models</p>")
    window = stage.view.windowHandle()
    data, files = QMimeData(), [tmp_path / "für a b.gguf", tmp_path / "2.gguf"]
    place, copy = QPointF(400, 300), Qt.DropAction.CopyAction
    may = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    none = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)

    def drag_and_drop() -> bool:
        entered = QDragEnterEvent(place, may, data, *none)
        dropped = QDropEvent(place, may, data, *none)
        QApplication.sendEvent(window, entered)
        QApplication.sendEvent(window, dropped)
        return entered.isAccepted() and dropped.dropAction() is copy

    got = list[list[str]]()
    drops = FileDrops(stage.view, "/page")
    drops.dropped.connect(got.append)
    data.setUrls([*map(QUrl.fromLocalFile, map(str, files)), QUrl("https://a.example")])
    assert drag_and_drop()
    assert got == [[str(file) for file in files]]
    data.setUrls([QUrl("https://a.example")])
    drag_and_drop()
    elsewhere = FileDrops(stage.view, "/elsewhere")
    stage.view.removeEventFilter(drops)
    elsewhere.dropped.connect(got.append)
    data.setUrls([QUrl.fromLocalFile(str(files[0]))])
    drag_and_drop()
    assert len(got) == 1
    assert stage.run("document.body.innerText") == "Models"
