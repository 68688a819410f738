"""The first page waits for no import that it does not need."""

import subprocess
import sys

import pytest

STORE = {"sqlmodel", "sqlalchemy", "pydantic", "libsql_experimental"}
RENDERING = {"markdown_it", "nh3", "pygments"}
OTHERS = {"httpx2", "keyring", "importlib.metadata", "email", "zipfile"}
IMPORTED = "import sys, {}; print(*sys.modules)"


@pytest.mark.parametrize(
    ("modules", "later"),
    [
        pytest.param(
            "backend.sidecar", STORE | RENDERING | OTHERS | {"jinja2"}, id="hello"
        ),
        pytest.param(
            "backend.app, backend.web.listener, backend.web.request_guard,"
            "backend.web.server",
            STORE | RENDERING | OTHERS,
            id="handshake",
        ),
        pytest.param(
            "backend.lifecycle.container",
            RENDERING | {"httpx2", "keyring"},
            id="open store",
        ),
    ],
)
def test_what_is_heavy_is_imported_when_it_is_needed(
    modules: str, later: set[str]
) -> None:
    command = [sys.executable, "-c", IMPORTED.format(modules)]
    result = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert not later & set(result.split())
