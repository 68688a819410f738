"""What is shared for support tells nothing of what was written, or of the user."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.helpers.scripted_model import HELLO, scripted_gguf
from tests.helpers.sidecar import program_command
from tests.helpers.window import Window, until

__all__ = ["scripted_gguf"]

pytestmark = pytest.mark.e2e

PRIVATE = ("zebra", "okapi", "ocelot", "anna", "sk-live", "turnstile", HELLO.split()[0])


def hearth(data: Path, command: str, *words: str) -> str:
    asked = [*program_command(), command, "--data-dir", str(data), *words]
    done = subprocess.run(
        asked, cwd=data.parent, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_bundle_of_a_used_hearth_holds_nothing_private(
    tmp_path: Path, scripted_gguf: Path
) -> None:
    data = tmp_path / "anna's things" / "data"
    model = tmp_path / "anna's zebra model.gguf"
    model.symlink_to(scripted_gguf)
    with Window.start(data) as window:
        window.use_model(model)
        window.wait_for("document.querySelector('.model [name=choice]') !== null")
        window.ask("Where do my zebras go?")
        window.wait_for("document.querySelectorAll('.message').length === 2")
        window.wait_for("!document.querySelector('[aria-busy=true]')")
        hearth(data, "note", "Water the okapis")
        assert "okapi" in hearth(data, "search", "okapis")
        window.go("/search?q=ocelot")
        before = window.sidecar
        before.kill()
        before.wait(30)
        until(lambda: "okapi" in hearth(data, "search", "okapis"), "another one")
        said = hearth(data, "doctor", "--bundle")
        assert window.quit() == 0
    with zipfile.ZipFile(data.parent / "hearth-support.zip") as packed:
        text = "\n".join(packed.read(name).decode() for name in packed.namelist())
    assert "Written to" in said
    assert "the sidecar ended" in text
    assert [word for word in PRIVATE if word.lower() in text.lower()] == []
