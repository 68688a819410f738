"""Backups of several computers in one folder, each with a key of its own."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from backend.errors import (
    BackupLockedError,
    InvalidInputError,
    StoreDamagedError,
    StoreLockedError,
)
from backend.interface.stored_values import SnapshotReason
from backend.keys.database_key import DatabaseKey
from backend.keys.key_files import KEY_FILE, records_in
from backend.keys.keyring import OsKeyring
from backend.recovery.encryption_probe import Seal, seal_of
from backend.recovery.swap import put_in_place, stage
from backend.services.protection.backups import BackupService
from backend.store.attachments.attachments import AttachmentStore, CheckedFile
from backend.store.database import Database
from tests.helpers.computer import Computer, Silence
from tests.helpers.fake_keyrings import BROKEN, WorkingVault

T = TypeVar("T")
PASSPHRASE = "correct horse"


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.fixture
def old(tmp_path: Path, shared: Path) -> Computer:
    """A computer with one backup on the stick; the stick is all that is left of it."""
    computer = Computer(tmp_path / "old", shared)
    computer.write("what was written there")
    return computer


def new_one(tmp_path: Path, shared: Path, kind: str = "ok") -> Computer:
    vault = BROKEN[kind]() if kind in BROKEN else WorkingVault()
    return Computer(tmp_path / "new", shared, vault)


@pytest.mark.parametrize(
    ("way", "kind"), [("code", "ok"), ("passphrase", "missing"), ("code", "locked")]
)
def test_a_backup_of_another_computer_opens_with_its_secret(
    old: Computer, tmp_path: Path, shared: Path, way: str, kind: str
) -> None:
    secret = old.key.new_recovery_code()
    if way == "passphrase":
        old.key.protect(PASSPHRASE)
        secret = PASSPHRASE
    name = old.make()
    new = new_one(tmp_path, shared, kind)
    new.write("newer words")
    (listed,) = new.listed()
    assert (listed.name, listed.is_locked) == (name, True)
    with pytest.raises(BackupLockedError):
        new.restore(name)
    with pytest.raises(InvalidInputError):
        new.restore(name, "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE-FFFFF")
    assert new.titles() == ["newer words"]
    before = new.restore(name, secret)
    assert new.titles() == ["what was written there"]
    assert seal_of(new.path) is Seal.ENCRYPTED
    assert seal_of(new.folder / before) is Seal.ENCRYPTED
    # The secret came along: it opens this computer's data from now on.
    locked = DatabaseKey(new.data, OsKeyring(lambda: None))
    locked.unlock(secret)
    assert locked.value == old.key.value
    assert new.restore(before)
    assert new.titles() == ["newer words"]


@pytest.mark.parametrize("is_encrypted", [True, False], ids=["encrypted", "plain"])
def test_no_record_of_a_key_takes_the_place_of_another(
    old: Computer, tmp_path: Path, shared: Path, *, is_encrypted: bool
) -> None:
    code = old.key.new_recovery_code()
    name = old.make()
    theirs = old.key.value
    records = {one.id: one for one in records_in(old.folder)}
    new = new_one(tmp_path, shared, "ok" if is_encrypted else "missing")
    new.write("newer words")
    new.backups.keep_once()
    new.make()
    if is_encrypted:
        new.key.new_recovery_code()
    new.key.protect("another passphrase")
    new.backups.encrypt_all()
    new.backups.copy_key()
    new.restore(name, code)
    new.key.protect("a third passphrase")
    new.make()
    new.backups.copy_key()
    left = {one.id: one for one in records_in(old.folder)}
    assert {key: left[key] for key in records} == records
    (key,) = (one.opened_by(code) for one in records.values())
    assert key
    assert key.hex() == theirs


def test_a_key_file_of_old_is_left_where_it_lies(
    old: Computer, tmp_path: Path, shared: Path
) -> None:
    code = old.key.new_recovery_code()
    name = old.make()
    (theirs,) = old.folder.glob("key-*.json")
    theirs.rename(old.folder / KEY_FILE)
    kept = (old.folder / KEY_FILE).read_bytes()
    new = new_one(tmp_path, shared)
    new.make()
    assert (old.folder / KEY_FILE).read_bytes() == kept
    new.restore(name, code)
    assert new.titles() == ["what was written there"]


def test_a_changed_passphrase_is_changed_beside_the_backups(old: Computer) -> None:
    old.key.protect(PASSPHRASE)
    old.make()
    old.key.protect("another passphrase")
    old.backups.copy_key()
    opened = [one.opened_by(PASSPHRASE) for one in records_in(old.folder)]
    assert opened == [None]


def test_each_names_and_thins_only_its_own(
    old: Computer, tmp_path: Path, shared: Path
) -> None:
    new = new_one(tmp_path, shared)
    start = datetime(2026, 1, 1, 10, tzinfo=UTC)
    for day in range(3):
        for computer in (old, new):
            made = computer.backups.snap(SnapshotReason.DAILY)
            stamp = (start + timedelta(days=day)).strftime("%Y%m%dT%H%M%S%fZ")
            owner = str(made.owner)
            made.path.rename(made.path.with_name(f"hearth-{stamp}-{owner}.daily.db"))
            begun = made.path.with_name(f"hearth-{stamp}-{owner}.daily.db.part")
            begun.write_text("half")
    old.backups.snap(SnapshotReason.DAILY)
    listed = old.listed()
    assert len(listed) == 7
    assert sum(backup.owner == "" for backup in listed) == 4
    assert {one.owner for one in new.listed()} == {
        "",
        *({b.owner for b in listed} - {""}),
    }
    assert len(list(old.folder.glob("*.part"))) == 1
    # A day on which the other one made a backup is none of one's own.
    today = datetime.now(UTC) + timedelta(days=1)
    count = len(listed)
    old.backups.keep_once(today)
    new.backups.keep_once(today)
    assert len(new.listed()) >= count + 1


def test_the_daily_look_passes_over_what_it_cannot_open(
    old: Computer, tmp_path: Path, shared: Path
) -> None:
    for _ in range(2):
        old.make()
    new = new_one(tmp_path, shared)
    first, second = new.make(), new.make()
    (new.data / "backups.json").write_text(
        f'{{"folder": "{new.folder}", "verified": {{}}, "unsigned": []}}'
    )
    content = bytearray((new.folder / first).read_bytes())
    content[4096:12288] = b"\7" * 8192
    (new.folder / first).write_bytes(content)
    new.backups.keep_once(datetime.now(UTC) + timedelta(days=1))
    verified = {one.name for one in new.listed() if one.verified_at}
    assert second in verified
    assert first not in verified


def test_plain_backups_of_others_stay_readable_for_them(
    tmp_path: Path, shared: Path
) -> None:
    plain = Computer(tmp_path / "plain", shared, None)
    name = plain.make()
    new = new_one(tmp_path, shared)
    new.backups.encrypt_all()
    assert seal_of(plain.folder / name) is Seal.PLAIN
    assert plain.restore(name)


def test_a_damaged_database_is_not_replaced_by_another_computers(
    old: Computer, tmp_path: Path, shared: Path
) -> None:
    new = new_one(tmp_path, shared, "missing")
    new.write("mine")
    new.make()
    plain = Computer(tmp_path / "plain", shared, None)
    plain.write("another's words")
    plain.make()
    content = bytearray(new.path.read_bytes())
    content[4096:12288] = b"\7" * 8192
    new.path.write_bytes(content)
    new.open()
    assert new.titles() == ["mine"]
    assert old.titles() == ["what was written there"]


def test_without_its_key_file_a_backup_says_what_is_missing(
    old: Computer, tmp_path: Path, shared: Path
) -> None:
    name = old.make()
    for file in old.folder.glob("key*.json"):
        file.unlink()
    new = new_one(tmp_path, shared)
    with pytest.raises(StoreDamagedError, match="key file"):
        new.restore(name)


def test_the_folder_with_the_backups_may_be_chosen_itself(
    old: Computer, tmp_path: Path, shared: Path
) -> None:
    name = old.make()
    new = new_one(tmp_path, shared)
    new.backups.choose_folder(str(old.folder))
    assert [one.name for one in new.listed()] == [name]
    renamed = old.folder.rename(tmp_path / "renamed")
    new.backups.choose_folder(str(renamed))
    assert [one.name for one in new.listed()] == [name]


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_what_is_no_file_is_no_backup(old: Computer, tmp_path: Path, kind: str) -> None:
    path = old.folder / Path(old.make()).with_stem(
        "hearth-20260101T000000000000Z-daily"
    )
    key = old.folder / "key-strange.json"
    for strange in (path, key):
        if kind == "pipe":
            os.mkfifo(strange)
        elif kind == "folder":
            strange.mkdir()
        else:
            strange.symlink_to(tmp_path / "elsewhere")
    assert path.name not in {one.name for one in old.listed()}
    old.make()
    assert os.path.lexists(key)


def test_a_crash_in_the_middle_of_a_restore_leaves_a_way_in(
    old: Computer, tmp_path: Path, shared: Path
) -> None:
    code = old.key.new_recovery_code()
    name = old.make()
    new = new_one(tmp_path, shared)
    new.write("newer words")
    theirs = str(old.key.value)
    new.key.ring.unseal(code, old.folder)
    new.key.bring(theirs, old.folder)
    new.start()
    assert new.titles() == ["newer words"]
    staged = stage(old.folder / name, theirs, new.path, theirs)
    put_in_place(staged, new.path, is_aside=True)
    with pytest.raises(StoreLockedError):
        new.start()
    new.key.unlock(code)
    assert new.titles() == ["what was written there"]
    new.start()
    assert new.titles() == ["what was written there"]


def backups_of(data: Path) -> BackupService:
    """Return the backups of a folder that holds only what a test put there."""

    async def no_exchange(change: Callable[[], T]) -> T:
        return change()

    path = data / "hearth.db"
    return BackupService(path, DatabaseKey(data, OsKeyring()), no_exchange, Silence())


def test_the_folder_to_look_into_is_one_that_is_there(tmp_path: Path) -> None:
    chosen = tmp_path / "stick"
    (tmp_path / "backups.json").write_text(
        f'{{"folder": "{chosen}", "verified": {{}}}}'
    )
    assert backups_of(tmp_path).shown_folder == tmp_path
    (tmp_path / "backups").mkdir()
    assert backups_of(tmp_path).shown_folder == tmp_path / "backups"
    chosen.mkdir()
    assert backups_of(tmp_path).shown_folder == chosen


@pytest.mark.parametrize("content", ["", "[]", "{", '{"folder": ""}', "[" * 99_999])
def test_a_damaged_choice_leads_to_the_usual_folder(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / "backups.json").write_text(content)
    (tmp_path / "backups").mkdir()
    assert backups_of(tmp_path).shown_folder == tmp_path / "backups"


def test_a_restored_backup_has_its_attached_files(tmp_path: Path, shared: Path) -> None:
    computer = Computer(tmp_path / "one", shared)
    database = Database.open(computer.path, computer.key.for_file(computer.path))
    files = AttachmentStore(database)
    cat = CheckedFile(
        kind="picture", name="cat.png", media_type="image/png", content=b"pixels"
    )
    row = files.add("new", cat)
    database.close()
    name = computer.make()
    database = Database.open(computer.path, computer.key.for_file(computer.path))
    AttachmentStore(database).remove(row.id)
    database.close()
    computer.restore(name)
    database = Database.open(computer.path, computer.key.for_file(computer.path))
    found = AttachmentStore(database).of_draft("new")
    assert [AttachmentStore(database).content(one) for one in found] == [b"pixels"]
    database.close()
