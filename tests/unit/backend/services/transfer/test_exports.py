"""An export that fails in any way says so, and another one can begin."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from backend.errors import StoreFullError
from backend.services.transfer.export_files import ExportFormat
from backend.services.transfer.exports import EVERYTHING, ExportService
from backend.store.database import Database
from backend.store.exports import ExportStore
from backend.store.models import Action, Conversation, Note


class Said:
    """Remembers what pages are told."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def changed(self, noun: str) -> None:
        """Take it."""

    def say(self, sentence: str, *, tone: str = "info", undo: str = "") -> None:
        self.sentences.append(sentence)


class FailingStore:
    """A store that cannot be read."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def counts(self) -> Sequence[int]:
        raise self._error


@pytest.mark.expects_errors
@pytest.mark.parametrize("error", [ZeroDivisionError("bug"), StoreFullError("Full.")])
def test_a_failure_is_said_and_leaves_no_export_behind(
    tmp_path: Path, error: Exception
) -> None:
    said = Said()

    async def run() -> None:
        store = cast("ExportStore", FailingStore(error))
        exports = ExportService(store, said, tmp_path / "data")
        for _ in range(2):
            path = tmp_path / "all.json"
            exports.begin(EVERYTHING, ExportFormat.JSON, path, lambda _context: "")
            while exports.current:
                await asyncio.sleep(0.01)

    asyncio.run(run())
    assert len(said.sentences) == 2
    assert all(sentence.startswith("The export failed") for sentence in said.sentences)


def test_everything_holds_what_the_user_made(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    path = tmp_path / "all.json"

    async def run(store: ExportStore) -> None:
        exports = ExportService(store, Said(), tmp_path / "data")
        exports.begin(EVERYTHING, ExportFormat.JSON, path, lambda _context: "")
        while exports.current:
            await asyncio.sleep(0.01)

    with contextlib.closing(Database.open(tmp_path / "data" / "hearth.db")) as database:
        with database.write() as session:
            session.add_all([Conversation(title="T"), Note(body="B")])
            session.add(Action(name="Shorten", prompt="P"))
        asyncio.run(run(ExportStore(database)))
    data = json.loads(path.read_text("utf-8"))
    assert [row["title"] for row in data["conversations"]] == ["T"]
    assert [row["body"] for row in data["notes"]] == ["B"]
    assert [row["prompt"] for row in data["actions"]] == ["P"]
