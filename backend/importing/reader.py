"""Starts the reading process, listens to it, and ends it when told to."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import backend
from backend.errors import InvalidInputError

_DIED: Final = (
    "Reading this took more time or memory than Hearth gives to an import, or was "
    "cancelled."
)


class Reader:
    """One reading of one file; `cancel` may be called from any thread."""

    def __init__(self, path: Path, *, tell_rows: bool) -> None:
        """Start to read.

        Args:
            path: A file or folder the user picked.
            tell_rows: Whether to tell the rows, or only what was counted.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-m", "backend.importing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(backend.__file__).parents[1],
        )
        asked = {"path": str(path), "tell_rows": tell_rows}
        # A process that died at once has no reader; `told` says so.
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(json.dumps(asked).encode() + b"\n")
            self._stdin.flush()

    def told(self) -> Iterator[dict[str, Any]]:
        """Yield what it tells; the last has the kind "end".

        Raises:
            InvalidInputError: It cannot be read, or was cancelled.
        """
        try:
            for line in self._stdout:
                if not line.endswith(b"\n"):
                    break
                told = json.loads(line)
                if told["kind"] == "error":
                    raise InvalidInputError(told["sentence"])
                yield told
                if told["kind"] == "end":
                    return
            raise InvalidInputError(_DIED)
        finally:
            self._reap()

    def cancel(self) -> None:
        """End it now."""
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
