"""The shell's page over the stub sidecar, joined as the shell joins them."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from pytestqt.qtbot import QtBot

from qtshell.sidecar.lifecycle import Phase
from qtshell.sidecar.supervisor import SidecarSupervisor
from qtshell.web.view import WebView
from tests.helpers.stub_sidecar import stub_launch

WAIT_MS = 15_000


class Stage:
    """A supervised stub and a view joined as the shell joins them."""

    def __init__(self, qtbot: QtBot, data_dir: Path) -> None:
        self.qtbot = qtbot
        self.supervisor = SidecarSupervisor(stub_launch("obey"), data_dir)
        self.view = WebView()
        self.supervisor.phase_changed.connect(self.view.set_phase)
        self.supervisor.ready.connect(self.view.trust)
        self.view.resize(800, 600)
        self.view.show()
        with qtbot.waitSignal(self.view.shown, timeout=WAIT_MS):
            self.supervisor.start()

    @property
    def origin(self) -> str:
        """The sidecar's origin."""
        assert self.supervisor.trust
        return str(self.supervisor.trust.origin)

    @property
    def command_key(self) -> str:
        """What the page's links to commands carry."""
        assert self.supervisor.trust
        return self.supervisor.trust.command_key

    def run(self, script: str) -> object:
        """Run a script in the page and return its value."""
        with self.qtbot.waitCallback(timeout=WAIT_MS) as callback:
            self.view.page().runJavaScript(script, callback)
        return callback.args[0]

    def wait_for(self, script: str, value: object = True) -> None:
        """Wait until a script gives this value."""
        self.qtbot.waitUntil(lambda: self.run(script) == value, timeout=WAIT_MS)

    def show(self, html: str) -> None:
        """Load a page with this content."""
        self.open("/page?html=" + quote(html))

    def open(self, path: str) -> None:
        """Load a path."""
        with self.qtbot.waitSignal(self.view.shown, timeout=WAIT_MS):
            self.view.open_path(path)

    def settle(self) -> None:
        """Wait for a round trip that starts after all that was asked before."""
        self.run("fetch('/settled').then(() => window.settled = true); 0")
        self.wait_for("window.settled === true")

    def seen(self) -> list[dict[str, object]]:
        """Return every request the stub was asked."""
        self.run("fetch('/seen').then(r => r.text()).then(t => window.seen = t); 0")
        self.wait_for("typeof window.seen", "string")
        seen: list[dict[str, object]] = json.loads(str(self.run("window.seen")))
        return seen

    def close(self) -> None:
        """End both."""
        self.supervisor.stop()
        self.qtbot.waitUntil(
            lambda: self.supervisor.phase is Phase.STOPPED, timeout=WAIT_MS
        )
        profile = self.view.page().profile()
        with self.qtbot.waitSignal(profile.destroyed, timeout=WAIT_MS):
            self.view.close_down()
        self.view.close()
        self.view.deleteLater()


@pytest.fixture
def stage(qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Build a stage and take it down."""
    built = Stage(qtbot, tmp_path)
    yield built
    built.close()
