"""The shell's page over a real sidecar and a model that says what a test wants."""

import http.client
import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

from backend.interface.protocol import LOOPBACK, TOKEN_HEADER
from qtshell.sidecar.launch import sidecar_launch
from qtshell.sidecar.lifecycle import Phase
from qtshell.sidecar.supervisor import SidecarSupervisor, Trust
from qtshell.web.view import WebView
from tests.helpers.htmx import SETTLED
from tests.helpers.model_server import HEAD, Exchange, FakeModelServer, event

if TYPE_CHECKING:
    from threading import Event

WAIT_MS = 60_000
_PAUSE_S = 0.001


class Parrot:
    """A model that answers a question with the text kept for it, in small pieces."""

    def __init__(self, name: str = "parrot") -> None:
        self.texts: dict[str, str] = {}
        self.holds: dict[str, Event] = {}
        """At the middle of which answers it waits."""
        self.server = FakeModelServer(self._play)
        self._name = name

    def _play(self, exchange: Exchange) -> None:
        if exchange.path.endswith("/models"):
            models = f'{{"data": [{{"id": "{self._name}"}}]}}'
            exchange.answer(200, models, "Content-Type: application/json")
            return
        question = exchange.messages[-1]["content"]
        text, hold = self.texts[question], self.holds.get(question)
        exchange.send(HEAD)
        start, size = 0, 1
        while start < len(text):
            exchange.send(event({"content": text[start : start + size]}))
            start, size = start + size, size % 9 + 1
            time.sleep(_PAUSE_S)
            if hold and start > len(text) // 2:
                hold.wait(WAIT_MS / 1000)
        exchange.send(event({}, "stop") + b"data: [DONE]\n\n")


class RealPage:
    """A supervised sidecar and a view, joined as the shell joins them."""

    def __init__(self, qtbot: QtBot, data_dir: Path) -> None:
        self.qtbot = qtbot
        self.supervisor = SidecarSupervisor(sidecar_launch(), data_dir)
        self.view = WebView()
        self.supervisor.phase_changed.connect(self.view.set_phase)
        self.supervisor.ready.connect(self.view.trust)
        self.view.resize(1000, 800)
        self.view.show()
        with qtbot.waitSignal(self.view.shown, timeout=WAIT_MS):
            self.supervisor.start()

    @property
    def trust(self) -> Trust:
        """The sidecar, proved."""
        assert self.supervisor.trust
        return self.supervisor.trust

    def request(
        self, method: str, path: str, form: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Ask the sidecar beside the page; return status and text."""
        headers = {
            TOKEN_HEADER: self.trust.token,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection = http.client.HTTPConnection(LOOPBACK, self.trust.origin.port)
        with closing(connection):
            connection.request(method, path, urlencode(form or {}), headers)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def use_model(self, parrot: Parrot, name: str = "Parrot") -> None:
        """Let this model answer, and begin anew."""
        form = {"name": name, "url": parrot.server.url, "key": ""}
        status, reply = self.request("POST", "/engines", form)
        assert status == 204, reply
        self.open("/")

    def run(self, script: str) -> object:
        """Run a script in the page and return its value."""
        with self.qtbot.waitCallback(timeout=WAIT_MS) as callback:
            self.view.page().runJavaScript(script, callback)
        return callback.args[0]

    def result(self, script: str) -> Any:  # noqa: ANN401 whatever the page answers
        """Run a script in the page and return what it gives, lists and objects too."""
        return json.loads(str(self.run(f"JSON.stringify({script})")))

    def wait_for(self, script: str, value: object = True) -> None:
        """Wait until a script gives this value."""
        self.wait_until(lambda: self.run(script) == value)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds, while the page goes on."""
        self.qtbot.waitUntil(condition, timeout=WAIT_MS)

    def show(self, path: str) -> None:
        """Load a path anew."""
        with self.qtbot.waitSignal(self.view.shown, timeout=WAIT_MS):
            self.view.page().load(QUrl(f"{self.trust.origin}{path}"))

    def open(self, path: str) -> None:
        """Load a path with a composer anew."""
        self.show(path)
        self.wait_for("document.querySelector('.model [name=choice]') !== null")

    def ask(self, text: str) -> None:
        """Type a question, send it, and wait for the end of the answer."""
        self.wait_for_htmx()
        before = self.run("document.querySelectorAll('.answer').length")
        self.run(
            "(() => { const field = document.querySelector('.composer textarea');"
            f"field.value = {text!r}; field.form.requestSubmit(); }})()"
        )
        assert isinstance(before, (int, float))
        ended = "document.querySelectorAll('.answer[aria-busy=false]').length"
        self.wait_for(ended, before + 1)

    def wait_for_htmx(self) -> None:
        """Wait until what htmx put into the page does what it is for."""
        self.wait_for(SETTLED)

    def click(self, selector: str) -> None:
        """Click an element once it is there and does what it is for."""
        self.wait_for(f"document.querySelector('{selector}') !== null")
        self.wait_for_htmx()
        self.run(f"document.querySelector('{selector}').click()")

    def settle(self) -> None:
        """Wait for a round trip that starts after all that was asked before."""
        self.run("window.settled = 0; fetch('/settings').then(() => settled = 1); 0")
        self.wait_for("window.settled !== 0")

    def close(self) -> None:
        """End both."""
        self.supervisor.stop()
        self.wait_until(lambda: self.supervisor.phase is Phase.STOPPED)
        profile = self.view.page().profile()
        with self.qtbot.waitSignal(profile.destroyed, timeout=WAIT_MS):
            self.view.close_down()
        self.view.close()
        self.view.deleteLater()
