"""The way back to an earlier Hearth: which copy it can open, and what that lacks."""

import logging
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from backend.errors import HearthError
from backend.keys.database_key import DatabaseKey
from backend.recovery.jobs import HeavyJob
from backend.services.protection.backup_record import Backup
from backend.services.protection.backups import BackupService
from backend.sqlite.schema import STEPS

log = logging.getLogger("hearth.backups")


class Missing(Struct, frozen=True):
    """What the present data has that a backup lacks.

    Attributes:
        new: How many rows of each table.
        changed: How many that the backup has as they were before.
    """

    new: dict[str, int]
    changed: dict[str, int]

    def sentences(self) -> Iterator[str]:
        """Say it, a line for each kind."""
        for table, count in self.new.items():
            if count:
                yield _counted(count, table)
        if changes := sum(self.changed.values()):
            changed = (_counted(n, table) for table, n in self.changed.items() if n)
            word = "change" if changes == 1 else "changes"
            yield f"the latest {word} in {', '.join(changed)}"


class GoingBack:
    """Looks into backups beside a database that may be of a newer Hearth."""

    def __init__(
        self, database: Path, key: DatabaseKey, backups: BackupService
    ) -> None:
        self._database = database
        self._key = key
        self._backups = backups

    def copy(self) -> Backup | None:
        """Return the newest backup of this database that this Hearth can write; blocks.

        What cannot be opened is passed over.
        """
        for snapshot in self._backups.own():
            name = snapshot.path.name
            try:
                _, key = self._backups.opened(name)
                version = HeavyJob(snapshot.path, key, "schema_version").result()
            except HearthError as exc:
                log.warning("the backup %s is passed over: %s", name, exc)
                continue
            if 0 < version <= len(STEPS):
                return self._backups.find(name)
        return None

    def missing(self, name: str) -> Missing | None:
        """Return what would be missing with a backup; None where nobody can tell.

        Raises:
            NotFoundError: It is not there.
            BackupLockedError: It must be unlocked first.
            StoreDamagedError: Nothing opens it.
        """
        snapshot, key = self._backups.opened(name)
        arguments = {"copy": str(snapshot.path), "copy_key": key or ""}
        present = self._key.of_database
        try:
            found = HeavyJob(self._database, present, "missing", **arguments).result()
        except HearthError as exc:
            log.warning("what a backup lacks is not known: %s", exc)
            return None
        return Missing(
            {table: new for table, (new, _) in found.items()},
            {table: changed for table, (_, changed) in found.items()},
        )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else f'{noun}s'}"
