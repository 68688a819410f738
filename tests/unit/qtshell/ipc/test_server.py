"""Callers are answered, told that they are heard, and dropped when they say nothing."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from qtshell.ipc import server
from qtshell.ipc.instance import MAX_CALL_BYTES, Call, Instance, Reply, call
from qtshell.ipc.server import Caller, InstanceServer

pytestmark = pytest.mark.gui

_WAIT_MS = 10_000


class Desk:
    """A server that keeps the callers it does not answer."""

    def __init__(self, data_dir: Path, parent: QObject) -> None:
        self.data_dir = data_dir
        claimed = Instance.claim(data_dir)
        assert claimed is not None
        self.instance = claimed
        self.waiting: list[Caller] = []
        self.server = InstanceServer(claimed, self._answer, parent)

    def _answer(self, asked: Call, caller: Caller) -> None:
        if asked.verb == "status":
            caller.finish("here")
        else:
            self.waiting.append(caller)

    def connect(self) -> socket.socket:
        """Return a connection that says nothing yet."""
        wire = socket.socket(socket.AF_UNIX)
        wire.settimeout(_WAIT_MS / 1000)
        wire.connect(self.instance.address)
        return wire


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    parent = QObject()
    built = Desk(tmp_path, parent)
    yield built
    built.server.close()
    built.instance.release()
    with qtbot.waitSignal(parent.destroyed, timeout=_WAIT_MS):
        parent.deleteLater()


def in_thread(qtbot: QtBot, act: Callable[[], object]) -> list[object]:
    """Do what blocks while the server's loop runs, and return what it gave."""
    gave: list[object] = []
    thread = threading.Thread(target=lambda: gave.append(act()))
    thread.start()
    qtbot.waitUntil(lambda: not thread.is_alive(), timeout=_WAIT_MS)
    return gave


def test_connections_that_say_nothing_are_dropped(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CALL_WITHIN_MS", 200)

    def flood() -> list[bytes]:
        idle = [desk.connect() for _ in range(60)]
        ends = [wire.recv(1) for wire in idle]
        for wire in idle:
            wire.close()
        return ends

    assert in_thread(qtbot, flood) == [[b""] * 60]
    ask: Callable[[], object] = lambda: list(call(desk.data_dir, Call("status")))  # noqa: E731 shorter
    assert in_thread(qtbot, ask) == [[Reply("here", exit=0)]]


def test_who_waits_long_is_told_that_it_is_heard(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "STILL_HERE_MS", 50)
    monkeypatch.setattr(server, "CALL_WITHIN_MS", 300)

    def ask() -> list[Reply]:
        # Longer than a caller may take that says nothing.
        replies = call(desk.data_dir, Call("ask", text="think long"), answer_s=1)
        return [next(replies) for _ in range(10)]

    assert in_thread(qtbot, ask) == [[Reply()] * 10]


def test_a_call_without_an_end_is_cut(desk: Desk, qtbot: QtBot) -> None:
    def shout() -> bytes:
        with desk.connect() as wire:
            try:
                wire.sendall(b"x" * (MAX_CALL_BYTES + 1))
                return wire.recv(1)
            except (ConnectionError, BrokenPipeError):
                return b""

    assert in_thread(qtbot, shout) == [b""]
    assert desk.waiting == []


@pytest.mark.parametrize("verb", ["new-chat\nERROR forged", "open\x00", "x" * 5_000])
def test_a_verb_is_one_short_line_of_the_log(
    desk: Desk, qtbot: QtBot, caplog: pytest.LogCaptureFixture, verb: str
) -> None:
    caplog.set_level(logging.INFO, "hearth.instance")

    def ask() -> None:
        with desk.connect() as wire:
            wire.sendall(Call(verb).to_line())
            qtbot_free.wait(_WAIT_MS / 1000)

    qtbot_free = threading.Event()
    thread = threading.Thread(target=ask)
    thread.start()
    qtbot.waitUntil(lambda: bool(desk.waiting), timeout=_WAIT_MS)
    qtbot_free.set()
    thread.join(_WAIT_MS / 1000)
    [items] = [r.getMessage() for r in caplog.records if "asked from" in r.getMessage()]
    assert items.isprintable()
    assert len(items) < 100
