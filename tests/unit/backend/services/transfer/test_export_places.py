"""An export takes the place of an ordinary file, and of nothing else."""

import asyncio
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.errors import InvalidInputError
from backend.services.transfer.export_files import ExportFormat
from backend.services.transfer.exports import EVERYTHING, ExportService
from backend.store.exports import ExportStore
from tests.helpers.computer import Silence
from tests.helpers.library import Library, open_library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "data") as opened:
        opened.talk("Fire", ("fire?", "hot"))
        yield opened


def strange(kind: str, path: Path) -> None:
    """Put something that is no file where an export is to be."""
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "link":
            path.with_name("precious").write_text("precious")
            path.symlink_to(path.with_name("precious"))
        case "dangling":
            path.symlink_to(path.with_name("not-there"))
        case "socket":
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(str(path))
        case _:
            os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))


def export(library: Library, data: Path, path: Path) -> None:
    service = ExportService(ExportStore(library.database), Silence(), data)

    async def go() -> None:
        service.begin(EVERYTHING, ExportFormat.JSON, path, lambda _: "")
        await service.close()

    asyncio.run(go())


KINDS = ["pipe", "folder", "link", "dangling", "socket"]
KINDS += ["device"] if os.geteuid() == 0 else []


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_a_file_is_replaced(
    library: Library, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "export.json"
    strange(kind, path)
    before = path.lstat()
    with pytest.raises(InvalidInputError):
        export(library, tmp_path / "data", path)
    assert (path.lstat().st_ino, path.lstat().st_mode) == (
        before.st_ino,
        before.st_mode,
    )
    assert not list(tmp_path.glob("*.part"))
