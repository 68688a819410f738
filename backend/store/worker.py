"""Starts the helper process for heavy statements, and ends it when told to."""

import contextlib
import errno
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import backend
from backend.errors import StoreError, StoreFullError
from backend.store import dbapi
from backend.store.sentences import told_to_the_user


class HeavyJob:
    """One job in a process of its own; `cancel` may be called from any thread.

    Cancelling is ending the process, which leaves the database as a crash would:
    whole.
    """

    def __init__(self, path: Path, key: str | None, job: str, **told: str) -> None:
        """Start a job of `backend.store.heavy` on a database file."""
        # The key goes through the pipe: argv and environment can be read by others.
        asked = {"job": job, "path": str(path), "key": key, "told": told}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "backend.store.heavy"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(backend.__file__).parents[1],
            text=True,
        )
        # A process that died at once has no reader; `result` says so.
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(json.dumps(asked) + "\n")
            self._stdin.flush()

    def result(self) -> Any:  # noqa: ANN401 what the job answers, in JSON
        """Wait for the answer.

        Raises:
            StoreError: The job failed or was cancelled.
        """
        try:
            line = self._stdout.readline()
        finally:
            self._reap()
        if not line.endswith("\n"):
            raise StoreError("This was cancelled. Your data is as it was before.")
        answer = json.loads(line)
        if answer.get("errno") == errno.ENOSPC:
            raise StoreFullError("The disk is full. Make room and try again.")
        if "error" in answer:
            with told_to_the_user():
                raise getattr(dbapi, answer["error"])(answer["text"])
        return answer["result"]

    def cancel(self) -> None:
        """End the job now."""
        self._process.kill()

    @property
    def _stdin(self) -> Any:  # noqa: ANN401 a pipe, always there
        return self._process.stdin

    @property
    def _stdout(self) -> Any:  # noqa: ANN401 a pipe, always there
        return self._process.stdout

    def _reap(self) -> None:
        self._process.kill()
        self._process.wait()
        self._stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
