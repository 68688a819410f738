"""A person finds an old message, goes back, deletes by mistake, and writes a note."""

from pathlib import Path

import pytest

from tests.helpers.library import open_library
from tests.helpers.window import Window

pytestmark = pytest.mark.e2e

FIELD = "document.getElementById('search-field')"
FOUND = "document.querySelector('.message[data-found]')"
MESSAGES = "document.querySelectorAll('.message').length"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    exchanges = [(f"Question {i} on fire", f"Answer {i}: hot.") for i in range(80)]
    with open_library(tmp_path / "data") as library:
        library.talk("About fire", *exchanges)
    return tmp_path / "data"


def test_a_person_finds_undoes_and_writes(data_dir: Path) -> None:
    with Window.start(data_dir) as window:
        window.click("link", "About fire")
        window.wait_for(f"{MESSAGES} === 100")
        window.evaluate(
            "document.dispatchEvent(new CustomEvent('hearth:command',"
            " { detail: 'search' }))"
        )
        window.wait_for(f"document.activeElement === {FIELD}")
        window.write("searchbox", "Search", '"question 3 on"')
        window.wait_for("document.querySelectorAll('.hit').length === 1")
        window.press("Enter")
        window.wait_for("document.activeElement.matches('.hit')")
        window.press("Enter")
        window.wait_for(f"{FOUND}?.innerText.includes('Question 3 on fire')")
        top, bottom, height = window.evaluate(
            f"[{FOUND}.getBoundingClientRect().top,"
            f" {FOUND}.getBoundingClientRect().bottom, innerHeight]"
        )
        assert 0 < top < bottom < height
        window.screenshot("found")

        window.evaluate(f"{FOUND}.querySelector('[hx-delete]').click()")
        window.wait_for(f"{FOUND} === null")
        shown = window.evaluate(MESSAGES)
        window.click("button", "Undo")
        window.wait_for(f"{MESSAGES} === {shown + 2}")

        window.evaluate(f"{FIELD}.focus()")
        window.write("searchbox", "Search", "nothing like it")
        window.wait_for("location.pathname === '/search'")
        window.press("Escape")
        window.wait_for("location.pathname.startsWith('/conversations/')")

        window.click("link", "Notes")
        window.click("button", "New note")
        window.write("textbox", "Note", "Fire drill")
        window.wait_for("location.pathname.match('^/notes/0')")
        window.click("link", "All notes")
        window.wait_for(
            "document.querySelector('#notes')?.innerText.includes('Fire drill')"
        )
