"""A database and imports into it, and exports that show one path of a talk."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backend.ids import new_id
from backend.importing.__main__ import tell
from backend.services.transfer.import_batches import Batch
from backend.services.transfer.import_reports import Report
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.history.trash import TrashStore
from backend.store.imports.imports import ImportStore
from backend.store.messages import MessageStore
from backend.store.rows import ConversationRow, MessageRow
from tests.helpers.export_samples import BEGAN
from tests.helpers.reading import rows_of, save


@dataclass
class Library:
    """A database, and imports into it."""

    database: Database
    folder: Path

    def bring_in(self, value: object, name: str = "x.json") -> tuple[str, Report, int]:
        """Import an export; return the run, the report and the messages read."""
        source, rows, tally = rows_of(save(self.folder / name, value))
        store = ImportStore(self.database)
        run = store.begin(new_id(), name, source)
        batch = Batch(store, run.id, is_dated=source == "Hearth")
        for row in rows:
            for record in tell(row):
                batch.add(record)
        batch.flush()
        store.end(run.id, "done", batch.report.to_json())
        return run.id, batch.report, tally.messages

    def revert(self, run_id: str) -> None:
        """Undo a whole import."""
        store, before = ImportStore(self.database), 2**53
        undo = store.new_undo()
        while before:
            before = store.revert(run_id, undo, before).before
        store.end(run_id, "undone", "")

    @property
    def conversations(self) -> list[ConversationRow]:
        """What is listed, newest first."""
        return [*ConversationStore(self.database).page(limit=500)]

    def messages(self, number: int = 0) -> list[MessageRow]:
        """Return what a listed conversation shows."""
        shown = self.conversations[number]
        return [*MessageStore(self.database).of_conversation(shown.id, limit=500)]

    def texts(self, number: int = 0) -> list[str]:
        """Return the words a listed conversation shows."""
        return [message.text for message in self.messages(number)]

    def binned(self) -> list[str]:
        """Return the titles in the trash."""
        return sorted(one.title for one in TrashStore(self.database).page())


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Return a new database to import into."""
    (tmp_path / "data").mkdir()
    database = Database.open(tmp_path / "data" / "hearth.db")
    yield Library(database, tmp_path)
    database.close()


def tree(*path: str, also: tuple[str, ...] = (), title: str = "T") -> list[Any]:
    """Return a ChatGPT export that shows a path: "q1 a2 b3" are said at 1, 2, 3 s.

    Args:
        path: What is shown, each after the one before it.
        also: Other answers to the first question that the export holds.
        title: Of the conversation.
    """
    nodes: dict[str, Any] = {}
    placed = [(key, path[n - 1] if n else None) for n, key in enumerate(path)]
    for key, parent in [*placed, *((key, path[0]) for key in also)]:
        name, at = key[:-1], int(key[-1])
        message = {
            "id": key,
            "author": {"role": "user" if name.startswith("q") else "assistant"},
            "create_time": BEGAN + at,
            "content": {"content_type": "text", "parts": [f"text {key}"]},
            "recipient": "all",
            "metadata": {},
        }
        nodes[key] = {"parent": parent, "children": [], "message": message}
    return [
        {
            "id": "c",
            "title": title,
            "create_time": BEGAN,
            "mapping": nodes,
            "current_node": path[-1],
        }
    ]


def texts(*keys: str) -> list[str]:
    """Return the words `tree` gives these messages."""
    return [f"text {key}" for key in keys]
