"""What every test runs under: no inherited switches, and no error it did not expect."""

import gc
import logging
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from PySide6.QtCore import QCoreApplication, Qt

from qtshell.process.compat import keep_constants
from qtshell.process.garbage import collect_due
from qtshell.web.chromium import has_gpu, is_root, prepare_environment
from tests.helpers.scheduling import pytest_xdist_make_scheduler

__all__ = ["pytest_xdist_make_scheduler"]

# A busy machine is no failure: no property has to hold within a time.
settings.register_profile(
    "hearth", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("hearth")
keep_constants()
# A script's background job starts with Ctrl-C ignored, and so would all it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Chromium looks for dictionaries in one folder for as long as a process lives.
_OF_DICTIONARIES = tempfile.TemporaryDirectory(prefix="hearth-dictionaries-")
# Both must be said before the first QApplication, which pytest-qt builds.
prepare_environment(
    os.environ,
    dev=False,
    software=not has_gpu(),
    as_root=is_root(),
    dictionaries=Path(_OF_DICTIONARIES.name),
)
QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts, has_gpu())


@pytest.fixture(autouse=True)
def no_collections_in_threads() -> Iterator[None]:
    """Take what is left of Qt apart in its own thread, as the shell does."""
    gc.disable()
    yield
    collect_due()


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
