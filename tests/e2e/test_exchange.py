"""A person takes everything to another computer, through the real dialogs."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.helpers.library import open_library
from tests.helpers.window import Window

pytestmark = pytest.mark.e2e

STATE = "document.getElementById('import-state').innerText"


def answer_dialog(title: str, path: Path) -> None:
    """Type a path into a dialog of this title and confirm."""
    found = ("search", "--sync", "--onlyvisible", "--name", f"^{title}$")
    for words in (
        (*found, "windowactivate", "--sync", "windowfocus", "--sync"),
        ("type", "--delay", "30", str(path)),
        ("key", "Return"),
    ):
        subprocess.run(["xdotool", *words], check=True, timeout=30)


def test_everything_is_exported_and_imported_elsewhere(tmp_path: Path) -> None:
    exported, old, new = tmp_path / "all of it.json", tmp_path / "old", tmp_path / "new"
    with open_library(old) as library:
        library.talk("About fire", ("What is fire?", "Hot."))
        library.notes.create(body="Fire drill")
    with Window.start(old) as window:
        window.click("link", "Settings")
        window.click("link", "Export everything…")
        answer_dialog("Export", exported)
        window.wait_for(
            "document.getElementById('toasts').innerText.includes('Exported')"
        )
    assert "What is fire?" in json.dumps(json.loads(exported.read_text()))

    with Window.start(new) as window:
        window.click("link", "Settings")
        window.click("link", "Import…")
        window.click("link", "Choose a file…")
        answer_dialog("Import", exported)
        window.click("button", "Import")
        window.wait_for(f"{STATE}.includes('Imported from')")
        window.click("link", "About fire")
        window.wait_for("document.querySelector('.bubble')?.innerText")
        assert window.evaluate("document.querySelector('.answer').innerText").strip()
        window.evaluate("history.back()")
        window.click("button", "Undo")
        window.wait_for(f"{STATE}.includes('in the trash')")
        window.wait_for(
            "!document.getElementById('conversations').innerText.includes('About')"
        )
        window.screenshot("imported")
