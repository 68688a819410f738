"""What draws diagrams for these tests."""

import pytest

from backend.diagrams.__main__ import Drawer, script


@pytest.fixture(scope="module")
def drawer() -> Drawer:
    return Drawer(script())
