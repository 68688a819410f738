"""A picture of the screen is attached without our window, or its absence is said."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QMainWindow, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from qtshell.dialogs.screenshots import ScreenshotTaker, grab
from tests.helpers.session_bus import bus, portal
from tests.helpers.sidecar_double import SidecarDouble, sidecar_double

__all__ = ["bus", "portal"]

pytestmark = pytest.mark.gui

StartPortal: TypeAlias = Callable[[str], object]
PATH = "/drafts/a%2Fb/files"


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    made = QMainWindow()
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def sidecar(window: QMainWindow) -> Iterator[SidecarDouble]:
    with sidecar_double(window) as double:
        double.answer(PATH, b"{}")
        yield double


@pytest.fixture
def desktop(portal: StartPortal, monkeypatch: pytest.MonkeyPatch) -> StartPortal:
    """Starts the portal of a Wayland desktop."""
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    return portal


def test_a_picture_of_a_screen_has_what_is_shown(qtbot: QtBot, tmp_path: Path) -> None:
    shown = QWidget()
    qtbot.addWidget(shown)
    shown.setStyleSheet("background: #008080")
    shown.setWindowFlag(Qt.WindowType.BypassWindowManagerHint)
    shown.setGeometry(shown.screen().geometry())
    shown.show()

    def has_it() -> bool:
        image = QImage(str(grab(shown.screen(), tmp_path)))
        return bool(image.pixelColor(image.rect().center()) == QColor("#008080"))

    qtbot.waitUntil(has_it)


def test_it_is_taken_without_our_window_and_not_kept(
    window: QMainWindow, sidecar: SidecarDouble, qtbot: QtBot
) -> None:
    taker = ScreenshotTaker(sidecar.client, window)
    with qtbot.waitSignal(taker.taken) as taken:
        taker({"draft": "a/b"})
        assert window.isHidden()
    path = Path(taken.args[0])
    qtbot.waitUntil(lambda: sidecar.posted == [(PATH, {"path": str(path)})])
    assert path.name == "Screenshot.png"
    assert window.isVisible()
    qtbot.waitUntil(lambda: not path.parent.exists())


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "in the tray"])
def test_keys_take_it_for_a_new_question_wherever_the_window_is(
    window: QMainWindow, sidecar: SidecarDouble, qtbot: QtBot, is_open: bool
) -> None:
    window.setVisible(is_open)
    sidecar.answer("/drafts/new/files", b"{}")
    taker = ScreenshotTaker(sidecar.client, window)
    with qtbot.waitSignals([taker.taken, taker.question_begun]):
        taker.take_for_new_question()
        taker.take_for_new_question()  # pressed twice, it is one picture
    qtbot.waitUntil(lambda: bool(sidecar.posted))
    assert [path for path, _ in sidecar.posted] == ["/drafts/new/files"]
    assert window.isVisible()


def test_on_wayland_the_desktop_takes_it(
    window: QMainWindow,
    sidecar: SidecarDouble,
    qtbot: QtBot,
    desktop: StartPortal,
) -> None:
    desktop("gives")
    ScreenshotTaker(sidecar.client, window)({"draft": "a/b"})
    form = {"path": "/shown/A picture.png"}
    qtbot.waitUntil(lambda: sidecar.posted == [(PATH, form)])


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [("refuses", "did not allow it"), ("", "offers no screenshots")],
    ids=["refused", "absent"],
)
def test_a_refusal_is_said_and_the_window_is_back(
    window: QMainWindow,
    sidecar: SidecarDouble,
    qtbot: QtBot,
    desktop: StartPortal,
    behaviour: str,
    sentence: str,
) -> None:
    if behaviour:
        desktop(behaviour)
    ScreenshotTaker(sidecar.client, window)({"draft": "a/b"})
    qtbot.waitUntil(lambda: bool(window.findChildren(QMessageBox)))
    (box,) = window.findChildren(QMessageBox)
    assert sentence in box.informativeText()
    assert window.isVisible()
    assert sidecar.posted == []
    box.close()
