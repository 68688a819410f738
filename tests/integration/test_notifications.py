"""Notifications show foreign words as they are, whatever the desktop's server does."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtDBus import QDBusConnection
from pytestqt.qtbot import QtBot

from qtshell.window import notification_text
from tests.helpers.session_bus import bus
from tests.helpers.window import ROOT

__all__ = ["bus"]

Serve = Callable[..., QDBusConnection]


@pytest.fixture
def serve(bus: str, qapp: QCoreApplication) -> Iterator[Serve]:
    """Starts a tray host and a notification server with some capabilities."""
    servers: list[subprocess.Popen[str]] = []

    def start(*capabilities: str) -> QDBusConnection:
        command = [sys.executable, "-m", "tests.helpers.fake_notifications"]
        server = subprocess.Popen(
            [*command, *capabilities], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        servers.append(server)
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        return QDBusConnection.connectToBus(bus, bus)

    yield start
    QDBusConnection.disconnectFromBus(bus)
    for server in servers:
        with server:
            server.kill()


def test_a_server_that_reads_markup_is_known(qtbot: QtBot, serve: Serve) -> None:
    assert notification_text.renders_markup(serve("body", "body-markup"))


def test_a_server_of_plain_text_gets_plain_text(qtbot: QtBot, serve: Serve) -> None:
    assert not notification_text.renders_markup(serve("body", "actions"))


def test_without_a_tray_on_the_bus_text_is_plain(qtbot: QtBot, bus: str) -> None:
    connection = QDBusConnection.connectToBus(bus, bus)
    assert connection.isConnected()
    assert not notification_text.renders_markup(connection)
    QDBusConnection.disconnectFromBus(bus)


@pytest.mark.parametrize(
    ("is_markup", "shown"),
    [(True, '&lt;b&gt;x&lt;/b&gt; &amp; "y"'), (False, '<b>x</b> & "y"')],
    ids=["markup", "plain"],
)
def test_words_are_escaped_for_markup_alone(
    monkeypatch: pytest.MonkeyPatch, is_markup: bool, shown: str
) -> None:
    monkeypatch.setattr(notification_text, "renders_markup", lambda _: is_markup)
    assert notification_text.notification_text('<b>x</b> & "y"') == shown
