"""The first page waits for no import that it does not need."""

import subprocess
import sys

import pytest

STORE = {"sqlmodel", "sqlalchemy", "pydantic", "libsql_experimental"}
RENDERING = {"markdown_it", "nh3", "pygments"}
OTHERS = {"httpx2", "keyring", "importlib.metadata", "email", "zipfile"}
IMPORTED = "import sys, {}; print(*sys.modules)"
ROOMS = ("routes", "live", "services", "llm", "web")
HIDE = {
    "backend.llm.options": "headers are not printed",
    "backend.llm.wire.client": "headers are not printed",
    "backend.services.chat.prompts": "what was counted is not compared",
    "backend.services.sync.places": "tokens are not printed",
    "backend.web.request_guard": "who holds a token can be found",
}
"""What keeps dataclasses: a field can be left out, and they are looked through."""
DATACLASSES = """
import dataclasses, sys, backend.app
for name, module in list(sys.modules.items()):
    for value in vars(module).values():
        if isinstance(value, type) and dataclasses.is_dataclass(value):
            print(value.__module__)
"""


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


def test_what_the_first_page_imports_is_quick_to_make() -> None:
    """A dataclass takes half a millisecond to make, a Struct a fortieth of that."""
    command = [sys.executable, "-c", DATACLASSES]
    result = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rooms = tuple(f"backend.{room}." for room in ROOMS)
    assert {one for one in result.split() if one.startswith(rooms)} <= HIDE.keys()
