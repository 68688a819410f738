"""Runs work in a fork of this process, which has everything imported already.

Only for a process of its own that has no threads and has never opened a database.
"""

import os
import select
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 120.0


class Fork:
    """A child that says lines on its stdout, and last what its work returned."""

    def __init__(self, work: Callable[[], object], errors: Path) -> None:
        """Start; what it complains of is added to a file."""
        self._errors = errors
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            _run(work, writing, errors)
        os.close(writing)
        self._lines = os.fdopen(reading, encoding="utf-8")

    def line(self) -> str:
        """Wait for a line.

        Raises:
            RuntimeError: It ended without one.
        """
        if select.select([self._lines], [], [], PATIENCE_S)[0]:
            text = self._lines.readline()
            if text.endswith("\n"):
                return text.strip()
        self.kill()
        raise RuntimeError(self._errors.read_text()[-3000:])

    def kill(self) -> list[str]:
        """Kill it and return the whole lines it still said."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        with self._lines:
            return [line.strip() for line in self._lines if line.endswith("\n")]

    def result(self) -> str:
        """Wait for its end and return what its work returned.

        Raises:
            RuntimeError: It failed.
        """
        data = self.line()
        self.kill()
        return data


def _run(work: Callable[[], object], writing: int, errors: Path) -> None:
    os.dup2(writing, 1)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8")
    with errors.open("a", encoding="utf-8") as complaints:
        os.dup2(complaints.fileno(), 2)
        try:
            sys.stdout.write(f"{work()}\n")
            sys.stdout.flush()
            code = 0
        except BaseException:  # noqa: BLE001 told to the parent
            traceback.print_exc(file=complaints)
            complaints.flush()
            code = 1
        # What is inherited from the parent is not to be tidied up here.
        os._exit(code)
