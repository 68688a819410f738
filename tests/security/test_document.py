"""SECURITY.md names only tests that exist."""

import re

import pytest

from tests.helpers.sidecar import ROOT

NAMED = sorted(
    set(
        re.findall(
            r"`(tests/[\w/.]+\.py)(?:::(\w+))?`",
            (ROOT / "SECURITY.md").read_text(encoding="utf-8"),
        )
    )
)


def test_it_names_tests() -> None:
    assert len(NAMED) > 20


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_named_test_exists(path: str, name: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    assert f"def {name or 'test_'}" in source
