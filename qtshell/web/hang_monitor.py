"""Ends the process of a page that hangs, so that it is loaded again."""

import contextlib
import logging
import os
import signal
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QElapsedTimer, QObject, QTimer
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineScript

from qtshell.sidecar.clock import LATE_MS

log = logging.getLogger("hearth.web")

BEAT_MS: Final = 3_000
GIVE_UP_AFTER: Final = 3


def count_misses(misses: int, *, answered: bool, watched: bool, late: bool) -> int:
    """Return how many beats in a row went without an answer.

    Args:
        misses: The count before this beat.
        answered: Whether the page answered since the last beat.
        watched: Whether there was a page that had to answer.
        late: Whether this beat comes so late that nobody can be blamed.
    """
    return 0 if answered or late or not watched else misses + 1


class PageWatch(QObject):
    """Asks the page for a sign of life.

    Chromium itself reports a process that ended, but of one that hangs it asks a
    browser's user, whom Qt never lets answer.
    """

    def __init__(
        self,
        page: QWebEnginePage,
        is_watched: Callable[[], bool],
        *,
        beat_ms: int = BEAT_MS,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._is_watched = is_watched
        self._misses = 0
        self._answered = True
        self._since = QElapsedTimer()
        self._timer = QTimer(self, interval=beat_ms)
        self._timer.timeout.connect(self._on_timer_timeout)
        page.destroyed.connect(self._timer.stop)
        self._since.start()
        self._timer.start()

    def _on_timer_timeout(self) -> None:
        watched = self._is_watched()
        self._misses = count_misses(
            self._misses,
            answered=self._answered,
            watched=watched,
            late=self._since.restart() > self._timer.interval() + LATE_MS,
        )
        if self._misses >= GIVE_UP_AFTER:
            self._misses = 0
            self._end()
        self._answered = not watched
        if watched:
            world = QWebEngineScript.ScriptWorldId.ApplicationWorld
            self._page.runJavaScript("true", world.value, self._on_answer)

    def _on_answer(self, answer: object) -> None:
        # A page that dies answers too, with nothing.
        self._answered = self._answered or answer is True

    def _end(self) -> None:
        pid = self._page.renderProcessPid()
        log.warning("the page's process %d hangs and is ended", pid)
        if pid > 0:
            with contextlib.suppress(
                OSError
            ):  # it has ended; Windows has no word for it
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
