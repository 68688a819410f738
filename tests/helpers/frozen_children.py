"""Has the helpers run by HEARTH_PROGRAM: `pytest -p tests.helpers.frozen_children`.

Tests of the source then meet the processes of a package; also those that read a
document where they are. It fails when one of its processes was not started.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend import installation

_usual = installation.module_command
_started = set[str]()


def _module_command(module: str) -> tuple[str, ...]:
    if not module.startswith("backend."):
        return _usual(module)
    _started.add(module)
    return (os.environ["HEARTH_PROGRAM"], "-m", module)


# Before anything that takes it from there by name is imported.
installation.module_command = _module_command
from backend.documents.reader import read_document  # noqa: E402 after the change
from tests.helpers import documents  # noqa: E402 after the change

documents.read_here = read_document


def _helpers() -> Iterator[str]:
    """Yield the processes but the sidecar and the engine, which windows start."""
    home = Path(installation.__file__).parent
    for path in home.rglob("*.py"):
        is_one = path.parent != home and path.stem != "engine_child"
        if is_one and '__name__ == "__main__"' in path.read_text("utf-8"):
            parts = path.relative_to(home.parent).with_suffix("").parts
            yield ".".join(parts).removesuffix(".__main__")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail when a helper was left out."""
    if left := set(_helpers()) - _started:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        raise pytest.UsageError(f"not started: {', '.join(sorted(left))}")
