"""The answer in the quick ask window, as rich text."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import (
    QImage,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocumentFragment,
)
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from qtshell.quick.markdown_copy import markdown_of
from qtshell.quick.rich_copy import clean_html

WIDTH: Final = 640
MARGIN: Final = 16
_AT_END_PX: Final = 4


class AnswerView(QTextBrowser):
    """Shows sanitised HTML; it loads nothing and opens nothing by itself.

    Attributes:
        markdown: The text of all that is shown; "" for a text without looks.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("answer")
        self.setAccessibleName("Answer")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.markdown = ""
        self._nothing = QImage(1, 1, QImage.Format.Format_ARGB32)
        self._nothing.fill(Qt.GlobalColor.transparent)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.1)
        self.setFont(font)

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Load nothing: without an answer Qt would open the file itself."""
        return self._nothing

    def createMimeDataFromSelection(self) -> QMimeData:
        """Offer what is selected as Markdown and with its looks; code as it is."""
        chosen, whole = self.textCursor(), QTextDocumentFragment(self.document())
        part = chosen.selection()
        if part.toPlainText() == whole.toPlainText():
            return self.whole()
        if not self.markdown or self._is_code(chosen):
            return self._offer(part.toPlainText(), part)
        return self._offer(markdown_of(clean_html(part.toHtml())), part)

    def _is_code(self, chosen: QTextCursor) -> bool:
        """Whether nothing else is selected."""
        block = self.document().findBlock(chosen.selectionStart())
        while block.isValid() and block.position() < chosen.selectionEnd():
            if not block.blockFormat().nonBreakableLines():
                return False
            block = block.next()
        return True

    def whole(self) -> QMimeData:
        """Offer all of it: as it was written, and with its looks."""
        part = QTextDocumentFragment(self.document())
        return self._offer(self.markdown or part.toPlainText(), part)

    def _offer(self, text: str, part: QTextDocumentFragment) -> QMimeData:
        offered = QMimeData()
        offered.setText(text)
        if self.markdown:
            offered.setHtml(clean_html(part.toHtml()))
        return offered

    def show_rich(self, html: str, rest: str) -> None:
        """Show HTML, and below it what is not rendered yet."""
        with self.staying():
            self.setHtml(html)
            self.horizontalScrollBar().setRange(0, 0)
            self.add_plain(rest)

    def add_plain(self, text: str) -> None:
        """Show more text at the end, as it is."""
        if not text:
            return
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        with self.staying():
            cursor.beginEditBlock()
            for number, line in enumerate(text.split("\n")):
                if number and line:  # a line of its own, in no list or heading
                    cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
                cursor.insertText(line, QTextCharFormat())
            cursor.endEditBlock()

    @contextmanager
    def staying(self) -> Iterator[None]:
        """Stay where the reader is, or at the end, whatever is shown."""
        bar = self.verticalScrollBar()
        place, was_at_end = bar.value(), bar.value() >= bar.maximum() - _AT_END_PX
        yield
        bar.setValue(bar.maximum() if was_at_end and place else place)

    def needed_height(self) -> int:
        """Return how high the whole answer is."""
        document = self.document()
        document.setTextWidth(WIDTH - 2 * MARGIN)
        return int(document.size().height()) + 2
