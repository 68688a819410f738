"""When the sidecar fails at every start, the window says why and offers ways out."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPlainTextEdit
from pytestqt.qtbot import QtBot

from qtshell.app import Shell
from qtshell.ipc.instance import Instance
from qtshell.options import Options
from qtshell.settings import ShellSettings
from qtshell.sidecar import lifecycle
from qtshell.sidecar.launch import Launch, sidecar_launch
from qtshell.sidecar.lifecycle import Phase, Reason
from qtshell.sidecar.supervisor import SidecarSupervisor

pytestmark = [pytest.mark.gui, pytest.mark.sidecar, pytest.mark.expects_errors]

_WAIT_MS = 30_000
_KEY = "sk-THISKEYMUSTNOTBESHOWN"
_BROKEN = Launch(
    sys.executable,
    ("-c", f"import sys; sys.exit('no room for tables, key {_KEY}')"),
)

Build = Callable[[Launch], Shell]


@pytest.fixture
def build(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Build]:
    """Build a shell whose failures follow one another without pause, and end it."""
    monkeypatch.setattr(lifecycle, "BACKOFF_MS", (0,) * 7)
    built: list[Shell] = []
    options = Options(data_dir=tmp_path, log_dir=tmp_path / "logs")
    instance = Instance.claim(tmp_path)
    assert instance

    def start(launch: Launch) -> Shell:
        supervisor = SidecarSupervisor(launch, tmp_path)
        supervisor.start()
        built.append(Shell(options, supervisor, instance))
        built[-1].begin()
        return built[-1]

    yield start
    for shell in built:
        view = shell.view
        assert view
        with qtbot.waitSignal(view.page().profile().destroyed, timeout=_WAIT_MS):
            shell.quit()
        shell.window.deleteLater()
        shell.deleteLater()
    instance.release()


@pytest.fixture
def failed(qtbot: QtBot, build: Build) -> Shell:
    """A shell that has given up on its sidecar, which could start now."""
    shell = build(_BROKEN)
    qtbot.waitUntil(lambda: shell.supervisor.phase is Phase.FAILED, timeout=_WAIT_MS)
    shell.supervisor._launch = sidecar_launch()
    return shell


def words(shell: Shell) -> str:
    labels = shell.window.recovery.findChildren(QLabel)
    return " ".join(label.text() for label in labels)


def come_back(qtbot: QtBot, shell: Shell) -> None:
    qtbot.waitUntil(lambda: shell.window.shows_page, timeout=_WAIT_MS)


def test_five_failures_in_a_minute_end_in_the_panel_with_the_reason(
    failed: Shell,
) -> None:
    assert failed.window.recovery.isVisibleTo(failed.window)
    assert Reason.CRASHED.value in words(failed)
    lines = failed.window.recovery.findChildren(QPlainTextEdit)[0].toPlainText()
    assert lines.count("no room for tables") == lifecycle.GIVE_UP_AFTER
    assert _KEY not in lines


def test_retry_starts_it_again(qtbot: QtBot, failed: Shell) -> None:
    QTest.mouseClick(failed.window.recovery.retry, Qt.MouseButton.LeftButton)
    come_back(qtbot, failed)
    assert not failed.supervisor._hello().safe_mode


def test_safe_mode_starts_it_without_engines(qtbot: QtBot, failed: Shell) -> None:
    QTest.mouseClick(failed.window.recovery.safe_mode, Qt.MouseButton.LeftButton)
    come_back(qtbot, failed)
    assert failed.supervisor._hello().safe_mode
    failed.actions.restart_backend.trigger()
    qtbot.waitUntil(
        lambda: failed.supervisor.phase is not Phase.READY, timeout=_WAIT_MS
    )
    qtbot.waitUntil(lambda: failed.supervisor.phase is Phase.READY, timeout=_WAIT_MS)
    assert not failed.supervisor._hello().safe_mode


def test_the_log_folder_opens(failed: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    monkeypatch.setattr("qtshell.window.action_handlers.open_folder", opened.append)
    QTest.mouseClick(failed.window.recovery.folder, Qt.MouseButton.LeftButton)
    assert [folder.name for folder in opened] == ["logs"]


def test_a_page_that_crashes_too_often_waits_for_the_user(
    qtbot: QtBot, build: Build
) -> None:
    shell = build(sidecar_launch())
    come_back(qtbot, shell)
    assert shell.view
    shell.view.crashed_for_good.emit()
    assert shell.window.recovery.isVisibleTo(shell.window)
    assert "will not use the graphics card" in words(shell)
    assert ShellSettings(shell._options.data_dir).software_rendering
    QTest.mouseClick(shell.window.recovery.retry, Qt.MouseButton.LeftButton)
    come_back(qtbot, shell)
