"""Reads small exports in this process, as the reading process does."""

import contextlib
import json
from pathlib import Path
from typing import Any

from backend.importing.bundles import open_bundle
from backend.importing.formats import recognise
from backend.importing.records import ImportCounts, ImportedConversation, Row

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


def said(row: ImportedConversation) -> list[Written]:
    """Return who said what."""
    return [(message.role, message.text) for message in row.messages]
