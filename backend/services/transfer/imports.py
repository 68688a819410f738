"""Imports: look at a file, import it, cancel, and take it back as a whole."""

import asyncio
import logging
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from backend.errors import ConflictError, HearthError, InvalidInputError, NotFoundError
from backend.ids import new_id
from backend.importing.reader import Reader
from backend.importing.records import Source
from backend.services.notices import NoticeSink
from backend.services.transfer.import_batches import BREATH_S, Batch
from backend.services.transfer.import_reports import Report, Summary
from backend.services.transfer.import_states import UNFINISHED, ImportState, move

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.store.imports.imports import ImportStore
    from backend.store.models import ImportRun

log = logging.getLogger("hearth.imports")

NOUN: Final = "imports"
_REPORT_EVERY_S: Final = 0.25
_CLOSE_S: Final = 2.0
_BUSY: Final = "Another import is running. Wait until it ends, or cancel it."
_BUG: Final = (
    "The import failed because of an error in Hearth. See the log for details."
)


class Import(Struct, frozen=True, kw_only=True):
    """The import the user is at.

    Attributes:
        share: How much of the file is read, from 0 to 1.
        error: Why it failed, for the user.
        stamp: Whether the file is still the one that was looked at.
    """

    id: str
    path: Path
    stamp: tuple[int, int]
    state: ImportState = ImportState.LOOKING
    summary: Summary | None = None
    report: Report = field(default_factory=Report)
    share: float = 0.0
    error: str = ""


