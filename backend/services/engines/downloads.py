"""Downloads of models: one at a time, paused and resumed at will, over restarts too."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, to_builtins

from backend.errors import ConflictError, NotFoundError
from backend.llm.library import download_process
from backend.llm.library.download import (
    Download,
    DownloadEvent,
    DownloadState,
    saved_downloads,
)
from backend.llm.library.hub import Repository, Variant
from backend.runtime.worker import Job

_SPEED_OVER_S: Final = 5.0
_AWAY: Final = (
    "The folder for this model is not there. Connect its disk, and resume; the part so "
    "far is kept."
)
_DIED: Final = "The download stopped unexpectedly. Resume it; the part so far is kept."


class Progress(Struct):
    """How far a download is.

    Attributes:
        here: The bytes that have arrived.
        waiting: What is waited for or done meanwhile; "" while bytes arrive.
        speed: In bytes a second, over the last moments; 0 when not known.
    """

    here: int = 0
    waiting: str = ""
    speed: float = 0.0
    _begun_at: float = 0.0
    _begun_with: int = 0

    def notice(self, here: int, waiting: str) -> None:
        """Take note of what the helper process says."""
        now = time.monotonic()
        if here < self.here or waiting or not self._begun_at:
            self._begun_at, self._begun_with, self.speed = now, here, 0.0
        elif (took := now - self._begun_at) > 1:
            self.speed = (here - self._begun_with) / took
            if took > _SPEED_OVER_S:
                self._begun_at, self._begun_with = now, here
        self.here, self.waiting = here, waiting


class Downloads:
    """Keeps all downloads, and does one after the other."""

    def __init__(
        self,
        models: Path,
        installed: Callable[[Download], Awaitable[None]],
        changed: Callable[[], object],
        token: Callable[[], str] = lambda: "",
        target: Callable[[], Path] | None = None,
    ) -> None:
        """Know where models are kept.

        Args:
            models: What is on its way is noted here; it is made when it is needed.
            installed: Called with a model that has arrived and been checked.
            changed: Called when pages show something old.
            token: Gives the access token for the hub, "" for none; may block.
            target: Gives the folder for new models, if that is another one; may block,
                and raise a ConflictError where there is none.
        """
        self._models = models
        self._installed = installed
        self._changed = changed
        self._token = token
        self._target = target or (lambda: models)
        self._all: dict[str, Download] = {}
        self._progress: dict[str, Progress] = {}
        self._job: tuple[str, Job] | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    def all(self) -> Sequence[tuple[Download, Progress]]:
        """Return every download and how far it is, the oldest first."""
        return [
            (one, self._progress.get(one.id, Progress())) for one in self._all.values()
        ]

    async def take_up(self) -> None:
        """Go on with what an earlier process left."""
        for found in await asyncio.to_thread(saved_downloads, self._models):
            self._all.setdefault(found.id, found)
        self._start_next()

    async def start(self, hub: str, of: Repository, variant: Variant) -> Download:
        """Download a model, after those that wait already.

        Raises:
            ConflictError: It is being downloaded, or its folder is not there.
            StoreReadOnlyError: The folder of models cannot be written.
        """
        target = await asyncio.to_thread(self._target)
        folder = target.joinpath(*of.repository.split("/"))
        made = Download(
            hub=hub,
            repository=of.repository,
            commit=of.commit,
            name=variant.name,
            folder=folder,
            files=variant.files,
            licence=of.licence,
        )
        if any(one.model_path == made.model_path for one in self._all.values()):
            raise ConflictError("This model is already being downloaded.")
        await self._keep(made)
        self._start_next()
        return made

    async def pause(self, id: str) -> None:
        """Stop a download for now; what has arrived is kept.

        Raises:
            NotFoundError: There is no such download.
        """
        await self._keep(self._get(id).step(DownloadEvent.PAUSE))
        self._end_job(id)

    async def resume(self, id: str) -> None:
        """Go on with a download that was paused, or that failed.

        Raises:
            NotFoundError: There is no such download.
        """
        await self._keep(self._get(id).step(DownloadEvent.RESUME))
        self._start_next()

    async def cancel(self, id: str) -> None:
        """Stop a download and forget what has arrived.

        Raises:
            NotFoundError: There is no such download.
        """
        gone = self._get(id)
        del self._all[id]
        self._end_job(id)
        if self._job and self._job[0] == id and self._task:
            await asyncio.wait({self._task})
        await asyncio.to_thread(gone.forget, self._models)
        self._changed()

    async def close(self) -> None:
        """End the helper process; the next start goes on where it was."""
        self._is_closed = True
        if self._job:
            self._job[1].cancel()
        if self._task:
            await asyncio.wait({self._task})

    def _get(self, id: str) -> Download:
        found = self._all.get(id)
        if found is None:
            raise NotFoundError("This download is no longer there.")
        return found

    async def _keep(self, download: Download) -> None:
        self._all[download.id] = download
        await asyncio.to_thread(download.save, self._models)
        self._changed()

    def _end_job(self, id: str) -> None:
        if self._job and self._job[0] == id:
            self._job[1].cancel()

    def _start_next(self) -> None:
        if not self._is_closed and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        """Do what is queued, until nothing is."""
        while not self._is_closed:
            queued = (
                one for one in self._all.values() if one.state is DownloadState.QUEUED
            )
            following = next(queued, None)
            if following is None:
                return
            await self._download(following)

    async def _download(self, download: Download) -> None:
        running = download.step(DownloadEvent.BEGIN)
        await self._keep(running)
        progress = self._progress.setdefault(download.id, Progress())
        sentence = await asyncio.to_thread(self._listen, running, progress)
        now = self._all.get(download.id)
        if self._is_closed or now is None or now.state is not DownloadState.RUNNING:
            return  # Hearth ends, or somebody paused or cancelled it meanwhile.
        if sentence:
            await self._keep(now.step(DownloadEvent.FAIL, sentence))
            return
        await self._installed(now)
        del self._all[now.id]
        await asyncio.to_thread(now.forget, self._models)
        self._changed()

    def _listen(self, download: Download, progress: Progress) -> str:
        """Run the helper process; return why it failed, "" when it did not."""
        if not download.root.is_dir():
            return _AWAY
        job = Job(download_process.MODULE, self._asked(download), network=True)
        self._job = download.id, job
        # It may have been paused before there was a process to end.
        if self._all.get(download.id) is not download or self._is_closed:
            job.cancel()
        try:
            for event in _answers(job):
                if event["kind"] != "progress":
                    return str(event.get("sentence", ""))
                progress.notice(event["here"], event["waiting"])
                self._changed()
        finally:
            self._job = None
        return _DIED

    def _asked(self, download: Download) -> dict[str, Any]:
        return {
            "hub": download.hub,
            "token": self._token(),
            "repository": download.repository,
            "commit": download.commit,
            "name": download.name,
            "folder": str(download.folder),
            "files": [to_builtins(file) for file in download.files],
        }


def _answers(job: Job) -> Iterator[dict[str, Any]]:
    with contextlib.closing(job.answers()) as answers:
        yield from answers
