"""What others wrote is shown in quick ask as it is, and opens no file."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QInputMethodEvent, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backend.routes.answers import AnswerHtml
from backend.web.markdown.markdown import render
from backend.web.rendering import Renderer
from qtshell.display.screens import can_be_reached
from qtshell.quick.answer_view import WIDTH, AnswerView
from qtshell.quick.window import SHARE_OF_SCREEN, QuickWindow, place_on
from tests.helpers.window import until

pytestmark = pytest.mark.gui

BIG = 300
TEMPLATES = Path(__file__).parents[4] / "templates"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture that would be seen if anything opened it."""
    path = tmp_path / "secret.png"
    image = QImage(BIG, BIG, QImage.Format.Format_RGB32)
    image.fill(0)
    assert image.save(str(path))
    return path


@pytest.fixture
def window(qtbot: QtBot) -> QuickWindow:
    built = QuickWindow()
    qtbot.addWidget(built)
    return built


@pytest.mark.parametrize(
    "text",
    [
        '<img src="{picture}">',
        '<img src="file://{picture}">',
        "<b>bold</b> & <i>thin</i>",
        "&lt;p&gt; 2 < 3 and 'single' \"double\"",
        "plain words",
    ],
)
def test_a_chip_shows_the_clipboard_as_it_is(
    window: QuickWindow, picture: Path, text: str
) -> None:
    copied = text.format(picture=picture)[:80]
    window.offer(copied, "")
    shown = QTextDocument()
    shown.setHtml(window.clipboard_chip.toolTip())
    assert shown.toPlainText() == copied


@pytest.mark.parametrize("address", ["{picture}", "file://{picture}"])
def test_an_answer_opens_no_file(
    qtbot: QtBot, window: QuickWindow, picture: Path, address: str
) -> None:
    html = f'<p>Look:</p><img src="{address.format(picture=picture)}">'
    # The same in a view of Qt's own shows that the picture could be opened.
    open_view = QTextDocument()
    open_view.setHtml(html)
    assert open_view.size().height() > BIG
    answer = AnswerView(window)
    answer.setHtml(html)
    assert answer.needed_height() < BIG / 2


@pytest.mark.parametrize(
    "screen",
    [QRect(0, 0, 1440, 900), QRect(1440, 200, 1024, 600), QRect(0, 0, 500, 400)],
    ids=["one", "second", "small"],
)
def test_it_comes_in_the_middle_with_room_below(screen: QRect) -> None:
    place = place_on(screen, WIDTH)
    assert place.x() >= screen.left()
    if screen.width() > WIDTH:
        assert abs(place.x() + WIDTH / 2 - screen.center().x()) <= 1
    below = screen.bottom() - place.y()
    assert below >= screen.height() * SHARE_OF_SCREEN


def test_it_comes_back_when_its_monitor_goes_while_it_is_shown(
    window: QuickWindow,
) -> None:
    window.come()
    window.move(9_000, 9_000)
    window.come_within_reach()
    assert can_be_reached(window.geometry())
    window.move(40, 60)
    window.come_within_reach()
    assert window.pos() == QPoint(40, 60)


def test_a_long_question_is_shown_by_its_beginning(window: QuickWindow) -> None:
    window.show_asked("<b>why</b>\n" + "long " * 100)
    shown = window.asked_text.text()
    assert shown.startswith("<b>why</b> long")
    assert shown.endswith("…")
    assert len(shown) < 220


def test_an_answer_in_markdown_keeps_its_lines_and_directions(
    window: QuickWindow,
) -> None:
    text = (
        "one\ntwo\n\n$$\na\n\n= b\n$$\n\n- [x] done\n\n> \u0627\u0642\n\n"
        '```python\nprint("\u0628", x)\n```\n\n- a\n  ```\n  \u0628\n  ```\n\nlast'
    )
    renderer = Renderer(TEMPLATES, TEMPLATES, str)
    html = renderer.render(AnswerHtml(render(text)))
    window.show_answer(html, text, rendered=len(text))
    document = window.answer.document()
    lines = document.toPlainText().split("\n")
    assert [line.strip() for line in lines] == [
        "one", "two", "$$", "a", "", "= b", "$$", "☑ done", "\u0627\u0642",
        'print("\u0628", x)', "a", "\u0628", "last",
    ]  # fmt: skip
    block, sides = document.begin(), dict[str, Qt.LayoutDirection]()
    while block.isValid():
        sides[block.text().strip()] = block.textDirection()
        block = block.next()
    assert sides["\u0627\u0642"] is Qt.LayoutDirection.RightToLeft
    for line in ('print("\u0628", x)', "\u0628", "last"):
        assert sides[line] is Qt.LayoutDirection.LeftToRight


def test_enter_that_takes_a_candidate_asks_nothing(
    window: QuickWindow, qtbot: QtBot
) -> None:
    asked: list[str] = []
    window.asked.connect(asked.append)
    composing, taken = QInputMethodEvent("かんじ", []), QInputMethodEvent()
    taken.setCommitString("漢字")
    QApplication.sendEvent(window.question, composing)
    QTest.keyClick(window.question, Qt.Key.Key_Return)
    QApplication.sendEvent(window.question, taken)
    assert asked == []
    assert window.question.toPlainText().strip() == "漢字"
    QTest.keyClick(window.question, Qt.Key.Key_Return)
    assert asked == ["漢字"]


CORNERS_PERCENT = 2.0
"""What a round window leaves free."""


def seen_through(**environment: str) -> tuple[str, float, float]:
    """Return the platform, its scale, and the clear share of quick ask there."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.helpers.quick_pixels"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    name, ratio, percent = result.stdout.split()
    return name, float(ratio), float(percent)


@pytest.mark.parametrize(
    ("platform", "scale"), [("xcb", "1"), ("offscreen", "1.5"), ("offscreen", "2")]
)
def test_quick_ask_is_opaque_on_every_platform(platform: str, scale: str) -> None:
    name, ratio, percent = seen_through(QT_QPA_PLATFORM=platform, QT_SCALE_FACTOR=scale)
    assert (name, ratio) == (platform, float(scale))
    assert percent < CORNERS_PERCENT


@pytest.mark.skipif(not shutil.which("weston"), reason="weston is not installed")
def test_quick_ask_is_opaque_on_a_wayland_compositor(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    there = {"XDG_RUNTIME_DIR": str(tmp_path)}
    command = ["weston", "--backend=headless-backend.so", "--socket=wayland-test"]
    with subprocess.Popen(
        [*command, "--idle-time=0"],
        env=os.environ | there,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as weston:
        try:
            until((tmp_path / "wayland-test").exists, "the compositor")
            name, _, percent = seen_through(
                **there, QT_QPA_PLATFORM="wayland", WAYLAND_DISPLAY="wayland-test"
            )
        finally:
            weston.terminate()
    assert name == "wayland"
    assert percent < CORNERS_PERCENT
