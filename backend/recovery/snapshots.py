"""Keeps verified copies of the database: made while it is in use, thinned by age."""

import logging
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from backend.attachments.copies import drop_copies, keep_copies
from backend.attachments.files import ATTACHMENTS
from backend.errors import StoreDamagedError
from backend.interface.stored_values import SnapshotReason
from backend.recovery.encryption_probe import key_for
from backend.recovery.jobs import HeavyJob
from backend.recovery.owners import Owner
from backend.sqlite.files import is_ordinary, make_private_dir

log = logging.getLogger("hearth.backups")

_DAYS: Final = 7
_WEEKS: Final = 4
_ALWAYS: Final = 2
"""Has the damage in it, and so never takes the place of another one."""
_BEFORE: Final = "before-"
_WAYS: Final = (SnapshotReason.BEFORE_UPDATE, SnapshotReason.BEFORE_GOING_BACK)
"""What leads to an earlier Hearth, and forward again: the newest of each stays."""
_UNDO_FOR: Final = timedelta(days=7)
_NAME: Final = re.compile(
    r"hearth-(?P<at>\d{8}T\d{12}Z)-(?:(?P<by>[a-z0-9-]+)\.)?(?P<why>[a-z-]+)\.db"
)
_PART: Final = re.compile(r"(.+\.db)\.part(?:-wal|-shm|-journal)?")
_STAMP: Final = "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A copy of the database.

    Attributes:
        reason: Why it was made, a `SnapshotReason`, or a word of a newer Hearth.
        owner: Who made it; None when its name does not tell.
    """

    path: Path
    made_at: datetime
    reason: str
    owner: Owner | None = None

    @property
    def size(self) -> int:
        """How many bytes it takes; 0 when it is gone."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0


class Snapshots:
    """The snapshots of one database; making one blocks, so call from a thread."""

    def __init__(
        self,
        database: Path,
        folder: Path,
        key: str | None = None,
        *,
        unsigned: Collection[str] | None = None,
    ) -> None:
        """Keep the snapshots of a database file in a folder.

        Args:
            database: The file.
            folder: Plain and encrypted snapshots may lie in it side by side.
            key: Opens the database; None for a plain one.
            unsigned: Names without an owner that are this database's all the same;
                None for all of those.
        """
        self._database = database
        self._folder = folder
        self._key = key
        self._unsigned = unsigned

    def all(self) -> list[Snapshot]:
        """Return the snapshots there are, newest first."""
        if not self._folder.is_dir():
            return []
        found = (_read(path) for path in self._folder.iterdir())
        known = [snapshot for snapshot in found if snapshot is not None]
        return newest_first(known)

    def own(self) -> list[Snapshot]:
        """Return those of this database, newest first."""
        return [snapshot for snapshot in self.all() if self.is_own(snapshot)]

    def is_own(self, snapshot: Snapshot) -> bool:
        """Whether it was made of this database, and not of another computer's."""
        if snapshot.owner is None:
            return self._unsigned is None or snapshot.path.name in self._unsigned
        return snapshot.owner.mark == self._owner.mark

    def make(self, reason: SnapshotReason = SnapshotReason.DAILY) -> Snapshot:
        """Make a snapshot; it is there only once it has been opened and checked.

        Raises:
            StoreFullError: The disk has no room for it.
            StoreDamagedError: The database itself is damaged.
            StoreError: It could not be made.
        """
        make_private_dir(self._folder)
        made_at = datetime.now(UTC)
        owner = self._owner
        name = f"hearth-{made_at.strftime(_STAMP)}-{owner}.{reason}.db"
        path = self._folder / name
        HeavyJob(self._database, self._key, "snapshot", target=str(path)).result()
        try:
            keep_copies(self._database.parent / ATTACHMENTS, path)
        except OSError as exc:
            log.warning("attached files are not beside a backup: %s", exc)
        return Snapshot(path=path, made_at=made_at, reason=reason, owner=owner)

    def verify(self, snapshot: Snapshot, key: str | None = None) -> None:
        """Open a snapshot and check the whole of it.

        Args:
            snapshot: Which.
            key: What opens it, if that is not what opens the database.

        Raises:
            StoreDamagedError: It is damaged.
            StoreKeyError: It does not open with this key.
            StoreError: It could not be read.
        """
        key = key_for(snapshot.path, key or self._key)
        if HeavyJob(snapshot.path, key, "integrity_check").result() != ["ok"]:
            raise StoreDamagedError("This backup is damaged. Choose another one.")

    def prune(self, limit_bytes: int | None = None) -> list[Snapshot]:
        """Remove the snapshots nobody will miss, and return those.

        Those of other computers stay, and what they are just writing.

        Args:
            limit_bytes: All together may take as much; the two newest stay anyway.
        """
        known = self.own()
        keep = within(limit_bytes, to_keep(known)) if limit_bytes else to_keep(known)
        removed = [snapshot for snapshot in known if snapshot not in keep]
        for snapshot in removed:
            snapshot.path.unlink(missing_ok=True)
        for part in self._folder.glob("hearth-*.part*"):
            whole = _PART.fullmatch(part.name)
            begun = _named(part.with_name(whole[1])) if whole else None
            if begun is not None and self.is_own(begun):
                # A copy that was cut short.
                part.unlink(missing_ok=True)
        drop_copies(self._folder)
        return removed

    @cached_property
    def _owner(self) -> Owner:
        return Owner.of(self._database.parent)


