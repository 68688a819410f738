"""Files are private and written whole or not at all."""

import ast
import errno
import os
from pathlib import Path, PosixPath
from typing import Self

import pytest

from backend.sqlite.files import FileInUseError, move_over, replace_file

ROOT = Path(__file__).parents[4]


def test_files_take_the_place_of_others_in_one_way_only() -> None:
    """Strings are replaced by two words, and the Linux desktop needs no waiting."""
    ways = {
        path.name
        for folder in ("backend", "qtshell")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "replace"
        and (len(node.args), len(node.keywords)) == (1, 0)
    }
    assert ways == {"files.py", "linux.py"}


class Held(PosixPath):
    """A file that another program has open, as Windows tells of it."""

    tries_left: int

    def replace(self, target: str | os.PathLike[str]) -> Self:
        self.tries_left -= 1
        if self.tries_left >= 0:
            raise PermissionError(errno.EACCES, "Access is denied")
        return super().replace(target)


@pytest.mark.parametrize(("tries", "pauses_s"), [(0, ()), (2, (0, 0)), (1, (0, 0))])
def test_a_file_that_is_open_for_a_moment_is_waited_for(
    tries: int, pauses_s: tuple[float, ...], tmp_path: Path
) -> None:
    held, target = Held(tmp_path / "new"), tmp_path / "old"
    held.tries_left = tries
    held.write_text("new", "utf-8")
    target.write_text("old", "utf-8")
    move_over(held, target, pauses_s)
    assert target.read_text("utf-8") == "new"
    assert not held.exists()


@pytest.mark.parametrize(
    ("pauses_s", "error"), [((0, 0), FileInUseError), ((), PermissionError)]
)
def test_one_that_stays_open_is_named_where_that_is_the_reason(
    pauses_s: tuple[float, ...], error: type[OSError], tmp_path: Path
) -> None:
    held, target = Held(tmp_path / "new"), tmp_path / "old"
    held.tries_left = 9
    held.write_text("new", "utf-8")
    target.write_text("old", "utf-8")
    with pytest.raises(error) as refused:
        move_over(held, target, pauses_s)
    assert type(refused.value) is error
    assert (held.read_text("utf-8"), target.read_text("utf-8")) == ("new", "old")


def test_a_file_is_replaced_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "device"
    replace_file(path, "one")
    replace_file(path, "two")
    assert path.read_text() == "two"
    assert [file.name for file in tmp_path.iterdir()] == ["device"]
    assert os.name != "posix" or path.stat().st_mode & 0o777 == 0o600


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "device"
    replace_file(path, "one")

    def fail(number: int) -> None:
        raise OSError(number)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match=r"\d"):
        replace_file(path, "two")
    assert path.read_text() == "one"
    assert [file.name for file in tmp_path.iterdir()] == ["device"]
