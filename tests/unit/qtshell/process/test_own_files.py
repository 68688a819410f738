"""Nothing that somebody else put in the way of our files is written or emptied."""

import os
from pathlib import Path

import pytest

from qtshell.ipc.instance import LOCK_NAME, CallError, Instance
from qtshell.process.logs import LOG_NAME, open_logs
from qtshell.process.own_files import NotOwnError, make_own_folder, open_own_file

NOBODY = 65534
STRANGE = ("link", "dangling", "second name", "pipe", "folder")
is_root = os.geteuid() == 0


def put(kind: str, path: Path, victim: Path) -> None:
    """Put something of a kind where a file of ours is to be."""
    match kind:
        case "link":
            path.symlink_to(victim)
        case "dangling":
            path.symlink_to(victim.with_name("not-there"))
        case "second name":
            path.hardlink_to(victim)
        case "pipe":
            os.mkfifo(path)
        case _:
            path.mkdir()


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    file = tmp_path / "victim.txt"
    file.write_text("precious")
    file.chmod(0o644)
    return file


@pytest.mark.parametrize("kind", STRANGE)
def test_the_lock_is_not_written_through_anything(
    tmp_path: Path, victim: Path, kind: str
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    put(kind, data / LOCK_NAME, victim)
    with pytest.raises((CallError, OSError)):
        Instance.claim(data)
    assert victim.read_text() == "precious"
    assert not (tmp_path / "not-there").exists()


@pytest.mark.parametrize("name", [LOG_NAME, "shell-crash.log"])
@pytest.mark.parametrize("kind", STRANGE)
def test_the_log_is_not_written_through_anything(
    tmp_path: Path, victim: Path, kind: str, name: str
) -> None:
    path = tmp_path / "logs" / name
    path.parent.mkdir()
    put(kind, path, victim)
    with pytest.raises(OSError, match=name):
        os.close(open_own_file(path, os.O_WRONLY | os.O_APPEND))
    if name == LOG_NAME:
        with pytest.raises(OSError, match=name):
            open_logs(path.parent, dev=False)
    assert victim.read_text() == "precious"
    assert victim.stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(not is_root, reason="only root gives a folder to another user")
def test_another_users_folder_is_refused_before_anything_is_opened(
    tmp_path: Path, victim: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / LOCK_NAME).symlink_to(victim)
    os.chown(theirs, NOBODY, NOBODY)
    with pytest.raises(CallError, match="another user"):
        Instance.claim(theirs)
    with pytest.raises(NotOwnError, match="another user"):
        open_logs(theirs, dev=False)
    assert victim.read_text() == "precious"
    assert [path.name for path in theirs.iterdir()] == [LOCK_NAME]


def test_an_ordinary_file_is_made_and_opened_again(tmp_path: Path) -> None:
    make_own_folder(tmp_path / "own")
    path = tmp_path / "own" / "file"
    for word in ("one", "two"):
        with os.fdopen(open_own_file(path, os.O_WRONLY | os.O_APPEND), "a") as file:
            file.write(word)
    assert path.read_text() == "onetwo"
    assert path.stat().st_mode & 0o077 == 0
