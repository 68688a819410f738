"""Starts the reading process, listens to it, and ends it on request."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from backend.errors import InvalidInputError
from backend.runtime.worker import Job

_DIED: Final = (
    "The import was cancelled, or needed more time or memory than Hearth allows."
)


class Reader:
    """One reading of one file; `cancel` may be called from any thread."""

    def __init__(self, path: Path, *, tell_rows: bool) -> None:
        """Start to read.

        Args:
            path: A file or folder the user picked.
            tell_rows: Whether to tell the rows, or only what was counted.
        """
        asked = {"path": str(path), "tell_rows": tell_rows}
        self._job = Job("backend.importing", asked)

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield what it tells; the last has the kind "end".

        Raises:
            InvalidInputError: It cannot be read, or was cancelled.
        """
        with contextlib.closing(self._job.answers()) as answers:
            for event in answers:
                if event["kind"] == "error":
                    raise InvalidInputError(event["sentence"])
                yield event
                if event["kind"] == "end":
                    return
        raise InvalidInputError(_DIED)

    def cancel(self) -> None:
        """End it now."""
        self._job.cancel()
