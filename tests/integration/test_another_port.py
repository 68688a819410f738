"""The sidecar had to take another port: all that is typed meanwhile is there too."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from backend.interface.protocol import LOOPBACK
from qtshell.sidecar.origin import Origin
from qtshell.sidecar.supervisor import Trust
from tests.helpers.stage import WAIT_MS, Stage, stage

__all__ = ["stage"]

pytestmark = pytest.mark.gui

_PLACE = (Path(__file__).parents[2] / "resources/web/place.js").read_text("utf-8")
_PAGE = f"""<main id="main"><form><textarea name="text" autofocus></textarea></form>
</main><script>window.htmx = {{trigger: () => {{}}}}; {_PLACE}</script>"""
_TYPED = "document.querySelector('textarea').value"
_FOCUSED = "document.hasFocus() && document.activeElement.tagName === 'TEXTAREA'"
_EACH_MS = 15


class Successor(BaseHTTPRequestHandler):
    """Serves the page again, when it may, and maybe with something typed into it."""

    asked: ClassVar = threading.Event()
    may: ClassVar = threading.Event()
    added: ClassVar = ""

    def do_GET(self) -> None:
        self.asked.set()
        self.may.wait(WAIT_MS / 1000)
        html = parse_qs(urlsplit(self.path).query)["html"][0]
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((html + self.added).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def elsewhere() -> Iterator[Trust]:
    """Serve on another port."""
    Successor.asked, Successor.may = threading.Event(), threading.Event()
    Successor.added = ""
    server = ThreadingHTTPServer((LOOPBACK, 0), Successor)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Trust(origin=Origin.of_sidecar(server.server_address[1]), token="another")
    Successor.may.set()
    server.shutdown()
    server.server_close()
    thread.join()


def type_into(stage: Stage, text: str) -> None:
    stage.run(f"{_TYPED} += '{text}'; 0")


def test_what_is_typed_until_the_next_page_is_there_is_in_it(
    stage: Stage, elsewhere: Trust
) -> None:
    stage.show(_PAGE)
    type_into(stage, "before ")
    stage.view.trust(elsewhere)
    stage.qtbot.waitUntil(Successor.asked.is_set, timeout=WAIT_MS)
    type_into(stage, "and meanwhile")
    with stage.qtbot.waitSignal(stage.view.shown, timeout=WAIT_MS):
        Successor.may.set()
    assert stage.run("location.origin") == str(elsewhere.origin)
    assert stage.run(_TYPED) == "before and meanwhile"


def test_what_is_typed_into_the_next_page_at_once_stands_behind_it(
    stage: Stage, elsewhere: Trust
) -> None:
    stage.show(_PAGE)
    type_into(stage, "there and ")
    Successor.added = f"<script>{_TYPED} = 'here'</script>"
    Successor.may.set()
    with stage.qtbot.waitSignal(stage.view.shown, timeout=WAIT_MS):
        stage.view.trust(elsewhere)
    assert stage.run(_TYPED) == "there and here"
    assert stage.run("document.querySelector('textarea').selectionEnd") == 14


def test_no_key_is_lost_by_who_goes_on_typing(stage: Stage, elsewhere: Trust) -> None:
    with stage.qtbot.waitActive(stage.view, timeout=WAIT_MS):
        stage.view.activateWindow()
    stage.view.setFocus()
    stage.show(_PAGE)
    stage.wait_for(_FOCUSED)
    letters = list[str]()

    def press() -> None:
        surface = stage.view.focusProxy()
        assert isinstance(surface, QWidget)
        letters.append(chr(ord("a") + len(letters) % 26))
        QTest.keyClicks(surface, letters[-1])

    keys = QTimer(stage.view, interval=_EACH_MS)
    keys.timeout.connect(press)
    keys.start()
    stage.view.trust(elsewhere)
    stage.qtbot.waitUntil(Successor.asked.is_set, timeout=WAIT_MS)
    with stage.qtbot.waitSignal(stage.view.shown, timeout=WAIT_MS):
        Successor.may.set()
    arrived = len(letters)
    stage.qtbot.waitUntil(lambda: len(letters) > arrived + 10, timeout=WAIT_MS)
    keys.stop()
    stage.wait_for(_TYPED, "".join(letters))


def test_nothing_goes_into_a_page_of_another_path(
    stage: Stage, elsewhere: Trust
) -> None:
    stage.show(_PAGE)
    type_into(stage, "there")
    stage.view.trust(elsewhere)
    stage.qtbot.waitUntil(Successor.asked.is_set, timeout=WAIT_MS)
    stage.view.open_path(f"/page?html={quote(_PAGE)}&other=1")
    with stage.qtbot.waitSignal(stage.view.shown, timeout=WAIT_MS):
        Successor.may.set()
    assert stage.run(_TYPED) == ""
