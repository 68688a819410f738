"""Encryption of the database: on, off, and where its key is kept."""

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from backend.errors import InvalidInputError
from backend.keys.database_key import DatabaseKey
from backend.keys.key_file import KeyMode
from backend.recovery.swap import put_in_place, stage
from backend.services.notices import NoticeSink
from backend.services.protection.alerts import NOUN as ALERTS
from backend.services.protection.backups import BackupService, Swap

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("hearth.encryption")


class EncryptionState(Struct, frozen=True, kw_only=True):
    """How the data is kept now.

    Attributes:
        mode: Where the key is kept; None when there is none.
        is_given: The key came from outside; nothing can be changed here.
        keyring_problem: Why the keyring cannot be used; "" when it can.
        has_keyring: There is one, though it may be locked.
    """

    is_encrypted: bool
    mode: KeyMode | None
    is_given: bool
    has_recovery_code: bool
    keyring_problem: str
    has_keyring: bool


class EncryptionService:
    """Encrypts, decrypts, and keeps the key where the user wants it."""

    def __init__(
        self,
        database: Path,
        key: DatabaseKey,
        backups: BackupService,
        swap: Swap,
        notices: NoticeSink,
    ) -> None:
        self._database = database
        self._key = key
        self._backups = backups
        self._swap = swap
        self._notices = notices

    def state(self) -> EncryptionState:
        """Return how the data is kept now."""
        has_keyring = self._key.has_keyring
        return EncryptionState(
            is_encrypted=self._key.of_database is not None,
            mode=self._key.mode,
            is_given=self._key.is_given,
            has_recovery_code=self._key.has_recovery_code,
            keyring_problem=self._key.keyring_problem,
            has_keyring=has_keyring,
        )

    def mode(self) -> KeyMode | None:
        """Return where the key is kept, without asking there; None for no key."""
        return self._key.mode

    async def use_keyring(self) -> None:
        """Encrypt with a key in the keyring.

        Raises:
            InvalidInputError: There is no keyring that keeps it.
            StoreError: It could not be done; everything is as it was.
        """
        await self._encrypt(self._key.keep_in_keyring)
        await asyncio.to_thread(self._key.make_first_code)
        self._notices.changed(ALERTS)

    async def use_passphrase(self, passphrase: str, again: str) -> None:
        """Encrypt with a key that a passphrase opens.

        Raises:
            InvalidInputError: The passphrase is too short or was mistyped.
            StoreError: It could not be done; everything is as it was.
        """
        if passphrase != again:
            raise InvalidInputError("The two passphrases differ. Type both again.")
        await self._encrypt(lambda: self._key.protect(passphrase))
        self._notices.changed(ALERTS)

    async def decrypt(self) -> None:
        """Keep the data as plain files from now on; encrypted backups stay so.

        Raises:
            StoreError: It could not be done; everything is as it was.
        """
        self._check()
        if self._key.of_database:
            await self._swap(lambda: self._rekey(None))
        self._notices.changed(ALERTS)

    def new_recovery_code(self) -> str:
        """Return a code that opens the data; an earlier one no longer does.

        Raises:
            InvalidInputError: Nothing is encrypted.
        """
        code = self._key.new_recovery_code()
        self._backups.copy_key()
        self._notices.changed(ALERTS)
        return code

    async def _encrypt(self, keep: "Callable[[], None]") -> None:
        self._check()
        await asyncio.to_thread(keep)
        if self._key.of_database is None:
            await self._swap(lambda: self._rekey(self._key.value))
        await asyncio.to_thread(self._encrypt_backups)

    def _encrypt_backups(self) -> None:
        self._backups.encrypt_all()
        self._backups.copy_key()

    def _check(self) -> None:
        if self._key.is_given:
            raise InvalidInputError("The key was given at the start and stays.")

    def _rekey(self, new_key: str | None) -> None:
        staged = stage(self._database, self._key.of_database, self._database, new_key)
        put_in_place(staged, self._database)
