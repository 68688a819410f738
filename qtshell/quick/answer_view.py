"""The answer in the quick ask window, as rich text."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QImage, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

WIDTH: Final = 640
MARGIN: Final = 16
_AT_END_PX: Final = 4


class AnswerView(QTextBrowser):
    """Shows sanitised HTML; it loads nothing and opens nothing by itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("answer")
        self.setAccessibleName("Answer")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
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
