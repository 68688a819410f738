"""Files are private and written whole or not at all."""

import os
from pathlib import Path

import pytest

from backend.sqlite.files import replace_file


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
