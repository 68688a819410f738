"""The window, its memory and its panels."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QMenuBar, QMessageBox, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from qtshell.display.screens import can_be_reached
from qtshell.display.theme import Theme
from qtshell.icons import icon, icon_folder, phase_icon_name
from qtshell.settings import ShellSettings
from qtshell.sidecar.lifecycle import Phase
from qtshell.window import main_window
from qtshell.window.actions import Actions, fill_menu_bar
from qtshell.window.main_window import MainWindow, window_title
from qtshell.window.shortcut_list import ShortcutList, every_key, shown_keys
from qtshell.window.tray import TrayIcon

pytestmark = pytest.mark.gui


def build(qtbot: QtBot, data_dir: Path) -> MainWindow:
    """Open a window over a data folder."""
    actions = Actions()
    window = MainWindow(actions, ShellSettings(data_dir))
    actions.setParent(window)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    return window


def test_it_opens_at_its_default_size(qtbot: QtBot, tmp_path: Path) -> None:
    window = build(qtbot, tmp_path)
    assert window.size() == QSize(1100, 760)
    assert window.windowTitle() == "Hearth"


def test_it_fits_a_screen_that_is_smaller(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main_window, "_DEFAULT", QSize(9_000, 9_000))
    window = build(qtbot, tmp_path)
    room = window.screen().availableGeometry()
    assert room.contains(window.frameGeometry())
    assert window.height() > room.height() * 0.9


def test_it_comes_back_where_it_was(qtbot: QtBot, tmp_path: Path) -> None:
    first = build(qtbot, tmp_path)
    first.resize(900, 600)
    first.move(40, 60)
    qtbot.waitUntil(lambda: first.size() == QSize(900, 600))
    first.close()
    second = build(qtbot, tmp_path)
    assert second.size() == QSize(900, 600)
    assert second.pos() == QPoint(40, 60)


def test_it_is_within_reach_when_its_monitor_is_gone(
    qtbot: QtBot, tmp_path: Path
) -> None:
    first = build(qtbot, tmp_path)
    first.move(9_000, 9_000)
    first.close()
    second = build(qtbot, tmp_path)
    assert second.screen().availableGeometry().intersects(second.geometry())


def test_it_comes_back_when_its_monitor_goes_while_it_is_hidden(
    qtbot: QtBot, tmp_path: Path
) -> None:
    window = build(qtbot, tmp_path)
    window.move(9_000, 9_000)
    window.close()
    window.come_forward()
    assert can_be_reached(window.geometry())


def test_what_can_be_reached_stays_where_it_is(qtbot: QtBot, tmp_path: Path) -> None:
    window = build(qtbot, tmp_path)
    window.move(-700, 30)
    window.come_within_reach()
    assert window.pos() == QPoint(-700, 30)


def test_closing_hides_it_and_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    window = build(qtbot, tmp_path)
    with qtbot.waitSignal(window.left):
        window.close()
    assert not window.isVisible()


def test_the_recovery_panel_explains_and_offers_ways_out(
    qtbot: QtBot, tmp_path: Path
) -> None:
    window = build(qtbot, tmp_path)
    window.show_recovery("It stopped.", "Retry.", ("one", "two"))
    lines = window.recovery.findChild(QPlainTextEdit)
    assert isinstance(lines, QPlainTextEdit)
    assert lines.toPlainText() == "one\ntwo"
    with qtbot.waitSignal(window.recovery.retry_asked):
        window.recovery.retry.click()
    with qtbot.waitSignal(window.recovery.safe_mode_asked):
        window.recovery.safe_mode.click()
    with qtbot.waitSignal(window.recovery.folder_asked):
        window.recovery.folder.click()


def test_settings_survive_and_damaged_ones_fall_back(tmp_path: Path) -> None:
    settings = ShellSettings(tmp_path)
    settings.theme, settings.zoom = Theme.DARK, 1.5
    settings.tray_hint_shown = True
    settings.save()
    again = ShellSettings(tmp_path)
    assert (again.theme, again.zoom, again.tray_hint_shown) == (Theme.DARK, 1.5, True)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "shell.ini").write_text("[view]\ntheme=mauve\nzoom=big\n[window\x00")
    damaged = ShellSettings(broken)
    assert (damaged.theme, damaged.zoom) == (Theme.SYSTEM, 1.0)
    assert damaged.geometry.isEmpty()


def test_no_shortcut_is_given_twice(qtbot: QtBot) -> None:
    actions = Actions()
    keys = [keys for _, keys in actions.with_shortcuts()]
    assert len(keys) == len(set(keys))
    new = {("New Conversation", "Ctrl+N"), ("New Temporary Chat", "Ctrl+Alt+N")}
    assert new <= set(actions.with_shortcuts())


_IN_ALL = Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive


def entries_of(menu: QWidget) -> list[QAction]:
    return [entry for entry in menu.actions() if not entry.isSeparator()]


def test_every_entry_of_every_menu_has_a_letter_of_its_own(qtbot: QtBot) -> None:
    bar = QMenuBar()
    qtbot.addWidget(bar)
    fill_menu_bar(bar, Actions())
    for menu in [*bar.findChildren(QMenu), bar]:
        letters = re.findall("&(.)", " ".join(each.text() for each in entries_of(menu)))
        assert len(letters) == len(entries_of(menu)), letters
        assert len({letter.lower() for letter in letters}) == len(letters), letters


def test_the_list_of_shortcuts_names_every_key_and_its_whole_title(
    qtbot: QtBot, tmp_path: Path
) -> None:
    window = build(qtbot, tmp_path)
    actions = Actions()
    rows = every_key(actions.with_shortcuts(), "Ctrl+Alt+Space", "Ctrl+Alt+P")
    dialog = ShortcutList(rows, window)
    dialog.show()
    listed = dialog.keys.findItems("", _IN_ALL)
    named = {row.text(0): row.text(1) for row in listed if row.parent()}
    assert named["Open Quick Ask"] == "Ctrl+Alt+Space"
    assert named["Attach a screenshot to a new question"] == "Ctrl+Alt+P"
    assert named["Send"] in ("Return", "Enter")
    assert {"Start a new line", "Stop the answer"} <= named.keys()
    assert "F6" in named.values()
    assert "F2" in named.values()
    assert named["Undo"] == "Ctrl+Z"
    assert all(named.values())
    title = dialog.fontMetrics().horizontalAdvance(dialog.windowTitle())
    assert dialog.width() > 2 * title
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_no_global_shortcut_is_said_so() -> None:
    assert shown_keys("") == "none chosen"


@pytest.mark.parametrize(
    ("page", "window"),
    [
        ("Trip to Oslo — Hearth", "Trip to Oslo — Hearth"),
        ("127.0.0.1:5720/", "Hearth"),
        ("", "Hearth"),
        (" — Hearth", "Hearth"),
        ("one\ntwo\u202ethree — Hearth", "one two three — Hearth"),
        (f"{'w' * 300} — Hearth", f"{'w' * 99}… — Hearth"),
    ],
    ids=["conversation", "address", "none", "empty", "odd signs", "long"],
)
def test_the_window_is_named_after_what_is_open(page: str, window: str) -> None:
    assert window_title(page) == window


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_an_icon_and_words(qtbot: QtBot, phase: Phase) -> None:
    assert (icon_folder() / f"{phase_icon_name(phase)}.svg").is_file()
    assert not icon(phase_icon_name(phase)).pixmap(16, 16).isNull()
    tray = TrayIcon(Actions())
    tray.set_phase(phase)
    assert tray.toolTip().startswith("Hearth")


def test_a_window_shows_no_dialog_by_itself(qtbot: QtBot, tmp_path: Path) -> None:
    assert build(qtbot, tmp_path).findChildren(QMessageBox) == []
