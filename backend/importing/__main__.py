"""The reading process: `reader` starts it.

It reads one request as a JSON line on its stdin, answers with JSON lines on its stdout,
and ends when its stdin does.
"""

import contextlib
import dataclasses
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from backend.errors import HearthError
from backend.importing.bundles import open_bundle, unreadable
from backend.importing.formats import recognise
from backend.importing.limits import confine, damaged
from backend.importing.reading import Reading
from backend.importing.records import (
    BESIDE_ROW,
    ImportCounts,
    ImportedAction,
    ImportedAssistant,
    ImportedAttachment,
    ImportedConversation,
    ImportedFolder,
    NoteRow,
    Row,
)
from backend.runtime.worker import answer, finish, take_job

_PROGRESS_S: Final = 0.2
_KINDS: Final[dict[type[Row], str]] = {
    NoteRow: "note",
    ImportedAssistant: "assistant",
    ImportedAction: "action",
    ImportedFolder: "folder",
    ImportedAttachment: "attachment",
}
_TOO_MUCH: Final = (
    "This import needs more memory than Hearth allows. Nothing was imported. Export "
    "it in smaller parts."
)


def _say(kind: str, data: dict[str, Any]) -> None:
    answer({"kind": kind, **data})


def _read(path: Path, *, tell_rows: bool) -> None:
    tally = ImportCounts()
    reported_at = 0.0
    with contextlib.closing(open_bundle(path)) as bundle:
        reading = recognise(bundle)
        for row in reading.rows(tally):
            if tell_rows:
                for record in tell(row):
                    answer(record)
            if time.monotonic() - reported_at > _PROGRESS_S:
                reported_at = time.monotonic()
                _say("progress", {"done": reading.done, "total": reading.total})
                sys.stdout.flush()
    _say("end", _summary(reading, tally))


def tell(row: Row) -> Iterator[dict[str, Any]]:
    """Yield the lines for a row; for a conversation, its messages after it."""
    if not isinstance(row, ImportedConversation):
        yield {"kind": _KINDS[type(row)], "row": dataclasses.asdict(row)}
        return
    names = (field.name for field in dataclasses.fields(row))
    head = {name: getattr(row, name) for name in names if name not in BESIDE_ROW}
    yield {
        "kind": "conversation",
        "row": head,
        "parents": {message.id: message.parent for message in row.messages},
        "is_whole": row.is_whole,
    }
    for message in row.messages:
        yield {"kind": "message", "row": dataclasses.asdict(message)}


def _summary(reading: Reading, tally: ImportCounts) -> dict[str, Any]:
    data = {
        field.name: getattr(tally, field.name) for field in dataclasses.fields(tally)
    }
    counted = {"skipped": dict(tally.skipped), "names": dict(tally.names)}
    return data | counted | {"source": reading.source}


def main() -> None:
    """Read what is asked for."""
    asked = take_job()
    confine()
    try:
        _read(Path(asked["path"]), tell_rows=asked["tell_rows"])
    except HearthError as exc:
        _say("error", {"sentence": str(exc)})
    except MemoryError:
        _say("error", {"sentence": _TOO_MUCH})
    except RecursionError:
        _say("error", {"sentence": str(damaged())})
    except OSError as exc:
        _say("error", {"sentence": str(unreadable(exc))})
    finish()


if __name__ == "__main__":
    main()
