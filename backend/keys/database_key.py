"""Keeps the key of the database: in the OS keyring, or sealed under a passphrase.

There is one random key per data folder, made once; only a backup of another key that is
restored brings its own, and the earlier one is kept for the earlier backups. Choosing
another way to keep a key only rewrites `key.json`; whether a file is encrypted is read
off the file itself, so that the two can never disagree. The key file also holds the key
sealed under the recovery code, and a check value that tells a wrong key from a damaged
file.

The sidecar asks the keyring itself, in a thread beside the heavy imports: the shell
stays quick, and what cannot be opened is a page like any other.
"""

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from backend.errors import (
    UNWRITABLE,
    InvalidInputError,
    StoreLockedError,
    StoreReadOnlyError,
)
from backend.keys.key_file import KEY_BYTES, KeyMode, KeyRecord
from backend.keys.key_files import (
    KEY_FILE,
    keep_beside,
    leave_plain,
    make_current,
)
from backend.keys.key_ring import BACKUPS, KeyRing
from backend.keys.key_wrapping import Sealed, new_recovery_code, normal_code
from backend.keys.keyring import FIRST_PATIENCE_S, OsKeyring
from backend.recovery.encryption_probe import Seal, key_for, opens, seal_of
from backend.sqlite.files import make_private_dir

log = logging.getLogger("hearth.keys")

DATABASE_NAME: Final = "hearth.db"
MIN_PASSPHRASE_CHARS: Final = 8
MAX_SECRET_CHARS: Final = 1_000
"""As long may a passphrase or a recovery code be in a form."""

_WRONG: Final = (
    "This is neither the passphrase nor the recovery code of this data folder. "
    "Check it and try again; your data was not changed."
)


class DatabaseKey:
    """The key of one data folder; methods block, so call them in a thread.

    Attributes:
        of_database: What opens the database as it is now; None for a plain one.
        ring: The keys of its backups, of which some may be others.
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
        self.ring = KeyRing(folder, keyring)
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
    def has_keyring(self) -> bool:
        """Whether there is a keyring to ask, which may be locked."""
        self._keyring.get("probe")
        return not self._keyring.is_missing

    @property
    def is_given(self) -> bool:
        """Whether it came from outside, and so may be a wrong one."""
        return self._given is not None

    def load(self, database: Path) -> str | None:
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
            records = self._records()
            if records:
                self._fetch_fitting(records)
            elif seal is Seal.NONE:
                self._make_kept()

    def unlock(self, secret: str) -> None:
        """Get the key by a passphrase or a recovery code.

        Raises:
            InvalidInputError: It is neither.
        """
        with self._lock:
            opened = [] if self._given else self.ring.unseal(secret)
            if not opened:
                raise InvalidInputError(_WRONG)
            fitting = [one for one in opened if self._opens_database(one[1])]
            record, key = (fitting or opened)[0]
            self._use(record, key)
            self.ring.keep_again(record, key)

    def bring(self, value: str, folder: Path) -> None:
        """Keep the record of a backup's key in the data folder, before it is used.

        Raises:
            StoreReadOnlyError: The data folder cannot be written.
        """

        def write() -> None:
            self.ring.bring(value, folder)

        self._writing(write)

    def take_over(self, value: str) -> bool:
        """Let a key that was brought be the one of this data folder.

        Returns:
            Whether the database opens with it by itself at the next start.
        """
        with self._lock:
            key = bytes.fromhex(value)
            record = next(one for one in self.ring.records() if one.fits(key))
            if self._key and (earlier := self._record()):
                self.ring.learn(earlier.id, self._key)
            self._use(record, key)
            return self.ring.keep_again(record, key)

    def keep_in_keyring(self) -> None:
        """Keep the key in the keyring from now on; make one if there is none.

        Raises:
            InvalidInputError: There is no keyring that keeps it.
            StoreReadOnlyError: The data folder cannot be written.
        """
        with self._lock:
            key, record = self._key_and_record()
            if not self.ring.keep(record.id, key):
                why = (
                    self._keyring.why or "the keyring of this computer did not keep it"
                )
                raise InvalidInputError(
                    f"The key cannot be stored there: {why}. Choose a passphrase."
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
        if record:
            keep_beside(folder, record)

    def leave_plain(self) -> None:
        """Remember that the user knows the database to be plain.

        Raises:
            StoreReadOnlyError: The data folder cannot be written.
        """
        with self._lock:
            if self.is_left_plain:
                self._writing(lambda: leave_plain(self._folder))

    def _note(self, *, is_noted: bool) -> None:
        record = self._record()
        if record and self._key:
            self._write(replace(record, is_noted=is_noted), self._key)

    def _open_again(self, secret: str) -> None:
        """Get the key that was sealed under this passphrase already, if one was."""
        record = self._record()
        if record and record.mode is KeyMode.PASSPHRASE:
            key = record.opened_by(secret)
            if key is None:
                raise InvalidInputError(_WRONG)
            self._key = key

    def _records(self) -> list[KeyRecord]:
        return [] if self._given else self.ring.records()

    def _record(self) -> KeyRecord | None:
        """Return the record of the key, or of the one to ask for first."""
        records = self._records()
        own = (one for one in records if self._key and one.fits(self._key))
        return next(own, records[0] if records else None)

    def _opens_database(self, key: bytes) -> bool:
        return opens(self._folder / DATABASE_NAME, key.hex())

    def _use(self, record: KeyRecord, key: bytes) -> None:
        """Go on with a key; its record is the one of the data folder from now on."""
        self._key = key
        if KeyRecord.read(self._folder / KEY_FILE) != record:
            try:
                make_current(self._folder, record)
            except OSError as exc:
                log.warning("the record of the key stays where it is: %s", exc)

    def _fetch_fitting(self, records: list[KeyRecord]) -> None:
        """Get the key that opens the database, of several there may be."""
        problem: StoreLockedError | None = None
        fetched: list[tuple[KeyRecord, bytes]] = []
        for record in records:
            try:
                key = self.ring.fetch(record)
            except StoreLockedError as exc:
                problem = problem or exc
                continue
            if len(records) == 1 or self._opens_database(key):
                self._use(record, key)
                return
            fetched.append((record, key))
        if problem:
            raise problem
        # None does: the database is damaged, and a backup opens with the present key.
        self._use(*fetched[0])

    def _make_kept(self) -> None:
        """Make a key for a new database, unless nothing here would keep it."""
        key = secrets.token_bytes(KEY_BYTES)
        record = KeyRecord.new(key)
        if not self.ring.keep(record.id, key, FIRST_PATIENCE_S):
            log.info("not encrypted yet: %s", self._keyring.why)
            return
        make_private_dir(self._folder)
        self._write(record, key)

    def _key_and_record(self) -> tuple[bytes, KeyRecord]:
        record = self._record()
        if self._key and record:
            return self._key, record
        if record:
            # Backups may be encrypted although the database is not: one key for all.
            self._key = self.ring.fetch(record)
            return self._key, record
        key = secrets.token_bytes(KEY_BYTES)
        return key, KeyRecord.new(key)

    def _write(self, record: KeyRecord, key: bytes) -> None:
        def write() -> None:
            make_current(self._folder, record)
            copy = self._folder / BACKUPS
            if copy.is_dir():
                keep_beside(copy, record)

        self._writing(write)
        self._key = key
        self.ring.learn(record.id, key)

    def _writing(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as exc:
            raise StoreReadOnlyError(UNWRITABLE) from exc
