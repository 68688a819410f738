"""The helper process that looks whether model files are still what was downloaded.

`services.engines.file_checks` starts it. It reads its job as a JSON line on stdin, says
on stdout how far it is and what it found, and ends when stdin does.
"""

import sys
from pathlib import Path
from typing import Final

from backend.llm.library.checksums import is_unchanged
from backend.runtime.worker import answer, finish, take_job

MODULE: Final = "backend.llm.library.check_process"


def main() -> None:
    """Read every file, and say how far it is in percent, or which one is bad."""
    files = [Path(path) for path in take_job()["files"]]
    progress = _Reading(sum(path.stat().st_size for path in files))
    for path in files:
        try:
            why = "" if is_unchanged(path, progress.add) else "changed"
        except OSError:
            why = "unreadable"
        if why:
            answer({"kind": why, "name": path.name})
            finish()
    answer({"kind": "intact"})
    finish()


class _Reading:
    """Says each new percent."""

    def __init__(self, whole: int) -> None:
        self._whole = max(whole, 1)
        self._read = 0

    def add(self, count: int) -> None:
        before = self._read * 100 // self._whole
        self._read += count
        percent = self._read * 100 // self._whole
        if percent > before:
            answer({"kind": "progress", "percent": min(percent, 100)})
            sys.stdout.flush()


if __name__ == "__main__":
    main()
