"""Finds what opens a backup: a key at hand, or one that a secret opens."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from backend.errors import BackupLockedError, InvalidInputError, StoreDamagedError
from backend.keys.database_key import DatabaseKey
from backend.recovery.encryption_probe import Seal, opens, seal_of
from backend.recovery.snapshots import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

_LOCKED: Final = (
    "This backup is encrypted with another key. "
    "Enter its passphrase or its recovery code."
)
_NO_RECORD: Final = (
    "This backup does not open with the key of this computer. It is damaged, or the "
    "key file of the computer that made it (its name begins with key) is missing: "
    "copy it next to the backup and try again."
)
_NOT_ITS_KEY: Final = (
    "What you entered is right, but its key does not open this backup. "
    "Choose another backup."
)


class BackupKeys:
    """The keys of the backups of one data folder, and of others beside them."""

    def __init__(self, key: DatabaseKey) -> None:
        """Begin with the key of the database."""
        self._key = key
        self._opening: dict[tuple[Path, int, int, str], bool] = {}

    def is_locked(self, snapshot: Snapshot) -> bool:
        """Whether a secret must be entered before it can be restored."""
        try:
            self.key_of(snapshot)
        except BackupLockedError:
            return True
        except StoreDamagedError:
            pass
        return False

    def key_of(self, snapshot: Snapshot, secret: str = "") -> str | None:
        """Return what opens a backup; None for a plain one.

        Raises:
            BackupLockedError: It needs a secret, and none was given.
            InvalidInputError: The secret is wrong, or that of another backup.
            StoreDamagedError: Nothing opens it, and nothing can be asked for.
        """
        if seal_of(snapshot.path) is not Seal.ENCRYPTED:
            return None
        folder = snapshot.path.parent
        # Mostly the present key does, and no other is looked for.
        fitting = self._first_that_opens(snapshot, [self._key.value])
        fitting = fitting or self._first_that_opens(
            snapshot, self._key.ring.at_hand(folder)
        )
        if fitting:
            return fitting
        if not self._key.ring.has_sealed(folder):
            raise StoreDamagedError(_NO_RECORD)
        if not secret:
            raise BackupLockedError(_LOCKED)
        unsealed = self._key.ring.unseal_for(secret, folder)
        fitting = self._first_that_opens(snapshot, unsealed)
        if fitting is None:
            raise InvalidInputError(_NOT_ITS_KEY)
        return fitting

    def _first_that_opens(
        self, snapshot: Snapshot, keys: Sequence[str | None]
    ) -> str | None:
        status = snapshot.path.stat()
        for key in filter(None, keys):
            # A list of many backups is shown again and again.
            asked = (snapshot.path, status.st_mtime_ns, status.st_size, key)
            if asked not in self._opening:
                self._opening[asked] = opens(snapshot.path, key)
            if self._opening[asked]:
                return key
        return None
