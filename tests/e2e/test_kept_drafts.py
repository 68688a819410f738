"""What was typed a moment before leaving is kept, whatever way is left by."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.helpers.dictation import Dictation
from tests.helpers.sidecar import program_command
from tests.helpers.tray import xdotool
from tests.helpers.window import Window, until

pytestmark = [pytest.mark.gui, pytest.mark.e2e]

WAYS: Final[dict[str, Callable[[Window], object]]] = {
    "a link": lambda window: window.evaluate(
        "document.querySelector('#sidebar a[href=\"/notes\"]').click()"
    ),
    "a key": lambda window: window.press("n", "Control", "Shift"),
    "loading again": lambda window: window.evaluate("location.reload(); 0"),
    "going back": lambda window: window.evaluate("history.back(); 0"),
    "another field": lambda window: window.evaluate(
        "document.querySelector('[type=search]').focus()"
    ),
}
NEVER_A_WHILE_LATER: Final = """{
  const later = window.setTimeout;
  window.setTimeout = (act, ms, ...rest) => ms === 250 ? 0 : later(act, ms, ...rest);
}"""
"""Takes away the delay after which a draft is stored without being left."""
QUESTION: Final = "document.querySelector('.composer textarea')?.value"
EDITED: Final = "document.querySelector('.editing textarea')?.value"
NOTE: Final = "document.getElementById('note-body')?.value"
INSTRUCTIONS: Final = "document.querySelector('[name=instructions]')?.value"
NAME: Final = "document.querySelector('[aria-describedby=name-hint]')?.value"


@pytest.fixture(scope="module")
def window(
    tmp_path_factory: pytest.TempPathFactory, model: Dictation
) -> Iterator[Window]:
    with Window.start(tmp_path_factory.mktemp("words") / "data") as window:
        model.serve(window)
        yield window


@pytest.mark.parametrize("way", WAYS)
def test_a_question_is_kept(window: Window, way: str) -> None:
    window.go("/notes")
    window.go("/")
    window.evaluate(NEVER_A_WHILE_LATER)
    window.write("textbox", "Message", f" left by {way}")
    WAYS[way](window)
    draft = "fetch('/drafts/new').then(r => r.text()).catch(() => '')"
    window.wait_for(f"{draft}.then(t => t.endsWith('left by {way}'))")


def test_each_field_is_kept_when_hearth_quits(tmp_path: Path, model: Dictation) -> None:
    """One start for each: the program ends at once after the last letter."""

    def write_and_quit(path: str, name: str, text: str, *buttons: str) -> None:
        with Window.start(tmp_path) as window:
            window.go(path)
            for button in buttons:
                window.click("button", button)
            window.wait_for("!document.querySelector('[data-draft]')")
            window.write("textbox", name, text)
            assert window.quit() == 0

    with Window.start(tmp_path) as window:
        model.serve(window)
        window.ask("What is a kettle")
        model.say("A vessel.")
        model.end()
        window.find("button", "Edit question")
        window.wait_for("!document.querySelector('[aria-busy=true]')")
        asked = window.evaluate("location.pathname")
    write_and_quit("/", "Message", "half a question")
    write_and_quit(asked, "Question", " exactly?", "Edit question")
    write_and_quit("/notes/new", "Note", "half a note")
    write_and_quit("/settings", "Custom instructions", "Be brief")
    write_and_quit("/settings", "Your name", "Ada")
    with Window.start(tmp_path) as window:
        window.go("/")
        window.wait_for(f"{QUESTION} === 'half a question'")
        window.go(asked)
        window.click("button", "Edit question")
        window.wait_for(f"{EDITED} === 'What is a kettle exactly?'")
        window.go("/notes")
        window.wait_for("document.querySelector('#notes a.hit') !== null")
        window.evaluate("document.querySelector('#notes a.hit').click()")
        window.wait_for(f"{NOTE} === 'half a note'")
        window.go("/settings")
        window.wait_for(f"{INSTRUCTIONS} === 'Be brief' && {NAME} === 'Ada'")


def test_quick_ask_is_kept_when_hearth_quits(tmp_path: Path) -> None:
    call = [*program_command(), "--data-dir", str(tmp_path), "--quick-ask"]
    with Window.start(tmp_path, "--hidden") as window:
        subprocess.run(call, check=True, timeout=60)
        quick = until(
            lambda: xdotool("search", "--onlyvisible", "--name", "^Quick Ask"), "it"
        )
        until(lambda: xdotool("getwindowfocus") == quick, "it to have the keyboard")
        xdotool("type", "--delay", 1, "half a thought")
        # The page answers through the loop that hears the keys: they are typed then.
        for _ in range(5):
            window.evaluate("1")
        assert window.quit() == 0
    with Window.start(tmp_path, "--hidden") as window:
        kept = window.evaluate("fetch('/api/v1/quick').then(r => r.json())")
        assert kept["draft"] == "half a thought"
