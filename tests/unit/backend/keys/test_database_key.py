"""The key of the database with every kind of keyring, and without one."""

from pathlib import Path

import pytest

from backend.errors import InvalidInputError, StoreLockedError
from backend.keys.database_key import DatabaseKey
from backend.keys.key_file import KeyMode
from backend.keys.key_files import KEY_FILE
from backend.keys.keyring import OsKeyring, Vault
from backend.recovery.encryption_probe import Seal, seal_of
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from tests.helpers.fake_keyrings import BROKEN, FailingVault, HangingVault, WorkingVault


def key_of(folder: Path, vault: Vault | None) -> DatabaseKey:
    return DatabaseKey(folder, OsKeyring(lambda: vault, patience_s=0.1))


def opened(folder: Path, vault: Vault | None) -> tuple[DatabaseKey, Database]:
    key, path = key_of(folder, vault), folder / "hearth.db"
    key.unlock_at_start(path)
    return key, Database.open(path, key.for_file(path))


def write(folder: Path, vault: Vault | None, title: str) -> DatabaseKey:
    key, database = opened(folder, vault)
    ConversationStore(database).create(title=title)
    database.close()
    return key


def titles(folder: Path, key: DatabaseKey) -> list[str]:
    database = Database.open(folder / "hearth.db", key.for_file(folder / "hearth.db"))
    found = [row.title for row in ConversationStore(database).page()]
    database.close()
    return found


def test_a_new_database_is_encrypted_with_a_key_in_the_keyring(tmp_path: Path) -> None:
    vault = WorkingVault()
    key = write(tmp_path, vault, "canary bird")
    assert key.mode is KeyMode.KEYRING
    assert seal_of(tmp_path / "hearth.db") is Seal.ENCRYPTED
    assert titles(tmp_path, opened(tmp_path, vault)[0]) == ["canary bird"]
    (secret,) = vault.kept.values()
    assert len(bytes.fromhex(secret)) == 32
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert b"canary" not in content
        assert secret.encode() not in content
        assert bytes.fromhex(secret) not in content
        assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", BROKEN)
def test_without_a_keyring_a_new_database_is_plain_and_says_so(
    tmp_path: Path, kind: str
) -> None:
    key = write(tmp_path, BROKEN[kind](), "first")
    assert key.value is None
    assert key.mode is None
    assert key.keyring_problem
    assert seal_of(tmp_path / "hearth.db") is Seal.PLAIN
    assert titles(tmp_path, opened(tmp_path, WorkingVault())[0]) == ["first"]


@pytest.mark.parametrize("kind", [*BROKEN, "swapped"])
def test_the_recovery_code_opens_it_whatever_became_of_the_keyring(
    tmp_path: Path, kind: str
) -> None:
    vault = WorkingVault()
    key = write(tmp_path, vault, "kept")
    code = key.new_recovery_code()
    other = BROKEN[kind]() if kind in BROKEN else WorkingVault()
    locked = key_of(tmp_path, other)
    with pytest.raises(StoreLockedError):
        locked.unlock_at_start(tmp_path / "hearth.db")
    with pytest.raises(InvalidInputError):
        locked.unlock("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE-FFFFF")
    locked.unlock(code.lower())
    assert titles(tmp_path, locked) == ["kept"]


def test_a_new_keyring_gets_the_key_back(tmp_path: Path) -> None:
    code = write(tmp_path, WorkingVault(), "kept").new_recovery_code()
    emptied = WorkingVault()
    key_of(tmp_path, emptied).unlock(code)
    key_of(tmp_path, emptied).unlock_at_start(tmp_path / "hearth.db")


def test_another_key_under_the_same_name_is_not_taken(tmp_path: Path) -> None:
    vault = WorkingVault()
    write(tmp_path, vault, "kept")
    vault.kept = dict.fromkeys(vault.kept, "00" * 32)
    with pytest.raises(StoreLockedError, match="recovery code"):
        key_of(tmp_path, vault).unlock_at_start(tmp_path / "hearth.db")


def test_a_keyring_that_is_unlocked_later_opens_it_by_itself(tmp_path: Path) -> None:
    vault = FailingVault(OSError())
    vault.error = None
    write(tmp_path, vault, "kept")
    vault.error = OSError()
    key = key_of(tmp_path, vault)
    with pytest.raises(StoreLockedError, match="try again"):
        key.unlock_at_start(tmp_path / "hearth.db")
    vault.error = None
    key.unlock_at_start(tmp_path / "hearth.db")
    assert titles(tmp_path, key) == ["kept"]


def test_a_passphrase_takes_the_key_out_of_the_keyring(tmp_path: Path) -> None:
    vault = WorkingVault()
    key = write(tmp_path, vault, "kept")
    code = key.new_recovery_code()
    with pytest.raises(InvalidInputError):
        key.protect("short")
    key.protect("correct horse")
    assert not vault.kept
    locked = key
    for secret in ("correct horse", code):
        locked = key_of(tmp_path, vault)
        with pytest.raises(StoreLockedError, match="passphrase"):
            locked.unlock_at_start(tmp_path / "hearth.db")
        locked.unlock(secret)
        assert titles(tmp_path, locked) == ["kept"]
    locked.keep_in_keyring()
    assert key_of(tmp_path, vault).mode is KeyMode.KEYRING
    assert len(vault.kept) == 1


def test_a_key_that_the_keyring_does_not_keep_stays_where_it_was(
    tmp_path: Path,
) -> None:
    vault = HangingVault()
    key = key_of(tmp_path, vault)
    key.protect("correct horse")
    with pytest.raises(InvalidInputError, match="passphrase"):
        key.keep_in_keyring()
    assert key_of(tmp_path, None).mode is KeyMode.PASSPHRASE
    vault.unlocked.set()


def test_a_new_recovery_code_ends_the_old_one(tmp_path: Path) -> None:
    key = write(tmp_path, WorkingVault(), "kept")
    before = key.has_recovery_code
    old, new = key.new_recovery_code(), key.new_recovery_code()
    assert (before, key.has_recovery_code) == (False, True)
    locked = key_of(tmp_path, None)
    with pytest.raises(InvalidInputError):
        locked.unlock(old)
    locked.unlock(new)


def test_a_lost_key_file_is_read_from_beside_the_backups(tmp_path: Path) -> None:
    vault = WorkingVault()
    key = write(tmp_path, vault, "kept")
    (tmp_path / "backups").mkdir()
    key.copy_beside(tmp_path / "backups")
    for damage in ("{", "[]", '{"format": 1}', '{"format": 2}'):
        (tmp_path / KEY_FILE).write_text(damage)
        assert titles(tmp_path, opened(tmp_path, vault)[0]) == ["kept"]


def test_a_given_key_is_used_and_kept_nowhere(tmp_path: Path) -> None:
    vault = WorkingVault()
    key = DatabaseKey(tmp_path, OsKeyring(lambda: vault), "ab" * 32)
    key.unlock_at_start(tmp_path / "hearth.db")
    assert key.for_file(tmp_path / "hearth.db") == "ab" * 32
    assert key.mode is None
    assert not vault.kept
    assert not list(tmp_path.iterdir())
