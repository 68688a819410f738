"""The helper process that downloads one model.

`services.engines.downloads` starts it. It reads its job as a JSON line on stdin, says
on stdout how far it is, and ends when stdin does. So a pause is the end of a process,
and no download outlives Hearth.
"""

import asyncio
import contextlib
import hashlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from backend.errors import EngineError, StoreReadOnlyError
from backend.llm.builtin.model_file import check_model_file
from backend.llm.library.checksums import keep_checksum
from backend.llm.library.fetching import SPARE_BYTES, FetchError, Wanted, fetch
from backend.llm.library.hub import RemoteFile
from backend.llm.library.hub_client import HubClient, open_client
from backend.runtime.worker import answer, finish, take_job

MODULE: Final = "backend.llm.library.download_process"
_EVERY_S: Final = 0.25


def main() -> None:
    """Do the job and say how it ended."""
    job = take_job()
    try:
        asyncio.run(_download(job, _Progress()))
        answer({"kind": "end"})
    except (FetchError, EngineError) as exc:
        answer({"kind": "failed", "sentence": str(exc)})
    finish()


async def _download(job: dict[str, Any], progress: "_Progress") -> None:
    hub, folder = HubClient(job["hub"]), Path(job["folder"])
    files = [RemoteFile(**file) for file in job["files"]]
    folder.mkdir(parents=True, exist_ok=True)
    async with open_client(job["token"], follow_redirects=True) as client:
        for number, file in enumerate(files):
            wanted = Wanted(
                url=hub.url_of(job["repository"], job["commit"], file.path),
                target=folder / file.name,
                bytes=file.bytes,
                sha256=file.sha256,
                terms=f"{hub.address}/{job['repository']}",
            )
            before = sum(one.bytes for one in files[:number])
            if not await asyncio.to_thread(_is_there, wanted):
                await fetch(
                    client,
                    wanted,
                    progress.after(before),
                    spare_bytes=job.get("spare_bytes", SPARE_BYTES),
                )
            # Without it the file is as good, only not checked again.
            with contextlib.suppress(OSError, StoreReadOnlyError):
                await asyncio.to_thread(keep_checksum, wanted.target, wanted.sha256)
    await asyncio.to_thread(check_model_file, folder / files[0].name, job["name"])


def _is_there(wanted: Wanted) -> bool:
    """Whether a file was put in its place already, by this download or another one."""
    path = wanted.target
    if not path.is_file() or path.stat().st_size != wanted.bytes:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == wanted.sha256


class _Progress:
    """Says how far it is, a few times a second."""

    def __init__(self) -> None:
        self._said_at = float("-inf")
        self._waiting = ""

    def after(self, before: int) -> Callable[[int, str], None]:
        """Return what takes reports about a file after so many bytes of others."""
        return lambda here, waiting: self._say(before + here, waiting)

    def _say(self, here: int, waiting: str) -> None:
        now = time.monotonic()
        if now - self._said_at < _EVERY_S and waiting == self._waiting:
            return
        self._said_at, self._waiting = now, waiting
        answer({"kind": "progress", "here": here, "waiting": waiting})
        sys.stdout.flush()


if __name__ == "__main__":
    main()
