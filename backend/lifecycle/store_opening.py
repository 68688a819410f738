"""Opens the database as a run needs it: brought back, mended, and put right."""

import contextlib
import logging
import os
from pathlib import Path

from backend.errors import (
    StoreBusyError,
    StoreFullError,
    StoreKeyError,
    StoreReadOnlyError,
    StoreTooNewError,
)
from backend.keys.database_key import DatabaseKey
from backend.recovery.encryption_probe import repair_header
from backend.recovery.restore import is_damaged, is_gone, repair, rescue
from backend.recovery.swap import drop_staged
from backend.runtime.logs import describe_bug
from backend.services.actions.builtin_actions import BUILTIN, VERSION
from backend.services.protection.backups import BackupService
from backend.sqlite.files import check_is_file
from backend.store.actions import ActionStore
from backend.store.attachments.attachments import AttachmentStore
from backend.store.database import Database
from backend.store.messages import MessageStore

log = logging.getLogger("hearth.store")


def open_database(path: Path, key: DatabaseKey, backups: BackupService) -> Database:
    """Open the store; bring it back from a backup when it is damaged or gone.

    Raises:
        StoreError: It cannot be opened, and is as it was.
    """
    check_is_file(path)
    _tidy(path)
    key.load(path)
    snapshots = backups.for_rescue()
    if is_gone(path, snapshots):
        rescue(path, key.value, snapshots)
        return _ready(path, key, backups)
    try:
        return _ready(path, key, backups)
    except (StoreFullError, StoreReadOnlyError, StoreBusyError, StoreTooNewError):
        raise
    except Exception as exc:  # a damaged file raises what it likes
        log.warning("the database does not open: %s", describe_bug(exc))
        if isinstance(exc, StoreKeyError) and key.is_given:
            raise
        repaired = _repair(path, key, backups)
        if repaired == 0:
            raise
    if repaired is None:
        rescue(path, key.value, snapshots)
    return _ready(path, key, backups)


def _tidy(path: Path) -> None:
    if os.access(path.parent, os.W_OK):
        drop_staged(path)
        with contextlib.suppress(OSError):
            repair_header(path)


def _repair(path: Path, key: DatabaseKey, backups: BackupService) -> int | None:
    """Return in how many places it was mended; None when only a backup helps."""
    if is_damaged(path, key.of_database, look_at_schema=True):
        return None
    return repair(path, key.of_database, backups.snap)


def _ready(path: Path, key: DatabaseKey, backups: BackupService) -> Database:
    """Open the database and put right what an earlier run left open."""
    database = Database.open(path, key.load(path))
    database.files.spares = backups.file_folders
    try:
        if database.refusal is None:
            MessageStore(database).interrupt_open()
            AttachmentStore(database).settle()
            ActionStore(database).seed(VERSION, BUILTIN)
    except BaseException:
        database.close()
        raise
    return database
