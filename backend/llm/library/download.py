"""A download as it is kept: what is wanted, how far it is, and where it can go.

Each is a small JSON file of its own beside the models, so that it outlives any process
and is found again by whoever starts next.
"""

import glob
import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from backend.ids import new_id
from backend.llm.library.hub import RemoteFile
from backend.runtime.regular_files import open_regular
from backend.sqlite.files import make_private_dir, replace_file

SUFFIX: Final = ".download.json"
_MOST_BYTES: Final = 1024 * 1024


class DownloadState(StrEnum):
    """How far a download is."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"
    DONE = "done"


class DownloadEvent(StrEnum):
    """What happens to a download."""

    BEGIN = "begin"
    PAUSE = "pause"
    RESUME = "resume"
    FAIL = "fail"
    FINISH = "finish"
    RESTART = "restart"


_MOVES: Final[Mapping[tuple[DownloadState, DownloadEvent], DownloadState]] = {
    (DownloadState.QUEUED, DownloadEvent.BEGIN): DownloadState.RUNNING,
    (DownloadState.QUEUED, DownloadEvent.PAUSE): DownloadState.PAUSED,
    (DownloadState.RUNNING, DownloadEvent.PAUSE): DownloadState.PAUSED,
    (DownloadState.RUNNING, DownloadEvent.FAIL): DownloadState.FAILED,
    (DownloadState.RUNNING, DownloadEvent.FINISH): DownloadState.DONE,
    (DownloadState.RUNNING, DownloadEvent.RESTART): DownloadState.QUEUED,
    (DownloadState.PAUSED, DownloadEvent.RESUME): DownloadState.QUEUED,
    (DownloadState.FAILED, DownloadEvent.RESUME): DownloadState.QUEUED,
}


def move(state: DownloadState, step: DownloadEvent) -> DownloadState:
    """Return the next state; what does not fit leaves it as it is.

    Two clicks, or a click while a process dies, are no mistakes of anybody.
    """
    return _MOVES.get((state, step), state)


class Download(Struct, frozen=True, kw_only=True):
    """A model that is being downloaded.

    Attributes:
        hub: The address it is asked from.
        commit: The state of the repository that was looked at.
        name: What the model is called.
        folder: Where its files lie in the end.
        files: All of the model, the one that is opened first.
        licence: As the hub calls it.
        error: Why it failed.
    """

    id: str = field(default_factory=new_id)
    hub: str
    repository: str
    commit: str
    name: str
    folder: Path
    files: tuple[RemoteFile, ...]
    licence: str = ""
    state: DownloadState = DownloadState.QUEUED
    error: str = ""

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(file.bytes for file in self.files)

    @property
    def model_path(self) -> Path:
        """The file that is opened in the end."""
        return self.folder / self.files[0].name

    @property
    def root(self) -> Path:
        """The folder of models it goes into, which must be there."""
        return self.folder.parents[self.repository.count("/")]

    def step(self, step: DownloadEvent, error: str = "") -> Self:
        """Return it after something happened to it."""
        return replace(self, state=move(self.state, step), error=error)

    def save(self, models: Path) -> None:
        """Write it down, whole or not at all.

        Raises:
            StoreReadOnlyError: The folder cannot be written.
        """
        make_private_dir(models)
        data = to_builtins(self, enc_hook=str)
        replace_file(models / f"{self.id}{SUFFIX}", json.dumps(data))

    def forget(self, models: Path) -> None:
        """Remove what is written of it, and of files that did not become whole."""
        (models / f"{self.id}{SUFFIX}").unlink(missing_ok=True)
        for file in self.files:
            for part in self.folder.glob(f"{glob.escape(file.name)}.*.part"):
                part.unlink(missing_ok=True)


def saved_downloads(models: Path) -> list[Download]:
    """Return what is written of downloads, the oldest first; passes over damage."""
    found = []
    for path in sorted(models.glob(f"*{SUFFIX}")):
        try:
            with open_regular(path) as file:
                found.append(_read(json.loads(file.read(_MOST_BYTES))))
        except (OSError, ValueError, TypeError, KeyError):
            continue
    return found


def _read(data: dict[str, Any]) -> Download:
    files = tuple(RemoteFile(**file) for file in data.pop("files"))
    folder, state = Path(data.pop("folder")), DownloadState(data.pop("state"))
    if not files:
        raise ValueError("no files")
    return Download(files=files, folder=folder, state=state, **data).step(
        DownloadEvent.RESTART
    )
