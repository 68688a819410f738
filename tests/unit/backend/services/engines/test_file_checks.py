"""A downloaded model is compared with what came, offline, and that can be stopped."""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from backend.errors import ConflictError
from backend.llm.library.checksums import checksum_file, keep_checksum, kept_checksum
from backend.llm.library.installed import delete, installed_in, restore
from backend.services.engines.file_checks import FileChecks
from tests.helpers.gguf_files import write_gguf, write_parts

WITHIN_S = 30


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """A model in parts, as it is after a download."""
    folder = tmp_path / "models/owner/für alle"
    folder.mkdir(parents=True)
    parts = write_parts(folder)
    for part in parts:
        keep_checksum(part, hashlib.sha256(part.read_bytes()).hexdigest())
    return parts


class Desk:
    """Checks of files, and what was found."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.findings: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        self.percents = list[int | None]()
        self.path = Path()
        self.checks = FileChecks(
            lambda: self.percents.append(self.checks.percent(self.path)),
            lambda said, is_good: self.findings.put_nowait((said, is_good)),
        )

    async def check(self, parts: list[Path]) -> tuple[str, bool]:
        self.path = parts[0]
        await self.checks.start(parts[0], "model", parts)
        async with asyncio.timeout(WITHIN_S):
            return await self.findings.get()


def run(act: Callable[[Desk], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        desk = Desk()
        await act(desk)
        await desk.checks.cancel()

    asyncio.run(main())


def test_a_model_that_did_not_change_is_said_to_be_whole(parts: list[Path]) -> None:
    async def act(desk: Desk) -> None:
        found = await desk.check(parts)
        assert found == ("model is what was downloaded, to the last byte.", True)
        assert 100 in desk.percents

    run(act)


def test_one_changed_byte_of_any_part_is_found(parts: list[Path]) -> None:
    async def act(desk: Desk) -> None:
        content = bytearray(parts[2].read_bytes())
        content[-1] ^= 1
        parts[2].write_bytes(content)
        said, is_good = await desk.check(parts)
        assert said.startswith(f"{parts[2].name} is no longer what was downloaded")
        assert not is_good
        parts[2].unlink()
        parts[2].mkdir()
        assert "cannot be read" in (await desk.check(parts))[0]

    run(act)


def test_a_check_can_be_stopped_and_another_one_waits(tmp_path: Path) -> None:
    large = tmp_path / "large.gguf"
    with large.open("wb") as file:
        file.truncate(1 << 40)  # hours of reading
    keep_checksum(large, "0" * 64)

    async def act(desk: Desk) -> None:
        await desk.checks.start(large, "large", [large])
        assert desk.checks.percent(large) == 0
        with pytest.raises(ConflictError, match="Another model is being checked"):
            await desk.checks.start(large, "large", [large])
        async with asyncio.timeout(WITHIN_S):
            await desk.checks.cancel()
        assert desk.checks.percent(large) is None
        assert desk.findings.empty()

    run(act)


def test_what_a_file_was_goes_with_it_into_the_trash_and_back(
    parts: list[Path],
) -> None:
    models = parts[0].parents[2]
    id = delete(models, parts[0])
    assert list(parts[0].parent.iterdir()) == []
    restore(models, id)
    assert list(installed_in(models)[0].checkable) == parts
    checksum_file(parts[1]).write_text("no checksum")
    assert installed_in(models)[0].checkable == ()


def test_a_file_that_was_not_downloaded_has_no_checksum(tmp_path: Path) -> None:
    assert kept_checksum(write_gguf(tmp_path / "own.gguf")) == ""
