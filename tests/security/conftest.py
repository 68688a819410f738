"""What is attacked: a real sidecar, every route it has, and the real page over one."""

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from backend.app import build
from backend.interface.protocol import Hello, new_token
from backend.web.http import Route
from tests.helpers.canary import Canary
from tests.helpers.page import Parrot, RealPage
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
    with Sidecar.start(folder, module="tests.helpers.misbehaving_sidecar") as running:
        yield running


@pytest.fixture(scope="session")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[Route]:
    """Return every route that is registered, of whatever part."""
    folder = tmp_path_factory.mktemp("routes")
    return build(Hello(token=new_token(), data_dir=str(folder))).routes


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    """Return a server that must hear nothing."""
    with Canary() as listening:
        yield listening


@pytest.fixture(scope="module")
def parrot() -> Iterator[Parrot]:
    """Return a model that says what it is told."""
    parrot = Parrot("<img src=x onerror=window.owned=1>")
    with parrot.server:
        yield parrot


@pytest.fixture(scope="module")
def page(
    request: pytest.FixtureRequest,
    qapp: object,
    tmp_path_factory: pytest.TempPathFactory,
    parrot: Parrot,
) -> Iterator[RealPage]:
    """Return the page with the model chosen."""
    page = RealPage(QtBot(request), tmp_path_factory.mktemp("data"))
    page.use_model(parrot, "<script>window.owned=1</script>")
    yield page
    page.close()
