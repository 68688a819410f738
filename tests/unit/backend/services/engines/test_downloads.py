"""Downloads go on over pauses, cuts and restarts, and end in a checked model."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from backend.errors import ConflictError, NotFoundError
from backend.llm.library.download import Download, DownloadState, saved_downloads
from backend.llm.library.hub import Repository
from backend.llm.library.hub_client import HubClient
from backend.llm.library.installed import installed_in
from backend.services.engines.downloads import Downloads
from tests.helpers.gguf_files import write_gguf, write_parts
from tests.helpers.model_hub import REPOSITORY, ModelHub
from tests.helpers.model_server import FakeModelServer, refuse

WITHIN_S = 30


class Desk:
    """Downloads of one hub into one folder, as the sidecar has them."""

    def __init__(self, server: FakeModelServer, models: Path) -> None:
        self.models = models
        self.target = models
        self.server = server
        self.installed: list[Download] = []
        self._news = asyncio.Condition()
        self._loop = asyncio.get_running_loop()
        self.downloads = self.open()

    def open(self) -> Downloads:
        """Return what a sidecar has that starts."""

        async def installed(download: Download) -> None:
            self.installed.append(download)

        self.downloads = Downloads(
            self.models,
            installed,
            lambda: self._loop.call_soon_threadsafe(
                lambda: self._loop.create_task(self._wake())
            ),
            target=lambda: self.target,
        )
        return self.downloads

    async def repository(self) -> Repository:
        return await HubClient(self.server.url).repository(REPOSITORY)

    async def start(self, number: int = 0) -> Download:
        found = await self.repository()
        return await self.downloads.start(
            self.server.url, found, found.variants[number]
        )

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S), self._news:
            await self._news.wait_for(holds)

    def state(self) -> DownloadState:
        return self.downloads.all()[0][0].state

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()


@pytest.fixture
def hub(tmp_path: Path) -> ModelHub:
    path = write_gguf(tmp_path / "tiny-Q4_0.gguf", tensors=200)
    return ModelHub({path.name: path.read_bytes()})


def run(
    hub: ModelHub, tmp_path: Path, act: Callable[[Desk], Coroutine[None, None, None]]
) -> None:
    async def main() -> None:
        with hub.serve() as server:
            desk = Desk(server, tmp_path / "models")
            try:
                await act(desk)
            finally:
                await desk.downloads.close()

    asyncio.run(main())


def test_a_model_arrives_and_is_told_of(hub: ModelHub, tmp_path: Path) -> None:
    async def act(desk: Desk) -> None:
        begun = await desk.start()
        await desk.until(lambda: bool(desk.installed) and not desk.downloads.all())
        assert begun.model_path.read_bytes() == hub.files["tiny-Q4_0.gguf"]
        assert begun.model_path == desk.models / "owner/Tiny-GGUF/tiny-Q4_0.gguf"
        assert saved_downloads(desk.models) == []

    run(hub, tmp_path, act)


def test_all_parts_of_a_model_come(tmp_path: Path) -> None:
    parts = write_parts(tmp_path)
    hub = ModelHub({part.name: part.read_bytes() for part in parts})

    async def act(desk: Desk) -> None:
        begun = await desk.start()
        await desk.until(lambda: bool(desk.installed))
        assert {path.name for path in begun.folder.glob("*.gguf")} == set(hub.files)
        [model] = installed_in(desk.models)
        assert len(model.checkable) == len(parts), "each is kept with its SHA-256"

    run(hub, tmp_path, act)


def test_a_pause_keeps_what_came_and_resume_goes_on(
    hub: ModelHub, tmp_path: Path
) -> None:
    whole = hub.files["tiny-Q4_0.gguf"]

    async def act(desk: Desk) -> None:
        hub.cuts, hub.failures = [100_000], [None, hub.hang]
        begun = await desk.start()
        assert await asyncio.to_thread(hub.hung.wait, WITHIN_S)
        await desk.downloads.pause(begun.id)
        assert desk.state() is DownloadState.PAUSED
        [part] = begun.folder.glob("*.part")
        assert part.read_bytes() == whole[:100_000]
        await desk.downloads.resume(begun.id)
        await desk.until(lambda: bool(desk.installed))
        assert begun.model_path.read_bytes() == whole
        assert hub.ranges == ["", "100000"]

    run(hub, tmp_path, act)


def test_a_download_waits_for_the_disk_it_goes_to(
    hub: ModelHub, tmp_path: Path
) -> None:
    async def act(desk: Desk) -> None:
        hub.cuts, hub.failures = [100_000], [None, hub.hang]
        desk.target, drawer = tmp_path / "stick", tmp_path / "drawer"
        desk.target.mkdir()
        begun = await desk.start()
        assert await asyncio.to_thread(hub.hung.wait, WITHIN_S)
        await desk.downloads.pause(begun.id)
        desk.target.rename(drawer)
        await desk.downloads.resume(begun.id)
        await desk.until(lambda: desk.state() is DownloadState.FAILED)
        assert "Connect its disk" in desk.downloads.all()[0][0].error
        assert not desk.target.exists(), "nothing is filled in its place"
        drawer.rename(desk.target)
        await desk.downloads.resume(begun.id)
        await desk.until(lambda: bool(desk.installed))
        assert begun.model_path.is_relative_to(desk.target)
        assert hub.ranges == ["", "100000"]

    run(hub, tmp_path, act)


def test_the_next_start_goes_on_with_it(hub: ModelHub, tmp_path: Path) -> None:
    async def act(desk: Desk) -> None:
        hub.cuts, hub.failures = [100_000], [None, hub.hang]
        begun = await desk.start()
        assert await asyncio.to_thread(hub.hung.wait, WITHIN_S)
        await desk.downloads.close()
        assert [one.id for one in saved_downloads(desk.models)] == [begun.id]
        await desk.open().take_up()
        await desk.until(lambda: bool(desk.installed))
        assert begun.model_path.read_bytes() == hub.files["tiny-Q4_0.gguf"]
        assert hub.ranges == ["", "100000"]

    run(hub, tmp_path, act)


def test_what_is_no_model_for_chats_is_told(hub: ModelHub, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "embed-Q4_0.gguf", "bert")
    hub.files = {path.name: path.read_bytes()}

    async def act(desk: Desk) -> None:
        await desk.start()
        await desk.until(lambda: desk.state() is DownloadState.FAILED)
        assert "cannot chat" in desk.downloads.all()[0][0].error

    run(hub, tmp_path, act)


def test_a_refusal_is_told_and_can_be_tried_again(
    hub: ModelHub, tmp_path: Path
) -> None:
    async def act(desk: Desk) -> None:
        hub.failures = [refuse(403, {}, "X-Error-Code: GatedRepo")]
        begun = await desk.start()
        await desk.until(lambda: desk.state() is DownloadState.FAILED)
        assert "accepted its terms" in desk.downloads.all()[0][0].error
        await desk.downloads.resume(begun.id)
        await desk.until(lambda: bool(desk.installed))

    run(hub, tmp_path, act)


def test_other_bytes_than_promised_are_refused(hub: ModelHub, tmp_path: Path) -> None:
    hub.lies = {"tiny-Q4_0.gguf": {"sha256": "a" * 64}}

    async def act(desk: Desk) -> None:
        begun = await desk.start()
        await desk.until(lambda: desk.state() is DownloadState.FAILED)
        assert list(begun.folder.iterdir()) == []

    run(hub, tmp_path, act)


def test_cancel_leaves_nothing_behind(hub: ModelHub, tmp_path: Path) -> None:
    hub.failures = [hub.hang]

    async def act(desk: Desk) -> None:
        begun = await desk.start()
        await desk.until(lambda: desk.state() is DownloadState.RUNNING)
        begun.folder.mkdir(parents=True, exist_ok=True)
        (begun.folder / f"tiny-Q4_0.gguf.{'0' * 16}.part").touch()
        await desk.downloads.cancel(begun.id)
        assert desk.downloads.all() == []
        assert list(begun.folder.iterdir()) == []
        with pytest.raises(NotFoundError):
            await desk.downloads.resume(begun.id)

    run(hub, tmp_path, act)


def test_the_same_model_is_downloaded_once(hub: ModelHub, tmp_path: Path) -> None:
    hub.failures = [hub.hang]

    async def act(desk: Desk) -> None:
        await desk.start()
        with pytest.raises(ConflictError):
            await desk.start()

    run(hub, tmp_path, act)
