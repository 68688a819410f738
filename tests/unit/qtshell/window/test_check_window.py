"""The window that checks Hearth."""

import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from qtshell.window import check_window
from qtshell.window.check_window import CheckWindow

pytestmark = pytest.mark.gui

FAULTY = (
    "import sys; print('repaired' if '--repair' in sys.argv else 'fault → --repair')"
)


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def test_findings_are_shown_repaired_and_copied(qtbot: QtBot, parent: QWidget) -> None:
    window = CheckWindow((sys.executable, "-c", FAULTY), parent)
    qtbot.waitUntil(window.repair.isEnabled)
    assert "fault →" in window.text.toPlainText()
    window.repair.click()
    qtbot.waitUntil(lambda: window.text.toPlainText() == "repaired\n")
    window.copy.click()
    assert QGuiApplication.clipboard().text() == "repaired\n"
    window.reject()


def test_a_bundle_is_saved_where_downloads_are(
    qtbot: QtBot, parent: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_window, "_downloads", lambda: str(tmp_path))
    saving = "import os, sys; print(sys.argv[1:], os.getcwd())"
    window = CheckWindow((sys.executable, "-c", saving), parent)
    qtbot.waitUntil(window.save.isEnabled)
    assert window.text.toPlainText() == f"[] {tmp_path}\n"
    window.save.click()
    said = f"['--bundle'] {tmp_path}\n"
    qtbot.waitUntil(lambda: window.text.toPlainText() == said)
    window.reject()


def test_a_check_that_cannot_be_started_is_said(qtbot: QtBot, parent: QWidget) -> None:
    window = CheckWindow(("/nowhere/hearth", "doctor"), parent)
    qtbot.waitUntil(lambda: "failed" in window.text.toPlainText())
    window.reject()


def test_closing_ends_what_still_checks(qtbot: QtBot, parent: QWidget) -> None:
    script = "import time; print('begun', flush=True); time.sleep(600)"
    window = CheckWindow((sys.executable, "-c", script), parent)
    qtbot.waitUntil(lambda: "begun" in window.text.toPlainText())
    with qtbot.waitSignal(window.destroyed):
        window.reject()
