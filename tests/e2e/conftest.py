"""A desktop for the tests of the whole program: window manager and tray host."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.helpers.dictation import Dictation
from tests.helpers.scripted_model import scripted_gguf
from tests.helpers.window import until

__all__ = ["scripted_gguf"]


@pytest.fixture(scope="session", autouse=True)
def desktop() -> Iterator[None]:
    """Run openbox and trayer on the test's own X server."""
    programs = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for command in (["openbox"], ["trayer", "--edge", "top", "--align", "right"])
    ]

    def is_managed() -> bool:
        asked = ["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"]
        result = subprocess.run(asked, capture_output=True, text=True, check=False)
        return "window id" in result.stdout

    until(is_managed, "the window manager")
    yield
    for program in programs:
        program.terminate()
        program.wait(10)


@pytest.fixture(scope="module")
def model() -> Iterator[Dictation]:
    """A model that says what a test dictates."""
    with Dictation() as model:
        yield model
