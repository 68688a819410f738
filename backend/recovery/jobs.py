"""Starts the helper process for heavy statements, and ends it on request."""

import contextlib
import errno
from pathlib import Path
from typing import Any

from backend.errors import StoreError, StoreFullError
from backend.runtime.worker import Job
from backend.sqlite import dbapi
from backend.sqlite.error_messages import translated_errors


class HeavyJob:
    """One job in a process of its own; `cancel` may be called from any thread.

    Cancelling is ending the process, which leaves the database as a crash would:
    whole.
    """

    def __init__(self, path: Path, key: str | None, job: str, **arguments: str) -> None:
        """Start a job of `backend.recovery.job_process` on a database file."""
        asked = {"job": job, "path": str(path), "key": key, "arguments": arguments}
        self._job = Job("backend.recovery.job_process", asked)

    def result(self) -> Any:  # noqa: ANN401 what the job answers, in JSON
        """Wait for the answer.

        Raises:
            StoreError: The job failed or was cancelled.
        """
        with contextlib.closing(self._job.answers()) as answers:
            answer = next(answers, None)
        if answer is None:
            raise StoreError("This was cancelled. Your data was not changed.")
        if answer.get("errno") == errno.ENOSPC:
            raise StoreFullError("The disk is full. Make room and try again.")
        if "error" in answer:
            with translated_errors():
                raise getattr(dbapi, answer["error"])(answer["text"])
        return answer["result"]

    def cancel(self) -> None:
        """End the job now."""
        self._job.cancel()