class ImportService:
    """One import at a time, as a task of its own."""

    def __init__(self, store: "ImportStore", notices: NoticeSink) -> None:
        self._store = store
        self._notices = notices
        self._current: Import | None = None
        self._reader: Reader | None = None
        self._cancelled = threading.Event()
        self._task: asyncio.Task[None] | None = None
        self._reported_at = 0.0
        self._is_closing = False

    @property
    def current(self) -> Import | None:
        """The import that is looked at, under way or just ended."""
        return self._current

    def past(self) -> "Sequence[ImportRun]":
        """Return the imports that have ended, newest first."""
        return self._store.latest()

    def look(self, path: Path) -> Import:
        """Begin to look at a file; what it holds is shown when that is known.

        Raises:
            InvalidInputError: There is no such file.
            ConflictError: Another import is under way.
        """
        if self._current and self._current.state in UNFINISHED:
            raise ConflictError(_BUSY)
        self._stop_reading()
        self._current = Import(id=new_id(), path=path, stamp=_stamp(path))
        self._begin(self._look(self._current))
        return self._current

    def begin(self, import_id: str) -> None:
        """Import what was looked at.

        Raises:
            ConflictError: It is not there to be imported, or the file has changed.
        """
        current = self._expect(import_id)
        if _stamp(current.path) != current.stamp:
            raise ConflictError(
                "The file has changed since you chose it. Choose it again."
            )
        self._go(ImportState.IMPORTING, share=0.0)
        self._begin(self._import(current))

    def cancel(self, import_id: str) -> None:
        """End an import; what it has stored is taken back. Or put an ended one away.

        Raises:
            NotFoundError: It is not the current one.
            ConflictError: It is being taken back.
        """
        current = self._expect(import_id)
        if current.state is ImportState.IMPORTING:
            self._stop_reading()
            return
        self._go(ImportState.DISMISSED)
        self._stop_reading()
        self._current = None
        self._tell()

    async def undo(self, run_id: str) -> None:
        """Begin to take a past import back.

        Raises:
            NotFoundError: There is no such import.
            ConflictError: It was taken back, or another one is at work.
        """
        run = await asyncio.to_thread(self._store.get, run_id)
        if self._current and self._current.state in UNFINISHED:
            raise ConflictError(_BUSY)
        state = move(ImportState.stored(run.state), ImportState.UNDOING)
        report = Report.from_json(run.report)
        self._stop_reading()
        self._current = Import(
            id=run_id, path=Path(run.name), stamp=(0, 0), state=state, report=report
        )
        self._begin(self._revert(self._current))

    def recover(self) -> None:
        """Take back what an earlier run of Hearth did not bring to its end."""
        for run in self._store.latest():
            state = ImportState.stored(run.state)
            if state not in UNFINISHED:
                continue
            self._undo_all(run.id, Report.from_json(run.report))
            if state is ImportState.IMPORTING:
                self._notices.say(
                    f"The import of {run.name} was interrupted, and what it had added "
                    "is in the trash. Import the file again."
                )

    async def close(self) -> None:
        """End what is under way; it is taken back at the next start."""
        self._is_closing = True
        self._stop_reading()
        if self._task:
            await asyncio.wait([self._task], timeout=_CLOSE_S)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._cancelled.clear()
        self._task = asyncio.create_task(work, name="import")
        self._tell()

    async def _look(self, current: Import) -> None:
        try:
            summary, _ = await asyncio.to_thread(self._read, current, None)
        except HearthError as exc:
            self._fail(current, str(exc))
        except Exception:  # a bug must not leave the page waiting
            log.exception("looking at an import failed")
            self._fail(current, _BUG)
        else:
            if self._is_current(current):
                self._go(ImportState.READY, summary=summary)

    async def _import(self, current: Import) -> None:
        source = current.summary.source if current.summary else ""
        try:
            summary, report = await asyncio.to_thread(self._store_all, current, source)
        except HearthError as exc:
            why = "" if self._cancelled.is_set() else str(exc)
        except Exception:  # a bug must not leave half an import
            log.exception("an import failed")
            why = _BUG
        else:
            self._go(ImportState.DONE, summary=summary, report=report, share=1.0)
            return
        if not self._is_closing:
            self._go(ImportState.UNDOING)
            await self._revert(current, why)

    async def _revert(self, current: Import, error: str = "") -> None:
        try:
            report = await asyncio.to_thread(
                self._take_back, current.id, current.report
            )
        except HearthError as exc:
            self._go(ImportState.FAILED, error=f"It could not be undone. {exc}")
            return
        except Exception:  # a bug must not leave the page waiting
            log.exception("an import could not be taken back")
            self._go(ImportState.FAILED, error=f"It could not be undone. {_BUG}")
            return
        to = ImportState.FAILED if error else ImportState.UNDONE
        self._go(to, error=error, report=report)

    def _store_all(self, current: Import, source: str) -> tuple[Summary, Report]:
        self._store.begin(current.id, current.path.name, source)
        summary, report = self._read(current, current.id)
        self._store.end(current.id, ImportState.DONE, report.to_json())
        return summary, report

    def _take_back(self, run_id: str, report: Report) -> Report:
        self._store.end(run_id, ImportState.UNDOING, report.to_json())
        return self._undo_all(run_id, report)

    def _read(self, current: Import, run_id: str | None) -> tuple[Summary, Report]:
        """Read the file, and store its rows when there is a run; in a thread."""
        self._reader = reader = Reader(current.path, tell_rows=run_id is not None)
        if self._cancelled.is_set():
            reader.cancel()
        is_dated = bool(current.summary and current.summary.source == Source.HEARTH)
        batch = Batch(self._store, run_id or "", is_dated=is_dated)
        for event in reader.events():
            match event["kind"]:
                case "progress":
                    self._progress(current, event["done"] / max(1, event["total"]))
                case "end":
                    batch.flush()
                    return Summary.of(event), batch.report
                case _:
                    batch.add(event)
        raise InvalidInputError("The file could not be read completely.")

    def _undo_all(self, run_id: str, report: Report) -> Report:
        undo_id, before, kept = self._store.new_undo(), 2**53, 0
        while before:
            if self._is_closing:
                raise ConflictError(
                    "Hearth is closing. This continues at the next start."
                )
            step = self._store.revert(run_id, undo_id, before)
            before, kept = step.before, kept + step.kept
            time.sleep(BREATH_S)
        report = replace(report, kept=kept)
        self._store.end(run_id, ImportState.UNDONE, report.to_json())
        return report

    def _progress(self, current: Import, share: float) -> None:
        if time.monotonic() - self._reported_at < _REPORT_EVERY_S:
            return
        self._reported_at = time.monotonic()
        if self._current and self._is_current(current):
            self._current = replace(self._current, share=share)
            self._tell()

    def _is_current(self, current: Import) -> bool:
        return self._current is not None and self._current.id == current.id

    def _fail(self, current: Import, sentence: str) -> None:
        if self._is_current(current):
            self._go(ImportState.FAILED, error=sentence)

    def _expect(self, import_id: str) -> Import:
        if self._current is None or self._current.id != import_id:
            raise NotFoundError(
                "This import is no longer there. Choose the file again."
            )
        return self._current

    def _go(self, to: ImportState, **fields: Any) -> None:  # noqa: ANN401 of Import
        if self._current is None:
            return
        state = move(self._current.state, to)
        self._current = replace(self._current, state=state, **fields)
        self._tell()

    def _stop_reading(self) -> None:
        self._cancelled.set()
        if self._reader:
            self._reader.cancel()

    def _tell(self) -> None:
        self._notices.changed(NOUN)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except (OSError, ValueError) as exc:
        raise InvalidInputError("There is no such file. Choose it again.") from exc
    return stat.st_mtime_ns, stat.st_size
