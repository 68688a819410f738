"""Looks on request whether a downloaded model is still what was downloaded, offline."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from backend.errors import ConflictError
from backend.llm.library import check_process
from backend.runtime.worker import Job

_INTACT: Final = "intact"
_DIED: Final = "died"
_FOUND: Final = {
    _INTACT: "{name} is what was downloaded, to the last byte.",
    "changed": (
        "{file} is no longer what was downloaded: it is damaged, or was changed. "
        "Delete the model and download it again."
    ),
    "unreadable": "{file} cannot be read. Check its drive, and check the file again.",
    _DIED: "The check of {name} stopped unexpectedly. Start it again.",
}
"""By what the helper process says, and for the case that it says nothing."""


class FileChecks:
    """Reads one model at a time in a helper process, whose end is how it is stopped."""

    def __init__(
        self, changed: Callable[[], object], found: Callable[[str, bool], object]
    ) -> None:
        """Work on nothing yet.

        Args:
            changed: Called when pages show something old; from any thread.
            found: Called with what was found, as a sentence, and whether all is well.
        """
        self._changed = changed
        self._found = found
        self._path: Path | None = None
        self._percent = 0
        self._job: Job | None = None
        self._task: asyncio.Task[None] | None = None

    def percent(self, path: Path) -> int | None:
        """Return how much of a model is read; None when it is not being checked."""
        return self._percent if path == self._path else None

    async def start(self, path: Path, name: str, files: Sequence[Path]) -> None:
        """Check a model.

        Args:
            path: What it is opened by.
            name: What it is called.
            files: All of it, each with its SHA-256 beside it.

        Raises:
            ConflictError: Another one is being checked.
        """
        if self._task and not self._task.done():
            raise ConflictError("Another model is being checked. Wait until it ends.")
        self._path, self._percent = path, 0
        self._task = asyncio.create_task(self._check(name, [str(one) for one in files]))
        self._changed()

    async def cancel(self) -> None:
        """Stop the check there is."""
        task, self._path = self._task, None
        if self._job:
            self._job.cancel()
        if task:
            await asyncio.wait({task})

    async def _check(self, name: str, files: list[str]) -> None:
        try:
            kind, file = await asyncio.to_thread(self._listen, files)
            if self._path:
                sentence = _FOUND[kind].format(name=name, file=file)
                self._found(sentence, kind == _INTACT)
        finally:
            self._path = None
            self._changed()

    def _listen(self, files: list[str]) -> tuple[str, str]:
        """Return what was found, and in which file."""
        self._job = job = Job(check_process.MODULE, {"files": files})
        # It may have been stopped before there was a process to end.
        if not self._path:
            job.cancel()
        try:
            with contextlib.closing(job.answers()) as answers:
                for event in answers:
                    if event["kind"] in _FOUND:
                        return event["kind"], event.get("name", "")
                    self._percent = event["percent"]
                    self._changed()
        finally:
            self._job = None
        return _DIED, ""
