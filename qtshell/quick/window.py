"""The quick ask window: a line to type in, and below it the answer."""

from html import escape
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCursor,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPlainTextEdit,
    QPushButton,
    QStyle,
    QStyleOption,
    QVBoxLayout,
    QWidget,
)

from qtshell.display.screens import can_be_reached, take_scale_of_screen
from qtshell.icons import icon
from qtshell.quick.answer_view import MARGIN, WIDTH, AnswerView
from qtshell.quick.style import Colours, answer_style, colours, window_style

SHARE_OF_SCREEN: Final = 0.6
HINT: Final = "Enter to ask · Shift+Enter for a new line · Esc to close"
FOLLOW_UP: Final = "Enter to follow up · Esc to close"
_PLACEHOLDER: Final = "Ask anything"
_LOGO: Final = QSize(22, 22)
_FOCUS_CHECK_MS: Final = 30
_FOCUS_CHECKS: Final = 30
_MAX_LINES: Final = 8
_FROM_TOP: Final = 0.2
_ASKED_CHARS: Final = 200
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_Modifier = Qt.KeyboardModifier


class QuestionEdit(QPlainTextEdit):
    """Where the question is typed; it grows with it.

    Signals:
        entered: Enter was pressed.
    """

    entered = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("question")
        self.setAccessibleName("Question")
        self.setPlaceholderText(_PLACEHOLDER)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.3)
        self.setFont(font)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Enter ask, and Shift+Enter break the line."""
        is_composing = bool(self.textCursor().block().layout().preeditAreaText())
        held = event.modifiers() & ~_Modifier.KeypadModifier
        if is_composing or event.key() not in _ENTER:
            super().keyPressEvent(event)
        elif held == _Modifier.NoModifier:
            self.entered.emit()
        elif held == _Modifier.ShiftModifier:
            self.insertPlainText("\n")

    def _fit(self) -> None:
        lines = min(max(int(self.document().size().height()), 1), _MAX_LINES)
        height = lines * self.fontMetrics().lineSpacing()
        self.setFixedHeight(height + 2 * int(self.document().documentMargin()) + 2)


class QuickWindow(QWidget):
    """A frameless window above all others, kept ready while it is hidden.

    Signals:
        asked: Enter: the text to ask.
        continued: Ctrl+Enter: go on in the main window; what is typed, if anything.
        typed: The question has changed.
        stop_asked: The answer is to end here.
        left: The window was closed.
    """

    asked = Signal(str)
    continued = Signal(str)
    typed = Signal(str)
    stop_asked = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__(
            None,
            Qt.WindowType.Tool
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint,
        )
        self.setObjectName("quick-ask")
        self.setWindowTitle("Quick Ask · Hearth")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)
        # X11 alone may be without a compositor: corners would be black there.
        self._is_round = QGuiApplication.platformName() != "xcb"
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground, self._is_round)
        self.question = QuestionEdit(self)
        self.answer = AnswerView(self)
        self.clipboard_chip = _chip("Use clipboard")
        self.selection_chip = _chip("Use selection")
        self.stop = QPushButton("Stop")
        self.copy = QPushButton("Copy")
        self.more = QPushButton("Open in Hearth")
        self.more.setToolTip("Continue in the main window (Ctrl+Enter)")
        self._words = QLabel(HINT, wordWrap=True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self.asked_text = QLabel(wordWrap=True)
        self.asked_text.setTextFormat(Qt.TextFormat.PlainText)
        self.asked_text.setAccessibleName("Your question")
        self._rule = QFrame()
        self._taken: dict[QPushButton, str] = {}
        self._answer_text = ""
        self._colours: Colours | None = None
        self._before: QWidget | None = None
        self._checks_left = 0
        self._focus_check = QTimer(self, interval=_FOCUS_CHECK_MS)
        self._focus_check.timeout.connect(self._on_focus_check_timeout)
        self._lay_out()
        self._join()
        self.paint_theme()
        self.clear_answer()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the background: of a translucent window Qt leaves the style's out."""
        option = QStyleOption()
        option.initFrom(self)
        element = QStyle.PrimitiveElement.PE_Widget
        self.style().drawPrimitive(element, option, QPainter(self), self)
        super().paintEvent(event)

    def paint_theme(self) -> None:
        """Take the colours of the theme, when they are not its own already."""
        chosen = colours()
        if chosen is self._colours:
            return
        self._colours = chosen
        self.setStyleSheet(window_style(chosen, is_round=self._is_round))
        self.answer.document().setDefaultStyleSheet(answer_style(chosen))

    def warm_up(self) -> None:
        """Make everything that showing needs, without showing."""
        self.ensurePolished()
        self.winId()
        self.adjustSize()

    def come(self) -> None:
        """Show the window where the pointer's screen is looked at, ready for typing."""
        if not self.isVisible():
            self._before = QApplication.activeWindow()
            self._take_place()
        self.come_within_reach()
        self.show()
        self.raise_()
        self.activateWindow()
        self.question.setFocus(Qt.FocusReason.PopupFocusReason)
        self._checks_left = _FOCUS_CHECKS
        self._focus_check.start()

    def come_within_reach(self) -> None:
        """Move to a screen when there is none where the window is."""
        take_scale_of_screen(self)
        if not can_be_reached(self.geometry()):
            self._take_place()

    def _take_place(self) -> None:
        self.move(place_on(_screen_at(QCursor.pos()), self.width()))

    def leave(self) -> None:
        """Hide, and give the keyboard back to the window that had it."""
        if not self.isVisible():
            return
        self.hide()
        # Windows of others get it back from the desktop; ours must be asked for.
        if self._before is not None and self._before.isVisible():
            self._before.activateWindow()
        self._before = None
        self.left.emit()

    def offer(self, clipboard: str, selection: str) -> None:
        """Offer what is copied and what is marked; neither is used unasked."""
        same = selection.strip() == clipboard.strip()
        offers = {
            self.clipboard_chip: clipboard,
            self.selection_chip: "" if same else selection,
        }
        self._taken = offers
        for chip, text in offers.items():
            chip.setVisible(bool(text.strip()))
            chip.setChecked(False)
            chip.setToolTip(plain_tool_tip(_preview(text)))

    def whole_question(self) -> str:
        """Return what is typed, with the texts of the chips that are pressed."""
        texts = [self.question.toPlainText().strip()]
        texts += [self._taken[chip] for chip in self._taken if chip.isChecked()]
        return "\n\n".join(text for text in texts if text)

    def clear_question(self) -> None:
        """Empty the line, for the next question."""
        self.question.clear()
        for chip in self._taken:
            chip.setChecked(False)

    def say(self, words: str, *, is_problem: bool = False) -> None:
        """Say something below everything else."""
        self._words.setText(words)
        tone = "danger" if is_problem else ""
        if self._words.property("tone") != tone:
            self._words.setProperty("tone", tone)
            self._words.style().polish(self._words)

    def show_asked(self, text: str) -> None:
        """Show, above the answer, what was asked."""
        line = " ".join(text[: _ASKED_CHARS + 1].split())
        cut = len(text) > _ASKED_CHARS
        self.asked_text.setText(f"{line[:_ASKED_CHARS]}…" if cut else line)

    def show_answer(self, html: str, text: str, *, rendered: int) -> None:
        """Show an answer as far as it goes; what is not rendered yet, plainly."""
        self._answer_text = self.answer.markdown = text
        self.answer.show_rich(html, text[rendered:])
        self._show_answer()

    def add_to_answer(self, more: str, text: str) -> None:
        """Show more of the answer, which is now this text."""
        self._answer_text = self.answer.markdown = text
        self.answer.add_plain(more)
        self._show_answer()

    def show_text(self, text: str) -> None:
        """Show a plain text as it is."""
        self._answer_text, self.answer.markdown = text, ""
        self.answer.setPlainText(text)
        self._show_below(shown=True)
        self.more.hide()
        self._fit()

    def _show_answer(self) -> None:
        with self.answer.staying():
            self._show_below(shown=True)
            self.more.show()
            self._fit()

    def clear_answer(self) -> None:
        """Be one line again."""
        self._answer_text = ""
        self.asked_text.clear()
        self.answer.clear()
        self.stop.hide()
        self.more.hide()
        self._show_below(shown=False)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.paint_theme()

    def _on_focus_check_timeout(self) -> None:
        """Take the focus the window system gave and Qt's widgets overlooked.

        Qt 6.12 on X11: when the window was hidden just before, its focus may look
        unchanged, and then no widget hears of it.
        """
        self._checks_left -= 1
        if not self._checks_left or not self.isVisible() or self.isActiveWindow():
            self._focus_check.stop()
        elif QGuiApplication.focusWindow() is self.windowHandle():
            QApplication.setActiveWindow(self)
            self.question.setFocus()

    def _show_below(self, *, shown: bool) -> None:
        for part in (self._rule, self.answer):
            part.setVisible(shown)
        self.asked_text.setVisible(shown and bool(self.asked_text.text()))
        self.copy.setVisible(shown and bool(self._answer_text))

    def _fit(self) -> None:
        screen = self.screen().availableGeometry().height()
        others = self.sizeHint().height() - self.answer.height()
        room = int(screen * SHARE_OF_SCREEN) - max(others, 0)
        self.answer.setFixedHeight(max(min(self.answer.needed_height(), room), 24))

    def _lay_out(self) -> None:
        logo = QLabel()
        logo.setPixmap(icon().pixmap(_LOGO))
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(logo, alignment=Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.question, stretch=1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.clipboard_chip)
        foot.addWidget(self.selection_chip)
        foot.addWidget(self._words, stretch=1)
        for button in (self.stop, self.copy, self.more):
            foot.addWidget(button)
        # The layout sets the window's size by what is in it.
        self.question.setFixedWidth(WIDTH - 2 * MARGIN - _LOGO.width() - top.spacing())
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, 12)
        column.setSpacing(12)
        column.addLayout(top)
        column.addWidget(self._rule)
        column.addWidget(self.asked_text)
        column.addWidget(self.answer)
        column.addLayout(foot)
        self._rule.setObjectName("rule")
        self._rule.setFixedHeight(1)
        column.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)
        for chip in (self.clipboard_chip, self.selection_chip):
            chip.hide()

    def _join(self) -> None:
        self.question.entered.connect(lambda: self.asked.emit(self.whole_question()))
        self.question.textChanged.connect(
            lambda: self.typed.emit(self.question.toPlainText())
        )
        self.copy.clicked.connect(self._copy)
        self.stop.clicked.connect(self.stop_asked)
        self.more.clicked.connect(self._continue)
        for keys, handler in (
            ("Esc", self.leave),
            ("Ctrl+Return", self._continue),
            ("Ctrl+Enter", self._continue),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(handler)

    def _continue(self) -> None:
        self.continued.emit(self.whole_question())

    def _copy(self) -> None:
        QGuiApplication.clipboard().setMimeData(self.answer.whole())
        self.say("Copied.")
        self.question.setFocus()


def _chip(words: str) -> QPushButton:
    chip = QPushButton(words)
    chip.setCheckable(True)
    return chip


def place_on(screen: QRect, width: int) -> QPoint:
    """Return where the window goes on a screen: the same place each time.

    There is room below it, so that it need not move when it grows.
    """
    from_left = max(0, (screen.width() - width) // 2)
    return screen.topLeft() + QPoint(from_left, int(screen.height() * _FROM_TOP))


def _screen_at(pointer: QPoint) -> QRect:
    screen = QGuiApplication.screenAt(pointer) or QGuiApplication.primaryScreen()
    return screen.availableGeometry()


def plain_tool_tip(text: str) -> str:
    """Return a tool tip that shows a foreign text as it is.

    Qt takes a tool tip for HTML when it looks so, and then opens what it names.
    """
    return f"<p>{escape(text)}</p>"


def _preview(text: str) -> str:
    """Return the beginning of a text, and how long it is."""
    line = " ".join(text[:200].split())
    return f"{line[:80]}{'…' if len(text) > len(line[:80]) else ''}"
