"""Keeps the key of the database: in the OS keyring, or sealed under a passphrase.

There is one random key per data folder, made once and for all. Choosing another way to
keep it only rewrites `key.json`; whether a file is encrypted is read off the file
itself, so that the two can never disagree. The key file also holds the key sealed under
the recovery code, and a check value that tells a wrong key from a damaged file.

The sidecar asks the keyring itself, in a thread beside the heavy imports: the shell
stays quick, and what cannot be opened is a page like any other.
"""

import json
import logging
import secrets
import threading
from dataclasses import replace
from pathlib import Path
from typing import Final

from backend.errors import InvalidInputError, StoreLockedError, StoreReadOnlyError
from backend.key_record import FORMAT, KeyMode, KeyRecord, check_of
from backend.os_keyring import FIRST_PATIENCE_S, OsKeyring
from backend.sealing import Sealed, new_recovery_code, normal_code
from backend.store.files import make_private_dir, replace_file
from backend.store.seals import Seal, key_for, seal_of

log = logging.getLogger("hearth.keys")

KEY_FILE: Final = "key.json"
MIN_PASSPHRASE_CHARS: Final = 8
_KEY_BYTES: Final = 32

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
    "This is neither the passphrase nor the recovery code of this data folder. "
    "Check it and try again; your data is as it was."
)
_UNWRITABLE: Final = (
    "Hearth cannot write in its data folder, so nothing was changed. "
    "Check that the disk is not full or read-only."
)


