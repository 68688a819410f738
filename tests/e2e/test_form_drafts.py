"""A person types into forms, and the program is killed before anything is saved."""

from pathlib import Path
from typing import Final
from urllib.parse import quote

import psutil
import pytest

from backend.store.chat.folders import FolderStore
from tests.helpers.htmx import SETTLED
from tests.helpers.library import open_library
from tests.helpers.processes import are_gone
from tests.helpers.window import Window

pytestmark = [pytest.mark.gui, pytest.mark.e2e]

FIELD: Final = "document.querySelector('[name={}]')?.value"


def type_and_kill(window: Window, name: str, draft: str, text: str) -> None:
    """Type where the focus is, and kill the program when that is kept."""
    window.send("Input.insertText", text=text)
    kept = f"fetch('/drafts/{quote(draft)}').then(r => r.text())"
    window.wait_for(f"{kept}.then(t => JSON.parse(t || '{{}}').{name} === {text!r})")
    tree = [psutil.Process(window.process.pid), *window.children]
    window.kill()
    assert are_gone(tree, 20)


def focus(window: Window, name: str) -> None:
    """Put the cursor into a field, with all of its text marked."""
    window.wait_for(f"document.querySelector('[name={name}]') !== null && {SETTLED}")
    field = f"document.querySelector('[name={name}]')"
    window.evaluate(f"{field}.focus(); {field}.select()")


def test_what_is_typed_into_a_form_outlives_the_program(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        talk = library.talk("Soup", ("Q", "A"))[0].id
        folder = FolderStore(library.database).create("Kitchen").id
    with Window.start(tmp_path) as window:
        window.go(f"/folders/{folder}")
        focus(window, "instructions")
        text = "Answer as a cook."
        type_and_kill(window, "instructions", f"folder:{folder}", text)
    with Window.start(tmp_path) as window:
        window.go(f"/folders/{folder}")
        window.wait_for(f"{FIELD.format('instructions')} === 'Answer as a cook.'")
        window.find("button", "Start over")
        window.screenshot("folder-unsaved")
        window.click("button", "Save")
        window.wait_for("!document.querySelector('.note.kept')")
        window.click("button", "Actions for Soup")
        window.click("menuitem", "Rename")
        focus(window, "title")
        type_and_kill(window, "title", f"title:{talk}", "Soups of win")
    with Window.start(tmp_path) as window:
        window.click("button", "Actions for Soup")
        window.click("menuitem", "Rename")
        window.wait_for(f"{FIELD.format('title')} === 'Soups of win'")
        focus(window, "title")
        window.press("Escape")
        window.find("link", "Soup")
        window.go(f"/conversations/{talk}/parameters")
        focus(window, "instructions")
        type_and_kill(window, "instructions", f"setup:{talk}", "In French.")
    with Window.start(tmp_path) as window:
        window.go(f"/conversations/{talk}/parameters")
        window.wait_for(f"{FIELD.format('instructions')} === 'In French.'")
        window.click("button", "Start over")
        window.wait_for(f"{FIELD.format('instructions')} === ''")


def test_the_address_of_a_server_is_kept_and_its_key_is_not_even_told(
    tmp_path: Path,
) -> None:
    with Window.start(tmp_path) as window:
        window.go("/settings")
        focus(window, "url")
        window.evaluate(
            "window.told = []; document.addEventListener('htmx:configRequest', "
            "({detail}) => told.push(...Object.keys(detail.parameters))); 0"
        )
        key = "document.querySelector('form.choice [name=key]')"
        window.evaluate(
            f"{key}.closest('details').open = true; {key}.value = 'sk-secret';"
            f"{key}.dispatchEvent(new Event('input', {{bubbles: true}})); 0"
        )
        window.wait_for("told.length > 0")
        assert set(window.evaluate("told")) <= {"url"}
        type_and_kill(window, "url", "server:new", "http://10.0.0.7:8080")
    with Window.start(tmp_path) as window:
        window.go("/settings")
        window.wait_for(f"{FIELD.format('url')} === 'http://10.0.0.7:8080'")
        assert window.evaluate(FIELD.format("key")) == ""
