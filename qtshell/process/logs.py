"""One rotating set of log files for shell and sidecar, without secrets."""

import faulthandler
import logging
import os
import re
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Final, TextIO

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from qtshell.process.own_files import make_own_folder, open_own_file

log = logging.getLogger("hearth.shell")
qt_log = logging.getLogger("hearth.qt")

LOG_NAME: Final = "hearth.log"
_MAX_BYTES: Final = 5 * 1024 * 1024
_OLDER_FILES: Final = 4
_FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

_SECRETS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"(?i)\b(bearer|basic)\s+\S+"), r"\1 [secret]"),
    (
        re.compile(
            r"(?i)((?:api[-_ ]?key|token|secret|password|authorization)"
            r"[\"']?\s*[:=]\s*)[\"']?[^\s\"',;}]+"
        ),
        r"\1[secret]",
    ),
    (re.compile(r"\b(?:sk|pk|hf|ghp|gsk|xai)[-_][A-Za-z0-9_-]{8,}"), "[secret]"),
    (re.compile(r"(?<![\w+/=-])[A-Za-z0-9+_=-]{32,}(?![\w+/=-])"), "[secret]"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "[address]"),
    (re.compile(r"(?i)(/home/|/users/|\\users\\)[^/\\\s\"']+"), r"\1[user]"),
    (re.compile(r"(https?://[^\s/?#\"']+[^\s?#\"']*)[?#][^\s\"']*"), r"\1?[query]"),
)
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def redact(text: str) -> str:
    """Return the text without tokens, keys, addresses and the user's name."""
    kept = _UUID.findall(text)
    for number, uuid in enumerate(kept):
        text = text.replace(uuid, f"\0{number}\0")
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    for number, uuid in enumerate(kept):
        text = text.replace(f"\0{number}\0", uuid)
    return text


class RedactingFormatter(logging.Formatter):
    """Redacts the whole line, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line as it may be kept."""
        return redact(super().format(record))


def open_logs(folder: Path, *, dev: bool) -> Path:
    """Start to log into a folder of the user's own and return the file."""
    make_own_folder(folder)
    path = folder / LOG_NAME
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    logging.getLogger("hearth").setLevel(logging.DEBUG if dev else logging.INFO)
    _add(root, _file_handler(path))
    if dev and sys.stderr is not None:
        _add(root, logging.StreamHandler(sys.stderr))
    return path


def watch_for_bugs(folder: Path) -> TextIO:
    """Log uncaught exceptions and Qt's warnings; dump stacks when it crashes.

    Returns:
        The file that must stay open for as long as the process lives.
    """
    sys.excepthook = _on_uncaught
    qInstallMessageHandler(_on_qt_message)
    crash_file = _open_to_append(folder / "shell-crash.log")
    faulthandler.enable(crash_file)
    return crash_file


class _OwnFileHandler(RotatingFileHandler):
    """Writes into a file of the user's own, also after it was rotated."""

    def _open(self) -> TextIO:  # type: ignore[override]  # a text file all the same
        return _open_to_append(Path(self.baseFilename))


def _open_to_append(path: Path) -> TextIO:
    number = open_own_file(path, os.O_WRONLY | os.O_APPEND)
    if os.chmod in os.supports_fd:
        os.chmod(number, 0o600)  # noqa: PTH101 of what was opened, whatever its name
    return os.fdopen(number, "a", encoding="utf-8")


def _file_handler(path: Path) -> logging.Handler:
    return _OwnFileHandler(
        path, maxBytes=_MAX_BYTES, backupCount=_OLDER_FILES, encoding="utf-8"
    )


def _add(root: logging.Logger, handler: logging.Handler) -> None:
    handler.setFormatter(RedactingFormatter(_FORMAT))
    root.addHandler(handler)


def _on_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    log.error("a bug: uncaught exception", exc_info=(kind, error, trace))


_QT_LEVELS: Final = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


_WITHOUT_GPU: Final = (
    "neither GLX nor EGL are enabled",
    "QRhiGles2: Failed to create",
    "Failed to create RHI for backend",
    "GPUInfo not initialized",
)
"""What Chromium tries at its start, and does without where it is not to be had."""


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    category = getattr(context, "category", None) or "default"
    is_expected = any(part in text for part in _WITHOUT_GPU)
    level = logging.DEBUG if is_expected else _QT_LEVELS[kind]
    qt_log.log(level, "%s: %s", category, text)
