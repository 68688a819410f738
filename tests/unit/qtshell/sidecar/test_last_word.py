"""What the shell sees comes to the sidecar, the last word last, and none twice."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from qtshell.sidecar.connection import ConnectionWatch
from qtshell.sidecar.last_word import LastWord
from qtshell.window.window_watch import WindowWatch

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection

    from qtshell.sidecar.client import SidecarClient
    from qtshell.sidecar.supervisor import SidecarSupervisor


class Supervisor(QObject):
    """Knows the word, as the one that begins sidecars."""

    ready = Signal(object)
    is_metered = False
    began_metered = False


class Client:
    """Takes what is posted; a test says how each ends."""

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.ends: list[Mapping[str, Callable[[], object]]] = []

    def post(
        self,
        _path: str,
        form: Mapping[str, str],
        _kind: type,
        done: Callable[[], object],
        **ends: Callable[[], object],
    ) -> None:
        self.posted += form.values()
        self.ends.append({**ends, "done": done})


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def word(client: Client) -> LastWord:
    return LastWord(cast("SidecarClient", client), "/api/v1/word", "word")


def test_a_word_that_changes_meanwhile_is_told_after_the_one_before(
    client: Client, word: LastWord
) -> None:
    word.tell(word=True)
    word.tell(word=False)
    assert client.posted == ["yes"]
    client.ends[0]["done"]()
    assert client.posted == ["yes", ""]
    client.ends[1]["done"]()
    assert client.posted == ["yes", ""]


def test_after_a_sidecar_that_was_gone_the_next_one_is_told(
    client: Client, word: LastWord
) -> None:
    word.tell(word=True)
    client.ends[0]["unreachable"]()
    word.tell(word=True)
    assert client.posted == ["yes", "yes"]


def test_what_is_known_is_not_told(client: Client, word: LastWord) -> None:
    word.begun_with(word=True)
    word.tell(word=True)
    assert client.posted == []
    word.tell(word=False)
    client.ends[0]["done"]()
    word.tell(word=False)
    assert client.posted == [""]


def test_a_sidecar_is_told_of_the_connection_what_changed_since_it_was_begun(
    client: Client,
) -> None:
    supervisor = Supervisor()
    watch = ConnectionWatch(
        cast("SidecarClient", client), cast("SidecarSupervisor", supervisor), supervisor
    )
    watch._bus = cast("QDBusConnection", object())  # it follows one already
    supervisor.is_metered = supervisor.began_metered = True
    supervisor.ready.emit(None)
    assert client.posted == []
    supervisor.is_metered = False
    supervisor.ready.emit(None)
    assert client.posted == [""]


@pytest.mark.gui
def test_a_sidecar_is_told_whether_the_window_is_in_view(
    client: Client, qtbot: QtBot
) -> None:
    supervisor, window = Supervisor(), QWidget()
    qtbot.addWidget(window)
    WindowWatch(
        window, cast("SidecarClient", client), cast("SidecarSupervisor", supervisor)
    )
    window.show()
    assert client.posted == []  # there is nobody to tell
    supervisor.ready.emit(None)
    assert client.posted == []
    for change in (
        window.hide,
        window.show,
        lambda: window.setWindowState(Qt.WindowState.WindowMinimized),
        lambda: window.setWindowState(Qt.WindowState.WindowNoState),
    ):
        change()
        client.ends[-1]["done"]()
    assert client.posted == ["", "yes", "", "yes"]
    window.hide()
    client.ends[-1]["done"]()
    supervisor.ready.emit(None)  # another one, which does not know it
    assert client.posted[4:] == ["", ""]
