"""Reads small exports in this process, as the reading process does."""

import contextlib
import json
from pathlib import Path
from typing import Any

from backend.importing.bundles import open_bundle
from backend.importing.formats import recognise
from backend.importing.records import (
    ImportCounts,
    ImportedConversation,
    ImportedMessage,
    Row,
)

Written = tuple[str, str]


def save(path: Path, value: object) -> Path:
    """Write a file of JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")
    return path


def rows_of(path: Path) -> tuple[str, list[Row], ImportCounts]:
    """Return the programs a file comes from, its rows, and what was counted."""
    tally = ImportCounts()
    with contextlib.closing(open_bundle(path)) as bundle:
        reading = recognise(bundle)
        rows = [*reading.rows(tally)]
    return reading.source, rows, tally


def read(path: Path) -> tuple[str, list[ImportedConversation], ImportCounts]:
    """Return the programs, the conversations and what was counted."""
    source, rows, tally = rows_of(path)
    return source, [row for row in rows if isinstance(row, ImportedConversation)], tally


def read_one(folder: Path, value: object, name: str = "x.json") -> Any:  # noqa: ANN401 unpacked at once
    """Return the only conversation of an export, and what was counted."""
    _, (row,), tally = read(save(folder / name, value))
    return row, tally


def path_to(row: ImportedConversation, leaf: str) -> list[ImportedMessage]:
    """Return the messages of the branch that ends with one."""
    known = {message.id: message for message in row.messages}
    path = [known[leaf]]
    while path[0].parent:
        path.insert(0, known[path[0].parent])
    return path


def shown(row: ImportedConversation) -> list[ImportedMessage]:
    """Return the messages of the branch that is shown."""
    return path_to(row, row.shown_leaf)


def said(row: ImportedConversation) -> list[Written]:
    """Return who said what in the branch that is shown."""
    return [(message.role, message.text) for message in shown(row)]


def branches(row: ImportedConversation) -> list[list[str]]:
    """Return the texts of every branch, by the age of their ends."""
    followed = {message.parent for message in row.messages}
    ends = [message.id for message in row.messages if message.id not in followed]
    return [[message.text for message in path_to(row, end)] for end in ends]