class DatabaseKey:
    """The key of one data folder; methods block, so call them in a thread.

    Attributes:
        of_database: What opens the database as it is now; None for a plain one.
        first_code: A recovery code nobody asked for, until the user has noted it.
    """

    def __init__(
        self, folder: Path, keyring: OsKeyring, given: str | None = None
    ) -> None:
        """Keep the key of the database in this folder.

        Args:
            folder: The data folder.
            keyring: Where the key is kept unless the user chose otherwise.
            given: A key to use instead, in hexadecimal; nothing is kept then.
        """
        self._folder = folder
        self._keyring = keyring
        self._given = given
        self._key: bytes | None = None
        self._lock = threading.RLock()
        self.of_database: str | None = None
        self.first_code = ""

    @property
    def value(self) -> str | None:
        """The key in hexadecimal, once it is known."""
        return self._given or (self._key.hex() if self._key else None)

    @property
    def mode(self) -> KeyMode | None:
        """Where the key is kept; None when there is none."""
        record = self._record()
        return record.mode if record else None

    @property
    def has_recovery_code(self) -> bool:
        """Whether a recovery code opens it."""
        record = self._record()
        return record is not None and record.recovery is not None

    @property
    def needs_noting(self) -> bool:
        """Whether all is lost with the keyring, as far as the user has said."""
        record = self._record()
        return (
            self.of_database is not None
            and record is not None
            and record.mode is KeyMode.KEYRING
            and not (record.recovery and record.is_noted)
        )

    @property
    def is_left_plain(self) -> bool:
        """Whether the database is plain without the user having said so."""
        path = self._folder / KEY_FILE
        is_open = self.of_database is None and self._given is None
        return is_open and self._record() is None and not path.exists()

    @property
    def keyring_problem(self) -> str:
        """What was wrong with the keyring when it was asked last; "" for nothing."""
        return self._keyring.why

    @property
    def is_given(self) -> bool:
        """Whether it came from outside, and so may be a wrong one."""
        return self._given is not None

    def settle(self, database: Path) -> str | None:
        """Look at the database, which must be closed, and return what opens it."""
        self.of_database = self.for_file(database)
        return self.of_database

    def for_file(self, path: Path) -> str | None:
        """Return what opens a file: None for a plain one."""
        return key_for(path, self.value)

    def unlock_at_start(self, database: Path) -> None:
        """Get the key if the database needs one; make one for a new database.

        Raises:
            StoreLockedError: It needs a key that cannot be had without the user.
        """
        with self._lock:
            seal = seal_of(database)
            if self.value or seal is Seal.PLAIN:
                return
            record = self._record()
            if record:
                self._fetch(record)
            elif seal is Seal.NONE:
                self._make_kept()

    def unlock(self, secret: str) -> None:
        """Get the key by a passphrase or a recovery code.

        Raises:
            InvalidInputError: It is neither.
        """
        with self._lock:
            record = self._record()
            if record is None:
                raise InvalidInputError(_WRONG)
            key = _opened(record, secret)
            if key is None or not record.fits(key):
                raise InvalidInputError(_WRONG)
            self._key = key
            if record.mode is KeyMode.KEYRING and self._keyring.get(record.id) is None:
                # Emptied or replaced: the next start shall open by itself again.
                self._keyring.set(record.id, key.hex())

    def keep_in_keyring(self) -> None:
        """Keep the key in the keyring from now on; make one if there is none.

        Raises:
            InvalidInputError: There is no keyring that keeps it.
            StoreReadOnlyError: The data folder cannot be written.
        """
        with self._lock:
            key, record = self._key_and_record()
            if not self._kept(record.id, key):
                why = self._keyring.why or "the keyring of this computer lost it again"
                raise InvalidInputError(
                    f"The key cannot be kept there: {why}. Choose a passphrase."
                )
            self._write(replace(record, mode=KeyMode.KEYRING, passphrase=None), key)

    def protect(self, passphrase: str) -> None:
        """Keep the key sealed under a passphrase from now on, and nowhere else.

        Raises:
            InvalidInputError: The passphrase is too short.
            StoreReadOnlyError: The data folder cannot be written.
        """
        if len(passphrase) < MIN_PASSPHRASE_CHARS:
            raise InvalidInputError(
                f"Choose a passphrase of at least {MIN_PASSPHRASE_CHARS} characters."
            )
        with self._lock:
            if self._key is None and self._record():
                # The key of earlier, encrypted backups is not to be lost.
                self._open_again(passphrase)
            key, record = self._key_and_record()
            sealed = Sealed.make(key, passphrase)
            self._write(
                replace(record, mode=KeyMode.PASSPHRASE, passphrase=sealed), key
            )
            if record.mode is KeyMode.KEYRING:
                self._keyring.delete(record.id)

    def want(self) -> str | None:
        """Return the key also when the database is plain: backups may need it.

        Raises:
            StoreLockedError: It cannot be had without the user.
        """
        with self._lock:
            record = self._record()
            if self.value is None and record:
                self._fetch(record)
            return self.value

    def new_recovery_code(self) -> str:
        """Return a code that opens the database; an earlier one no longer does.

        Raises:
            InvalidInputError: There is no key to recover.
            StoreReadOnlyError: The data folder cannot be written.
        """
        with self._lock:
            record = self._record()
            if self._key is None or record is None:
                raise InvalidInputError("Nothing is encrypted, so no code is needed.")
            code = new_recovery_code()
            sealed = Sealed.make(self._key, normal_code(code))
            self._write(replace(record, recovery=sealed, is_noted=True), self._key)
            self.first_code = ""
            return code

    def make_first_code(self) -> None:
        """Make a recovery code to be shown unasked, unless there is one already.

        Raises:
            StoreReadOnlyError: The data folder cannot be written.
        """
        with self._lock:
            if self._key and self.needs_noting and not self.has_recovery_code:
                code = self.new_recovery_code()
                self._note(is_noted=False)
                self.first_code = code

    def note_recovery_code(self) -> None:
        """Remember that the user has written the code down.

        Raises:
            StoreReadOnlyError: The data folder cannot be written.
        """
        with self._lock:
            self._note(is_noted=True)
            self.first_code = ""

    def copy_beside(self, folder: Path) -> None:
        """Put the key file beside backups, so that the recovery code opens those.

        Raises:
            OSError: It cannot be written there.
        """
        record = self._record()
        if record and KeyRecord.read(folder / KEY_FILE) != record:
            replace_file(folder / KEY_FILE, record.to_text())

    def leave_plain(self) -> None:
        """Remember that the user knows the database to be plain.

        Raises:
            StoreReadOnlyError: The data folder cannot be written.
        """
        with self._lock:
            if self.is_left_plain:
                self._write_text(json.dumps({"format": FORMAT}))

    def _note(self, *, is_noted: bool) -> None:
        record = self._record()
        if record and self._key:
            self._write(replace(record, is_noted=is_noted), self._key)

    def _open_again(self, secret: str) -> None:
        record = self._record()
        if record and record.mode is KeyMode.PASSPHRASE:
            self.unlock(secret)

    def _record(self) -> KeyRecord | None:
        """Read the key file, or its copy beside the backups when it is lost."""
        if self._given:
            return None
        places = (self._folder, self._folder / "backups")
        found = (KeyRecord.read(place / KEY_FILE) for place in places)
        return next((record for record in found if record), None)

    def _fetch(self, record: KeyRecord) -> None:
        if record.mode is KeyMode.PASSPHRASE:
            raise StoreLockedError(_ENTER_IT)
        kept = self._keyring.get(record.id)
        if self._keyring.why:
            raise StoreLockedError(_ASK_AGAIN.format(why=self._keyring.why))
        key = _from_hex(kept or "")
        if key is None or not record.fits(key):
            raise StoreLockedError(_GONE)
        self._key = key

    def _make_kept(self) -> None:
        """Make a key for a new database, unless nothing here would keep it."""
        key, record = _new()
        if not self._kept(record.id, key, FIRST_PATIENCE_S):
            log.info("not encrypted yet: %s", self._keyring.why)
            return
        make_private_dir(self._folder)
        self._write(record, key)

    def _kept(self, name: str, key: bytes, patience_s: float | None = None) -> bool:
        return self._keyring.set(name, key.hex(), patience_s) and (
            self._keyring.get(name) == key.hex()
        )

    def _key_and_record(self) -> tuple[bytes, KeyRecord]:
        record = self._record()
        if self._key and record:
            return self._key, record
        if record:
            # Backups may be encrypted although the database is not: one key for all.
            self._fetch(record)
            return self._key or b"", record
        return _new()

    def _write(self, record: KeyRecord, key: bytes) -> None:
        self._write_text(record.to_text())
        self._key = key

    def _write_text(self, text: str) -> None:
        try:
            replace_file(self._folder / KEY_FILE, text)
            copy = self._folder / "backups"
            if copy.is_dir():
                replace_file(copy / KEY_FILE, text)
        except OSError as exc:
            raise StoreReadOnlyError(_UNWRITABLE) from exc


def _new() -> tuple[bytes, KeyRecord]:
    key = secrets.token_bytes(_KEY_BYTES)
    name = f"database-{secrets.token_hex(8)}"
    return key, KeyRecord(id=name, check=check_of(key), mode=KeyMode.KEYRING)


def _from_hex(text: str) -> bytes | None:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        return None
    return key if len(key) == _KEY_BYTES else None


def _opened(record: KeyRecord, secret: str) -> bytes | None:
    if record.passphrase and (key := record.passphrase.open(secret)):
        return key
    return record.recovery.open(normal_code(secret)) if record.recovery else None
