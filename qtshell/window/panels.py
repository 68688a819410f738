"""What the window shows when there is no page: the splash and the recovery panel."""

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from qtshell.display.theme import background, ink
from qtshell.icons import icon

_LOGO = QSize(72, 72)
_SAY_AFTER_MS = 150


class Panel(QWidget):
    """A calm surface in the page's own colours."""

    def __init__(self) -> None:
        super().__init__()
        self.setAutoFillBackground(True)
        self.follow_theme()

    def follow_theme(self) -> None:
        """Take the colours of the theme that is on now."""
        palette = QPalette()
        palette.setColor(palette.ColorRole.Window, background())
        palette.setColor(palette.ColorRole.WindowText, ink())
        self.setPalette(palette)


class Splash(Panel):
    """The logo; words only when starting takes long enough to wonder."""

    def __init__(self) -> None:
        super().__init__()
        logo = QLabel()
        logo.setPixmap(icon().pixmap(_LOGO))
        self._words = QLabel()
        self._words.setObjectName("splash-words")
        self._next = "Starting…"
        layout = QVBoxLayout(self)
        layout.setSpacing(16)
        layout.addStretch()
        for label in (logo, self._words):
            layout.addWidget(label, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch()
        self._later = QTimer(self, singleShot=True, interval=_SAY_AFTER_MS)
        self._later.timeout.connect(lambda: self._words.setText(self._next))
        self._later.start()

    def say(self, words: str) -> None:
        """Show these words, unless it is still too early for any."""
        self._next = words
        if not self._later.isActive():
            self._words.setText(words)


class RecoveryPanel(Panel):
    """Says what failed and what the user can do now.

    Signals:
        retry_asked, safe_mode_asked, folder_asked: A button was pressed.
    """

    retry_asked = Signal()
    safe_mode_asked = Signal()
    folder_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._heading = QLabel("Hearth cannot continue")
        font = self._heading.font()
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setBold(True)
        self._heading.setFont(font)
        self._reason = QLabel(wordWrap=True)
        self._reason.setTextFormat(Qt.TextFormat.PlainText)
        self._reason.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self._log = QPlainTextEdit(readOnly=True)
        self._log.setAccessibleName("Last log lines")
        self._log.setObjectName("last-log-lines")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(48, 32, 48, 32)
        layout.setSpacing(16)
        layout.addLayout(self._head())
        layout.addWidget(self._reason)
        layout.addWidget(QLabel("The last lines of the log:"))
        layout.addWidget(self._log, stretch=1)
        layout.addLayout(self._buttons())

    def explain(self, reason: str, next_step: str, lines: tuple[str, ...]) -> None:
        """Show why, what to do, and the log's last lines."""
        self._reason.setText(f"{reason} {next_step}")
        self._log.setPlainText("\n".join(lines) or "(nothing was logged)")
        bar = self._log.verticalScrollBar()
        bar.setValue(bar.maximum())
        self.retry.setFocus()

    def _head(self) -> QHBoxLayout:
        logo = QLabel()
        logo.setPixmap(icon("hearth-failed").pixmap(QSize(40, 40)))
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(logo)
        row.addWidget(self._heading, stretch=1)
        return row

    def _buttons(self) -> QHBoxLayout:
        self.retry = QPushButton("Retry", default=True)
        self.safe_mode = QPushButton("Start in Safe Mode")
        self.safe_mode.setToolTip("Start without models and background work")
        self.folder = QPushButton("Open Log Folder")
        self.retry.clicked.connect(self.retry_asked)
        self.safe_mode.clicked.connect(self.safe_mode_asked)
        self.folder.clicked.connect(self.folder_asked)
        row = QHBoxLayout()
        for button in (self.retry, self.safe_mode, self.folder):
            row.addWidget(button)
        row.addStretch()
        return row
