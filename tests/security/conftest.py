"""One real sidecar for all attacks that leave it alive, and every route it has."""

from collections.abc import Iterator

import pytest

from backend.app import build
from backend.http import Route
from backend.protocol import Hello, new_token
from tests.helpers.sidecar import Sidecar


@pytest.fixture(scope="session")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """Return a running sidecar."""
    with Sidecar.start(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="session")
def odd_sidecar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """Return a running sidecar with routes that go wrong."""
    folder = tmp_path_factory.mktemp("odd")
    with Sidecar.start(folder, module="tests.helpers.odd_sidecar") as running:
        yield running


@pytest.fixture(scope="session")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[Route]:
    """Return every route that is registered, of whatever part."""
    folder = tmp_path_factory.mktemp("routes")
    return build(Hello(token=new_token(), data_dir=str(folder))).routes
