"""Brings back a database that is damaged or gone: from the newest good snapshot.

The damaged file is kept. What happened is written down before anything is exchanged, so
that it is shown whenever the process dies.
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from backend.errors import (
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreKeyError,
    StoreReadOnlyError,
)
from backend.ids import now_ms
from backend.interface.stored_values import SnapshotReason
from backend.recovery.encryption_probe import Seal, key_for, seal_of
from backend.recovery.jobs import HeavyJob
from backend.recovery.snapshots import Snapshot
from backend.recovery.swap import (
    drop_staged,
    put_in_place,
    set_aside,
    stage,
    stage_fresh,
)
from backend.sqlite.files import replace_file

log = logging.getLogger("hearth.store")

REPORT_FILE: Final = "rescued.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """What became of a damaged database.

    Attributes:
        at: When it was found, in milliseconds.
        kept: The name of the damaged file; "" when there was none at all.
        restored_to: When the snapshot in its place was made; None for a fresh start.
    """

    at: int
    kept: str
    restored_to: int | None

    @classmethod
    def read(cls, folder: Path) -> "Rescue | None":
        """Return what was not shown yet; None for nothing."""
        try:
            return cls(**json.loads((folder / REPORT_FILE).read_text("utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    @staticmethod
    def forget(folder: Path) -> None:
        """Remember that it was shown."""
        (folder / REPORT_FILE).unlink(missing_ok=True)

    def write(self, folder: Path) -> None:
        """Keep it until it is shown.

        Raises:
            OSError: It cannot be written.
        """
        replace_file(folder / REPORT_FILE, json.dumps(asdict(self)))


def is_gone(database: Path, snapshots: Sequence[Snapshot]) -> bool:
    """Whether there is no database although there was one."""
    return bool(snapshots) and seal_of(database) is Seal.NONE


def is_damaged(
    database: Path, key: str | None, *, look_at_schema: bool = False
) -> bool:
    """Look through the whole file, in a process of its own; it may be in use.

    Args:
        database: The file.
        key: What opens it; None for a plain one.
        look_at_schema: Also take for damaged what has not the schema it should.

    Raises:
        StoreError: It could not be looked through, which says nothing about it.
    """
    jobs = ("quick_check", "schema_check") if look_at_schema else ("quick_check",)
    return any(_finds_damage(database, key, job) for job in jobs)


def _finds_damage(database: Path, key: str | None, job: str) -> bool:
    try:
        found = HeavyJob(database, key, job).result()
    except (StoreDamagedError, StoreKeyError) as exc:
        log.warning("the check of the database failed: %s", exc)
        return True
    if found != ["ok"]:
        log.warning("the database is damaged: %s", found[:3])
    return bool(found != ["ok"])


def repair(
    database: Path, key: str | None, snap: Callable[[SnapshotReason], object]
) -> int | None:
    """Make readable what no check of the file finds.

    Returns:
        In how many places; None for a file that is damaged beyond that.

    Args:
        database: The file; it may be in use.
        key: What opens it; None for a plain one.
        snap: Makes a backup of how it was.

    Raises:
        StoreError: It could not be done.
    """
    try:
        if HeavyJob(database, key, "count_broken").result():
            snap(SnapshotReason.BEFORE_REPAIR)
        repaired: int = HeavyJob(database, key, "repair").result()
    except StoreDamagedError:
        return None
    if repaired:
        log.warning("damaged text or indexes were mended: %s", repaired)
    return repaired


def rescue(database: Path, key: str | None, snapshots: Sequence[Snapshot]) -> Rescue:
    """Keep the damaged file and put the newest good snapshot in its place.

    Without a good one the database begins empty. Nobody may have it open.

    Args:
        database: The damaged file.
        key: Opens encrypted snapshots, and the new database.
        snapshots: Those there are, newest first.

    Raises:
        StoreFullError: The disk has no room for it.
        StoreReadOnlyError: The folder cannot be written.
    """
    kept = set_aside(database)
    staged, source = _stage_newest_good(database, key, snapshots)
    report = Rescue(
        at=now_ms(),
        kept=kept.name if kept else "",
        restored_to=int(source.made_at.timestamp() * 1000) if source else None,
    )
    try:
        report.write(database.parent)
    except OSError as exc:
        raise StoreReadOnlyError(
            "Hearth's database is damaged, and its folder cannot be written. "
            "Check that the disk is not full or read-only.",
        ) from exc
    put_in_place(staged, database, is_aside=True)
    drop_staged(database)
    log.warning("the database was damaged; kept as %s", report.kept)
    return report


def _stage_newest_good(
    database: Path, key: str | None, snapshots: Sequence[Snapshot]
) -> tuple[Path, Snapshot | None]:
    # What was kept before a repair has the damage in it that was to be repaired.
    for snapshot in sorted(
        snapshots, key=lambda one: one.reason == SnapshotReason.BEFORE_REPAIR
    ):
        try:
            return stage(
                snapshot.path, key_for(snapshot.path, key), database, key
            ), snapshot
        except StoreFullError:
            raise
        except StoreError as exc:
            log.warning("a backup cannot be used: %s", exc)
    return stage_fresh(database), None
