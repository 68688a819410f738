"""Finds words in the page, in a thin bar above it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget


class _Words(QLineEdit):
    """The words looked for; Enter that takes a candidate of an input method is none."""

    def __init__(self) -> None:
        super().__init__(placeholderText="Find in this page")
        self._is_composing = False

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Note whether a word is being composed."""
        self._is_composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the keys of a composition to the input method."""
        if not self._is_composing:
            super().keyPressEvent(event)


class FindBar(QWidget):
    """A field with next, previous and close.

    Signals:
        asked: Words to look for, and whether backwards; empty words clear.
        left: The bar was closed.
    """

    asked = Signal(str, bool)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._field = _Words()
        self._field.setAccessibleName("Find in this page")
        previous, following, done = (
            QPushButton(name) for name in ("Previous", "Next", "Done")
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        self._result = QLabel()
        row.addWidget(self._field, stretch=1)
        row.addWidget(self._result)
        for button in (previous, following, done):
            row.addWidget(button)
        self._field.textChanged.connect(lambda: self._ask(backwards=False))
        self._field.returnPressed.connect(lambda: self._ask(backwards=False))
        following.clicked.connect(lambda: self._ask(backwards=False))
        previous.clicked.connect(lambda: self._ask(backwards=True))
        done.clicked.connect(self.close_bar)
        QShortcut("F3", self, lambda: self._ask(backwards=False))
        QShortcut("Shift+F3", self, lambda: self._ask(backwards=True))
        self.hide()

    def open_bar(self) -> None:
        """Show the bar with its words selected."""
        self.show()
        self._field.setFocus()
        self._field.selectAll()

    def show_result(self, number: int, count: int) -> None:
        """Say which of how many matches is marked, or where else to look."""
        if not self._field.text():
            self._result.clear()
        elif count:
            self._result.setText(f"{number} of {count}")
        else:
            keys = QKeySequence("Ctrl+Shift+F")
            shown = keys.toString(QKeySequence.SequenceFormat.NativeText)
            self._result.setText(f"Not on this page. {shown} searches everything.")

    def close_bar(self) -> None:
        """Hide the bar and clear the marks."""
        self.hide()
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        else:
            super().keyPressEvent(event)

    def _ask(self, *, backwards: bool) -> None:
        self.asked.emit(self._field.text(), backwards)
