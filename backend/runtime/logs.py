"""Writes the log to stderr, which the shell stores, and never waits for it."""

import logging
import os
import stat
import sys
import traceback
from typing import Final

MAX_LINE_BYTES: Final = 16 * 1024
_STDERR: Final = 2
log = logging.getLogger("hearth.sidecar")


class StderrHandler(logging.Handler):
    """Drops what a full or closed pipe does not take."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, cut at `MAX_LINE_BYTES` a line."""
        try:
            lines = self.format(record).encode("utf-8", "replace").split(b"\n")
            text = b"\n".join(line[:MAX_LINE_BYTES] for line in lines) + b"\n"
            os.write(_STDERR, text)
        except OSError:
            pass


def start_logging(*, dev: bool) -> None:
    """Send every logger to stderr."""
    if sys.platform != "win32" and stat.S_ISFIFO(os.fstat(_STDERR).st_mode):
        os.set_blocking(_STDERR, False)
    handler = StderrHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("hearth").setLevel(logging.DEBUG if dev else logging.INFO)


def describe_bug(exc: BaseException) -> str:
    """Return where an unexpected error happened, without its text.

    The text of an exception may hold what the user wrote.
    """
    where = "".join(traceback.format_tb(exc.__traceback__))
    return f"{type(exc).__module__}.{type(exc).__qualname__}\n{where}"
