"""The window of Help, Check Hearth: `hearth doctor`, as it is printed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QProcess, QSize, QStandardPaths
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

_SIZE: Final = QSize(720, 480)
_REPAIR: Final = "--repair"
_BUNDLE: Final = "--bundle"


class CheckWindow(QDialog):
    """Runs the checks in a process of their own, and again with repairs or a bundle."""

    def __init__(self, command: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Check Hearth")
        self.resize(_SIZE)
        self._program, *self._arguments = command
        self.text = QPlainTextEdit(self, readOnly=True)
        self.text.setAccessibleName("What the checks found")
        self.text.setPlaceholderText("Checking…")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self.repair = self._buttons.addButton("Repair", role)
        self.copy = self._buttons.addButton("Copy", role)
        self.save = self._buttons.addButton("Save for Support", role)
        self.save.setToolTip("These lines and the logs, without what is private")
        self.repair.clicked.connect(lambda: self._run(_REPAIR))
        self.copy.clicked.connect(
            lambda: QGuiApplication.clipboard().setText(self.text.toPlainText())
        )
        self.save.clicked.connect(lambda: self._run(_BUNDLE))
        self._buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(self._buttons)
        self.finished.connect(self.deleteLater)
        self._process = QProcess(self)
        self._process.setWorkingDirectory(_downloads())
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        self._process.readyReadStandardOutput.connect(self._on_output_ready)
        self._process.finished.connect(self._on_process_finished)
        self._process.errorOccurred.connect(self._on_process_error)
        self._run()

    def done(self, result: int) -> None:
        """End what still checks, and close."""
        self._process.blockSignals(True)  # noqa: FBT003 Qt's own argument
        self._process.kill()
        self._process.waitForFinished()
        super().done(result)

    def _run(self, *extra: str) -> None:
        self.text.clear()
        for button in (self.repair, self.save):
            button.setEnabled(False)
        self._process.start(self._program, [*self._arguments, *extra])

    def _on_output_ready(self) -> None:
        found = bytes(self._process.readAllStandardOutput().data())
        self.text.insertPlainText(found.decode("utf-8", "replace"))

    def _on_process_finished(self) -> None:
        self.save.setEnabled(True)
        self.repair.setEnabled(_REPAIR in self.text.toPlainText())

    def _on_process_error(self) -> None:
        self.text.insertPlainText(f"The checks failed: {self._process.errorString()}.")


def _downloads() -> str:
    """Return where a bundle is looked for."""
    location = QStandardPaths.StandardLocation.DownloadLocation
    folder = QStandardPaths.writableLocation(location)
    return folder if Path(folder).is_dir() else str(Path.home())
