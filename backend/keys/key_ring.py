"""The keys of a data folder and of its backups: those at hand, and those sealed.

Backups may need another key than the database: of earlier, or of another computer.
"""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Final

from backend.errors import InvalidInputError, StoreLockedError
from backend.keys.key_file import KEY_BYTES, KeyMode, KeyRecord, new_name
from backend.keys.key_files import keep_beside, records_in
from backend.keys.keyring import OsKeyring

BACKUPS: Final = "backups"
_ASK_AGAIN: Final = (
    "Your conversations are encrypted, and {why}. "
    "Unlock the keyring and try again, or enter your recovery code."
)
_GONE: Final = (
    "Your conversations are encrypted, and the keyring of this computer no longer has "
    "their key. Enter your recovery code; nothing is lost."
)
_ENTER_IT: Final = "Your conversations are encrypted. Enter your passphrase."
_WRONG: Final = (
    "This is neither the passphrase nor the recovery code of this backup. "
    "Check it and try again; nothing was changed."
)


class KeyRing:
    """Finds keys by their records; methods block, so call them in a thread."""

    def __init__(self, folder: Path, keyring: OsKeyring) -> None:
        """Know the keys of a data folder."""
        self._folder = folder
        self._keyring = keyring
        self._known: dict[str, bytes] = {}
        self._lock = threading.RLock()

    def records(self, *further: Path) -> list[KeyRecord]:
        """Return those of the data folder, then the copies beside its backups."""
        return records_in(self._folder, self._folder / BACKUPS, *further)

    def learn(self, key_id: str, key: bytes) -> None:
        """Remember a key for as long as this process runs."""
        with self._lock:
            self._known[key_id] = key

    def at_hand(self, folder: Path) -> list[str]:
        """Return the keys that need no secret, for backups in a folder."""
        with self._lock:
            for record in self.records(folder):
                if record.id not in self._known and record.mode is KeyMode.KEYRING:
                    key = self._kept(record)
                    if key:
                        self._known[record.id] = key
            return list(dict.fromkeys(key.hex() for key in self._known.values()))

    def has_sealed(self, folder: Path) -> bool:
        """Whether there are records of keys that are not at hand."""
        with self._lock:
            keys = [bytes.fromhex(key) for key in self.at_hand(folder)]
            return not all(
                any(record.fits(key) for key in keys) for record in self.records(folder)
            )

    def fetch(self, record: KeyRecord) -> bytes:
        """Return the key of a record from where it is kept.

        Raises:
            StoreLockedError: It cannot be had without the user.
        """
        if record.mode is KeyMode.PASSPHRASE:
            raise StoreLockedError(_ENTER_IT)
        key = self._kept(record)
        if self._keyring.why:
            raise StoreLockedError(_ASK_AGAIN.format(why=self._keyring.why))
        if key is None:
            raise StoreLockedError(_GONE)
        self.learn(record.id, key)
        return key

    def keep(self, key_id: str, key: bytes, patience_s: float | None = None) -> bool:
        """Keep a key in the keyring; return whether it is kept."""
        return self._keyring.set(key_id, key.hex(), patience_s) and (
            self._keyring.get(key_id) == key.hex()
        )

    def keep_again(self, record: KeyRecord, key: bytes) -> bool:
        """Give a keyring that was emptied or replaced its key back.

        Returns:
            Whether the next start opens by itself.
        """
        if record.mode is not KeyMode.KEYRING:
            return False
        return self._keyring.get(record.id) == key.hex() or self.keep(record.id, key)

    def unseal(self, secret: str, *folders: Path) -> list[tuple[KeyRecord, bytes]]:
        """Return the keys that a passphrase or a recovery code opens."""
        tried = ((one, one.opened_by(secret)) for one in self.records(*folders))
        opened = [(record, key) for record, key in tried if key]
        for record, key in opened:
            self.learn(record.id, key)
        return opened

    def unseal_for(self, secret: str, folder: Path) -> list[str]:
        """Return the keys that a secret opens, for backups in a folder.

        Raises:
            InvalidInputError: It opens none of those there are records of.
        """
        opened = self.unseal(secret, folder)
        if not opened:
            raise InvalidInputError(_WRONG)
        return [key.hex() for _, key in opened]

    def bring(self, value: str, folder: Path) -> KeyRecord:
        """Keep the record of a backup's key in the data folder; return it.

        Raises:
            OSError: The data folder cannot be written.
        """
        key = bytes.fromhex(value)
        here = next((one for one in records_in(self._folder) if one.fits(key)), None)
        if here:
            return here
        known = next(one for one in self.records(folder) if one.fits(key))
        # A name of its own: the other computer goes on with its record, and what is
        # changed here, such as the code, does not change over there.
        record = replace(known, id=new_name())
        keep_beside(self._folder, record)
        self.learn(record.id, key)
        return record

    def _kept(self, record: KeyRecord) -> bytes | None:
        """Return the key the keyring has for a record; None for none that fits."""
        try:
            key = bytes.fromhex(self._keyring.get(record.id) or "")
        except ValueError:
            return None
        return key if len(key) == KEY_BYTES and record.fits(key) else None
