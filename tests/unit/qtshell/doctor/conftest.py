"""A data folder to check."""

from pathlib import Path

import pytest

from qtshell.options import Options, Verb


@pytest.fixture
def options(tmp_path: Path) -> Options:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return Options(data_dir=folder, log_dir=folder / "logs", verb=Verb.DOCTOR)