def is_snapshot(name: str) -> bool:
    """Whether a file of this name is a snapshot, of whatever computer."""
    return _NAME.fullmatch(name) is not None


def newest_first(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    """Return them by when they were made."""
    return sorted(snapshots, key=lambda one: one.made_at, reverse=True)


def to_keep(snapshots: Sequence[Snapshot]) -> set[Snapshot]:
    """Return those to keep: manual ones, the last of 7 days and of 4 weeks.

    What was made before a risky step can be gone back to for a week, and what was made
    before the latest update until the next one.

    Days and weeks without a snapshot do not count, so that a machine that was off
    for a month keeps its old ones.
    """
    ordered = newest_first(snapshots)
    lasting = [
        one for one in reversed(ordered) if one.reason != SnapshotReason.BEFORE_REPAIR
    ]
    by_day = {one.made_at.date(): one for one in lasting}
    by_week = {one.made_at.isocalendar()[:2]: one for one in lasting}
    asked = {
        one
        for one in snapshots
        if one.reason == SnapshotReason.MANUAL
        or (
            one.reason.startswith(_BEFORE)
            and ordered[0].made_at - one.made_at < _UNDO_FOR
        )
    }
    return (
        asked
        | _ways(snapshots)
        | _newest(by_day.values(), _DAYS)
        | _newest(by_week.values(), _WEEKS)
    )


def within(limit_bytes: int, snapshots: Collection[Snapshot]) -> set[Snapshot]:
    """Return those that fit, without the oldest.

    Manual ones do, those that lead to another version, and the two newest.
    """
    keep, taken, ways = set[Snapshot](), 0, _ways(snapshots)
    for number, snapshot in enumerate(newest_first(snapshots)):
        taken += snapshot.size
        must_stay = number < _ALWAYS or snapshot.reason == SnapshotReason.MANUAL
        if must_stay or snapshot in ways or taken <= limit_bytes:
            keep.add(snapshot)
    return keep


def _ways(snapshots: Collection[Snapshot]) -> set[Snapshot]:
    newest = {one.reason: one for one in reversed(newest_first(snapshots))}
    return {newest[reason] for reason in _WAYS if reason in newest}


def _newest(snapshots: Iterable[Snapshot], count: int) -> set[Snapshot]:
    return set(newest_first(snapshots)[:count])


def _read(path: Path) -> Snapshot | None:
    return _named(path) if is_ordinary(path) else None


def _named(path: Path) -> Snapshot | None:
    match = _NAME.fullmatch(path.name)
    owner = Owner.read(match["by"]) if match and match["by"] else None
    if match is None or (match["by"] and owner is None):
        return None
    try:
        made_at = datetime.strptime(match["at"], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Snapshot(path=path, made_at=made_at, reason=match["why"], owner=owner)
