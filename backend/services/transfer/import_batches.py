"""Stores what the reader tells, in batches, and counts what that came to."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from backend.interface.stored_values import TitleSource
from backend.services.actions.forms import as_imported
from backend.services.assistants.forms import is_usable
from backend.services.chat.titles import title_from
from backend.services.transfer.import_reports import Report
from backend.store.imports.plans import ImportDecision, Plan, SourceExport

if TYPE_CHECKING:
    from backend.store.imports.imports import ImportStore

BREATH_S: Final = 0.002
"""Between two batches, so that whoever waits for the write lock gets it."""
_BATCH_ROWS: Final = 40
_BATCH_CHARS: Final = 25_000
"""Stored in about 15 ms on a slow machine: the driver stops every thread meanwhile."""
_TABLES: Final = ("folder", "conversation", "note", "message", "assistant", "action")
"""In the order they are stored."""


class Batch:
    """Collects rows until they are worth a transaction.

    Attributes:
        report: What has been stored so far.
    """

    def __init__(self, store: "ImportStore", run_id: str, *, is_dated: bool) -> None:
        """Store for an import.

        Args:
            store: Keeps the rows.
            run_id: The import.
            is_dated: Whether rows tell when they were changed in their source.
        """
        self._store = store
        self._run_id = run_id
        self._is_dated = is_dated
        self._rows: list[tuple[str, dict[str, Any]]] = []
        self._chars = 0
        self._untitled: dict[str, Any] | None = None
        self._moved: dict[str, str] = {}
        self._plan = Plan(verdict=ImportDecision.NEW)
        self.report = Report()

    def add(self, data: Mapping[str, Any]) -> None:
        """Take what the reader tells; it may be stored now or later."""
        table, row = data["kind"], data["row"]
        match table:
            case "conversation":
                self._begin(data)
            case "message":
                self._say(row)
            case "action":
                if facts := as_imported(row):
                    self._take(table, row | facts)
                else:
                    self.report = replace(self.report, unfit=self.report.unfit + 1)
            case "attachment":
                self.flush()
                moved = self._moved.get(row["message_id"], row["message_id"])
                self._store.attach(self._run_id, row | {"message_id": moved})
            case "note":
                moved = self._moved.get(row["message_id"], row["message_id"])
                self._take(table, row | {"message_id": moved})
            case "assistant" if not is_usable(row):
                self.report = replace(self.report, unfit=self.report.unfit + 1)
            case _:
                self._take(table, row)

    def flush(self) -> None:
        """Store what was taken, one kind after the other."""
        for table in _TABLES:
            if rows := [pair for pair in self._rows if pair[0] == table]:
                added = self._store.add(self._run_id, rows, is_dated=self._is_dated)
                self.report = self.report.plus(table, added)
        self._rows, self._chars, self._untitled = [], 0, None
        time.sleep(BREATH_S)

    def _begin(self, data: Mapping[str, Any]) -> None:
        """Begin a conversation: what its messages become depends on what is here."""
        row = data["row"]
        if any(kept["id"] == row["id"] for _, kept in self._rows):
            self.flush()
        export = SourceExport(row["id"], data["parents"], data["is_whole"])
        self._plan = plan = self._store.plan(export)
        for some in _in_steps(plan.replaced):
            replaced = self._store.replace(self._run_id, some)
            self.report = self.report.with_replaced(replaced)
            time.sleep(BREATH_S)
        self.report = self.report.with_plan(plan)
        has_new = len(plan.here) < len(export.parents)
        names = ("latest", "shown_leaf")
        row |= {name: plan.ids.get(row[name], row[name]) for name in names}
        self._moved |= plan.ids
        if plan.verdict is not ImportDecision.NEW and not has_new:
            # What says nothing new does not go to the top of the list.
            row["latest"] = ""
        if plan.verdict is ImportDecision.OLDER:
            row |= {"latest": "", "title": "", "shown_leaf": ""}
        elif not row["title"] and not self._is_dated:
            self._untitled = row
        self._take("conversation", row)

    def _say(self, row: dict[str, Any]) -> None:
        plan = self._plan
        row_id = plan.ids.get(row["id"], row["id"])
        if self._untitled and row["role"] == "user":
            # Its row is still here: a batch is never stored right after a head.
            title = title_from(row["text"])
            self._untitled |= {"title": title, "title_source": TitleSource.TEXT}
            self._untitled = None
        if plan.verdict is ImportDecision.OLDER or row_id in plan.binned:
            self.report = self.report.with_left(plan, row_id)
            return
        names = ("id", "reply_to", "parent")
        row |= {name: plan.ids.get(row[name], row[name]) for name in names}
        row["parent"] = plan.parents.get(row_id, row["parent"])
        self._take("message", row)

    def _take(self, table: str, row: dict[str, Any]) -> None:
        self._rows.append((table, row))
        self._chars += sum(len(v) for v in row.values() if isinstance(v, str))
        is_full = len(self._rows) >= _BATCH_ROWS or self._chars >= _BATCH_CHARS
        if is_full and table != "conversation":
            self.flush()


def _in_steps(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _BATCH_ROWS):
        yield ids[start : start + _BATCH_ROWS]
