"""Computers that exchange by each way there is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.sqld import Sqld
from tests.helpers.synced import Computer, opened


@pytest.fixture(params=["folder", "server"])
def three(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Computer]]:
    """Three computers of one group."""
    if request.param == "folder":
        yield from opened(tmp_path)
        return
    with Sqld(tmp_path) as server:
        yield from opened(tmp_path, server.url)
