"""What the page may ask of the desktop."""

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QLabel, QMainWindow, QMessageBox
from pytestqt.qtbot import QtBot

from qtshell.dialogs.page_commands import Commands, LinkOpener

pytestmark = pytest.mark.gui


def test_a_command_gets_its_arguments_decoded() -> None:
    heard: list[dict[str, str]] = []
    commands = Commands()
    commands.register("save-export", lambda data: heard.append(dict(data)))
    commands.run(
        QUrl(
            "http://127.0.0.1:5/shell/" + "0" * 32 + "/save-export?name=a%20b&kind=zip"
        )
    )
    assert heard == [{"name": "a b", "kind": "zip"}]


def test_an_unknown_command_does_nothing(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[object] = []
    commands = Commands()
    commands.register("save-export", heard.append)
    commands.run(QUrl("http://127.0.0.1:5/shell/" + "0" * 32 + "/format-disk"))
    assert heard == []
    assert "unknown command" in caplog.text


class Asked:
    """A link opener and what it opened."""

    def __init__(self, qtbot: QtBot) -> None:
        self.opened: list[QUrl] = []
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.opener = LinkOpener(self.window, self._open)

    def _open(self, url: QUrl) -> bool:
        self.opened.append(url)
        return True

    def boxes(self) -> list[QMessageBox]:
        """Return the open questions."""
        return self.window.findChildren(QMessageBox)


def test_the_question_shows_the_real_address_and_opens_on_a_yes(qtbot: QtBot) -> None:
    asked = Asked(qtbot)
    url = QUrl("https://\u0440aypal.com/login")
    asked.opener.ask(url)
    (box,) = asked.boxes()
    assert "https://xn--aypal-uye.com/login" in box.informativeText()
    yes = next(b for b in box.buttons() if b.text() == "Open")
    yes.click()
    assert asked.opened == [url]


def test_without_a_yes_nothing_is_opened_and_there_is_one_question(
    qtbot: QtBot,
) -> None:
    asked = Asked(qtbot)
    asked.opener.ask(QUrl("https://example.com/1"))
    asked.opener.ask(QUrl("https://example.com/2"))
    (box,) = asked.boxes()
    box.button(QMessageBox.StandardButton.Cancel).click()
    assert asked.opened == []


def test_the_address_is_no_markup(qtbot: QtBot) -> None:
    asked = Asked(qtbot)
    asked.opener.ask(QUrl("mailto:a@b.c?subject=<b>x</b>&body=<img src=/etc/motd>"))
    (box,) = asked.boxes()
    label = box.findChild(QLabel, "qt_msgbox_informativelabel")
    assert isinstance(label, QLabel)
    assert label.textFormat() is Qt.TextFormat.PlainText
