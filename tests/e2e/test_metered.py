"""Where the system says that the connection is metered, a server waits for it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.axe import violations
from tests.helpers.keyboard import Keyboard
from tests.helpers.library import open_library
from tests.helpers.session_bus import bus
from tests.helpers.sqld import Sqld
from tests.helpers.window import ROOT, Window

__all__ = ["bus"]

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform != "linux", reason="NetworkManager's word"),
]

YES, NO = 1, 2


class Network:
    """NetworkManager, as far as a program asks it whether the line is metered."""

    def __init__(self, metered: int) -> None:
        command = [sys.executable, "-m", "tests.helpers.fake_network_manager"]
        self._process = subprocess.Popen(
            [*command, str(metered)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def say(self, metered: int) -> None:
        """Change the word, by a signal."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{metered}\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """Leave the bus."""
        with self._process:
            self._process.kill()


@pytest.fixture
def network(bus: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus)
    network = Network(YES)
    yield network
    network.close()


@pytest.fixture
def window(tmp_path: Path, network: Network) -> Iterator[Window]:
    with open_library(tmp_path / "data") as library:
        library.talk("Hello", ("Who are you?", "A program."))
    with Window.start(tmp_path / "data") as window:
        yield window


def says(window: Window, *words: str) -> None:
    """Wait until the page of devices says this."""
    said = "document.querySelector('#devices').innerText.replace(/\\s+/g, ' ')"
    for one in words:
        window.wait_for(f"{said}.includes({one!r})")


def test_a_server_waits_until_it_is_wanted_or_the_line_is_free(
    window: Window, network: Network, tmp_path: Path
) -> None:
    keys = Keyboard(window)
    with Sqld(tmp_path) as server:
        keys.open("/devices")
        keys.focus("form[hx-post='/devices/server'] [name=url]")
        keys.press("a", "Control")
        window.send("Input.insertText", text=server.url)
        keys.press("Enter")
        window.click("button", "Start here")
        says(window, "Waits: this connection is metered", "to be sent")
        keys.rest()
        assert violations(window) == []
        window.screenshot("devices-metered")

        window.click("button", "Sync now")
        says(window, "Waits: this connection is metered")
        window.wait_for(
            "!document.querySelector('#devices').innerText.includes('to be sent')"
        )

        network.say(NO)
        says(window, "Everything from here is on the server")
        network.say(YES)
        says(window, "Waits: this connection is metered")
        keys.focus("#devices [name=metered]")
        keys.press(" ")
        says(window, "Everything from here is on the server")

        # A sidecar that was restarted knows it from the start.
        keys.rest()
        keys.focus("#devices [name=metered]")
        keys.press(" ")
        says(window, "Waits: this connection is metered")
        killed = window.sidecar
        killed.kill()
        killed.wait(10)
        window.wait_for(
            "fetch('/devices/state').then((answer) => answer.text())"
            ".then((text) => /Waits: this\\s+connection is metered/.test(text))"
            ".catch(() => false)"
        )
