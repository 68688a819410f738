"""Copies from the real page, and says what the clipboard offers then."""

from collections.abc import Callable

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication
from PySide6.QtWebEngineCore import QWebEnginePage

from tests.helpers.page import RealPage

NOTHING = "nothing copied yet"


def copied(page: RealPage, act: Callable[[], object]) -> QMimeData:
    """Let something be copied, and return what the clipboard offers then."""
    clipboard = QGuiApplication.clipboard()
    clipboard.setText(NOTHING)
    act()
    page.wait_until(lambda: clipboard.text() != NOTHING)
    return clipboard.mimeData()


def pressed(page: RealPage, button: str, number: int = 0) -> QMimeData:
    """Press one of these buttons, which copies."""
    click = f"document.querySelectorAll('{button}')[{number}].click(); 0"
    return copied(page, lambda: page.run(click))


def selected(page: RealPage, start: str, end: str = "") -> QMimeData:
    """Select from the start of one element into the text of another, and copy."""
    page.run(
        f"(() => {{ const [first, last] = [{start}, {end or start}];"
        " const range = document.createRange();"
        " if (first === last) range.selectNodeContents(first); else {"
        " range.setStart(first, 0); range.setEnd(last.firstChild, 3); }"
        " getSelection().removeAllRanges(); getSelection().addRange(range); })(); 0"
    )
    copy = QWebEnginePage.WebAction.Copy
    return copied(page, lambda: page.view.page().triggerAction(copy))
