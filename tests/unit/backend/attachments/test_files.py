"""Kept files: encrypted, whole or not at all, swept, and brought back from copies."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backend.attachments.copies import drop_copies, keep_copies
from backend.attachments.files import ATTACHMENTS, AttachmentFiles, FileKey, names_in
from backend.errors import NotFoundError, StoreReadOnlyError

SECRET = b"canary in a picture" * 50


@pytest.fixture
def files(tmp_path: Path) -> AttachmentFiles:
    return AttachmentFiles(tmp_path / "data" / ATTACHMENTS)


def test_a_file_comes_back_and_nothing_of_it_can_be_read_on_the_disk(
    files: AttachmentFiles,
) -> None:
    kept = files.put(SECRET)
    assert files.read(kept) == SECRET
    path = files.folder / kept.name
    assert b"canary" not in path.read_bytes()
    assert (path.stat().st_mode & 0o77, files.folder.stat().st_mode & 0o77) == (0, 0)


def test_the_same_content_gives_another_name_each_time(files: AttachmentFiles) -> None:
    assert files.put(SECRET).name != files.put(SECRET).name


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-1], lambda data: data[:40] + b"?" + data[41:], lambda _: b""],
    ids=["cut off", "changed", "emptied"],
)
def test_a_damaged_file_says_so_unless_there_is_a_copy(
    files: AttachmentFiles, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    kept = files.put(SECRET)
    path, spare = files.folder / kept.name, tmp_path / "spare"
    spare.mkdir()
    (spare / kept.name).write_bytes(path.read_bytes())
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(NotFoundError, match="attach it again"):
        files.read(kept)
    files.spares = (spare,)
    assert files.read(kept) == SECRET
    files.spares = ()
    assert files.read(kept) == SECRET


@pytest.mark.parametrize(
    "kept",
    [
        FileKey("../hearth.db", "00" * 32),
        FileKey("", ""),
        FileKey("a" * 64, "no key"),
    ],
    ids=["path", "none", "bad key"],
)
def test_no_other_file_is_ever_read(files: AttachmentFiles, kept: FileKey) -> None:
    files.put(SECRET)
    with pytest.raises(NotFoundError):
        files.read(kept)


def test_a_key_opens_its_own_file_only(files: AttachmentFiles) -> None:
    one, other = files.put(SECRET), files.put(b"other")
    with pytest.raises(NotFoundError):
        files.read(FileKey(one.name, other.key))


def test_settling_sweeps_what_no_row_names_and_halves_of_files(
    files: AttachmentFiles,
) -> None:
    kept, orphan = files.put(SECRET), files.put(b"orphan")
    (files.folder / ".part-abc").write_bytes(b"half")
    files.settle({kept.name, "f" * 64})
    assert names_in(files.folder) == {kept.name}
    assert orphan.name != kept.name


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreReadOnlyError):
        AttachmentFiles(tmp_path / "file").put(SECRET)


def test_copies_stay_as_long_as_a_backup_names_them(
    files: AttachmentFiles, tmp_path: Path
) -> None:
    backups = tmp_path / "backups"
    backups.mkdir()
    old, new = backups / "hearth-1.db", backups / "hearth-2.db"
    gone, kept = files.put(b"purged later"), files.put(SECRET)
    old.touch()
    keep_copies(files.folder, old)
    files.drop([gone.name])
    new.touch()
    keep_copies(files.folder, new)
    drop_copies(backups)
    files.spares = (backups / ATTACHMENTS,)
    assert files.read(gone) == b"purged later"
    files.drop([gone.name])
    old.unlink()
    drop_copies(backups)
    with pytest.raises(NotFoundError):
        files.read(gone)
    assert files.read(kept) == SECRET
    assert kept.name in names_in(backups / ATTACHMENTS)
