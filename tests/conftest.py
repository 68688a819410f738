"""What every test runs under: no inherited switches, and no error it did not expect."""

import logging
import os
from collections.abc import Iterator

import pytest

# Chromium refuses to run as root with its sandbox; the shell does the same.
if hasattr(os, "geteuid") and os.geteuid() == 0:
    os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"


@pytest.fixture(autouse=True)
def no_unexpected_errors(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """Fail a test that logs an error, unless it is marked `expects_errors`."""
    yield
    if request.node.get_closest_marker("expects_errors"):
        return
    records = caplog.get_records("call")
    errors = [r.getMessage() for r in records if r.levelno >= logging.ERROR]
    assert not errors, f"unexpected errors were logged: {errors}"
