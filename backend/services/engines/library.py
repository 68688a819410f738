"""The library of models: what is here, what can be had, and bringing it here."""

import asyncio
import errno
import logging
import os
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from backend.errors import (
    ConflictError,
    EngineError,
    NotFoundError,
    StoreFullError,
    StoreReadOnlyError,
)
from backend.ids import now_ms
from backend.llm.builtin.memory import total_memory
from backend.llm.builtin.model_file import without_later_parts
from backend.llm.library import installed as files
from backend.llm.library.curated import Suggestion, suggestions_for
from backend.llm.library.download import Download
from backend.llm.library.hub import FoundModels, Repository
from backend.llm.library.hub_client import HUB, HubClient
from backend.services.engines.downloads import Downloads
from backend.services.engines.file_checks import FileChecks
from backend.services.notices import Tone

if TYPE_CHECKING:
    from backend.keys.api_keys import KeyStore
    from backend.services.engines.engines import EngineService
    from backend.services.engines.model_folders import ModelFolders
    from backend.services.notices import NoticeSink
    from backend.store.settings import SettingStore

log = logging.getLogger("hearth.engines")

T = TypeVar("T")

HUB_SETTING: Final = "hub"
_HUB_KEY: Final = "hub"


class LibraryService:
    """The models on this computer, and those of a hub.

    Attributes:
        folders: Where models are kept.
        downloads: What is on its way.
        checks: What is looked at, whether it is still what was downloaded.
    """

    def __init__(
        self,
        folders: "ModelFolders",
        engines: "EngineService",
        settings: "SettingStore",
        keys: "KeyStore",
        notices: "NoticeSink",
    ) -> None:
        """Know the folders of models."""
        self.folders = folders
        self._engines = engines
        self._settings = settings
        self._keys = keys
        self._notices = notices
        self.downloads = Downloads(
            folders.default,
            self._installed,
            lambda: notices.changed("downloads"),
            self._token,
            folders.for_new,
        )

        self.checks = FileChecks(
            lambda: notices.changed("downloads"),
            lambda said, is_good: notices.say(
                said, tone=Tone.SUCCESS if is_good else Tone.DANGER
            ),
        )

    async def begin(self) -> None:
        """Go on with downloads, and empty the trash of what is old."""
        await asyncio.to_thread(self._tidy_trash)
        await self.downloads.take_up()

    def _tidy_trash(self) -> None:
        try:
            files.adopt_former_trash(self.folders.default)
        except OSError as exc:
            log.warning("models in the former trash stay there: %s", exc)
        for folder in self.folders.all():
            files.forget_old(folder, now_ms())

    def installed(self) -> Sequence[files.InstalledModel]:
        """Return the models in Hearth's folders."""
        found = chain.from_iterable(map(files.installed_in, self.folders.all()))
        return sorted(found, key=lambda model: model.name.lower())

    def deleted(self) -> Sequence[files.DeletedModel]:
        """Return the models in the trash."""
        return list(chain.from_iterable(map(files.deleted, self.folders.all())))

    def choose_folder(self, path: str) -> None:
        """Keep new models elsewhere; "" for Hearth's own folder.

        Raises:
            InvalidInputError: It cannot be a folder for models.
            StoreReadOnlyError: It cannot be written.
        """
        self.folders.choose(path)
        self._notices.changed("downloads")
        self._notices.say(
            "New models go into this folder. Those you have stay where they are.",
            tone=Tone.SUCCESS,
        )

    def suggestions(self) -> Sequence[Suggestion]:
        """Return what to begin with on this computer."""
        return suggestions_for(total_memory())

    def hub(self) -> str:
        """Return the address of the hub: the one set, or the one of the environment.

        `HF_ENDPOINT` is the variable by which other programs learn of a mirror.
        """
        address = self._settings.get(HUB_SETTING) or os.environ.get("HF_ENDPOINT", "")
        return (address or HUB).rstrip("/")

    async def search(self, words: str, page: str = "") -> FoundModels:
        """Look for models on the hub.

        Raises:
            HubError: It cannot be asked.
        """
        client = await asyncio.to_thread(self._client)
        return await client.search(words.strip()[:200], page)

    async def repository(self, name: str) -> Repository:
        """Return which models a repository holds.

        Raises:
            InvalidInputError: The name is none.
            HubError: It is not there, or the hub cannot be asked.
        """
        client = await asyncio.to_thread(self._client)
        return await client.repository(name)

    async def download(self, repository: str, variant: str) -> Download:
        """Begin to download a model.

        Raises:
            HubError: The hub cannot be asked.
            ConflictError: It is no longer there, or comes already.
        """
        client = await asyncio.to_thread(self._client)
        found = await client.repository(repository)
        wanted = next((one for one in found.variants if one.name == variant), None)
        if wanted is None:
            raise ConflictError(
                "The hub no longer has this file. Search for the model again."
            )
        return await self.downloads.start(client.address, found, wanted)

    def keep_hub(self, address: str, token: str) -> None:
        """Ask another hub from now on, or this one with an access token.

        Args:
            address: "" for the usual one.
            token: "" keeps the one there is.

        Raises:
            InvalidInputError: The address is none.
        """
        cleaned = HubClient(address or HUB).address
        kept = "" if cleaned == HUB else cleaned
        self._settings.set(HUB_SETTING, kept)
        if token.strip():
            self._keys.set(_HUB_KEY, token, cleaned)

    async def check(self, path: Path) -> None:
        """Look whether a model is still what was downloaded.

        Raises:
            NotFoundError: It is not there, or nobody kept what it was.
            ConflictError: Another one is being checked.
        """
        here = await asyncio.to_thread(self.installed)
        found = next((one for one in here if one.path == path and one.checkable), None)
        if found is None:
            raise NotFoundError("This model cannot be checked. Download it again.")
        await self.checks.start(path, found.name, found.checkable)

    async def close(self) -> None:
        """End what helper processes do; downloads go on at the next start."""
        await self.downloads.close()
        await self.checks.cancel()

    async def delete(self, path: Path) -> tuple[str, str]:
        """Move a model into the trash; return its name, and what brings it back.

        An engine that uses it is removed with it.

        Raises:
            NotFoundError: It is not in the folder, or no longer.
        """
        for offer in await self._engines.offers():
            if offer.record.path == str(path):
                await self._engines.remove(offer.record.id)
        id = await asyncio.to_thread(_act, partial(self._delete, path))
        self._notices.changed("downloads")
        return path.name.removesuffix(".gguf"), id

    async def restore(self, id: str) -> None:
        """Bring a model back from the trash, ready to answer.

        Raises:
            NotFoundError: It is no longer in the trash.
            ConflictError: Another file is in its place.
        """
        path = await asyncio.to_thread(_act, partial(self._restore, id))
        await self._engines.add_file(path)
        self._notices.changed("engines")
        self._notices.changed("downloads")

    def empty_trash(self, id: str = "") -> None:
        """Delete one model, or all in the trash, for good."""
        for folder in self.folders.all():
            files.forget(folder, id)
        self._notices.changed("downloads")

    def _delete(self, path: Path) -> str:
        folders = self.folders.all()
        within = (one for one in folders if path.is_relative_to(one))
        return files.delete(next(within, self.folders.default), path)

    def _restore(self, id: str) -> Path:
        having = (
            folder
            for folder in self.folders.all()
            if any(model.id == id for model in files.deleted(folder))
        )
        return files.restore(next(having, self.folders.default), id)

    async def add_files(self, paths: Sequence[Path]) -> None:
        """Let model files answer where they are; say of each what came of it."""
        for path in without_later_parts(paths):
            await self._add(path)

    async def _installed(self, download: Download) -> None:
        """Let a model answer that has arrived; one that cannot be run here is kept."""
        await self._add(download.model_path)

    async def _add(self, path: Path) -> None:
        try:
            added = await self._engines.add_file(path)
        except EngineError as exc:
            self._notices.say(f"{path.name}: {exc}", tone=Tone.DANGER)
            return
        self._notices.changed("engines")
        if added.problem:
            self._notices.say(f"{path.name}: {added.problem}", tone=Tone.WARNING)
        else:
            self._notices.say(f"{added.record.name} is ready.", tone=Tone.SUCCESS)

    def _client(self) -> HubClient:
        return HubClient(self.hub(), self._token())

    def _token(self) -> str:
        return self._keys.get(_HUB_KEY, self.hub())


def _act(act: Callable[[], T]) -> T:
    """Do something with files; say in plain words why it cannot be done."""
    try:
        return act()
    except OSError as exc:
        if exc.errno == errno.ENOSPC:
            raise StoreFullError("The disk is full. Make room and try again.") from exc
        raise StoreReadOnlyError(
            "The folder of models cannot be written. Check that the disk is there and "
            "not read-only."
        ) from exc
