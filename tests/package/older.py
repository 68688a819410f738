"""Run one by one by `debian`: an older Hearth, this one, that one again, and this one.

Each test is one start of the program that is installed then, over the same data.
"""

import os
from pathlib import Path

from tests.helpers.scripted_model import HELLO, scripted_gguf
from tests.helpers.window import Window
from tests.package.upgrade import hearth

__all__ = ["scripted_gguf"]

FIRST = "Where do the ferns go?"
SECOND = "And who feeds the cat?"
ANSWER = "[...document.querySelectorAll('.answer .prose')].at(-1)?.innerText ?? ''"
COMPOSER = "document.querySelector('.composer textarea')"
WENT = "you went back to an earlier version of Hearth"


def data_dir() -> Path:
    return Path(os.environ["HEARTH_DATA"])


def ask(window: Window, model: Path, question: str) -> None:
    """Let a model answer a question."""
    window.use_model(model)
    window.wait_for("document.querySelector('.model [name=choice]') !== null")
    window.ask(question)
    window.wait_for(f"({ANSWER}).includes({HELLO.split()[0]!r})")
    window.wait_for("!document.querySelector('[aria-busy=true]')")


def shows(window: Window, words: str) -> None:
    window.wait_for(f"document.body.innerText.includes({words!r})")


def test_the_older_one_is_used(scripted_gguf: Path) -> None:
    data = data_dir()
    with Window.start(data) as window:
        ask(window, scripted_gguf, FIRST)
        hearth(data, "note", "Water the ferns")
        window.write("textbox", "Message", "half a thought")
        kept = f"fetch({COMPOSER}.getAttribute('hx-put')).then(a => a.text())"
        window.wait_for(f"{kept}.then(text => text.includes('half a thought'))")
        assert window.quit() == 0


def test_the_newer_one_finds_it_and_adds_to_it(scripted_gguf: Path) -> None:
    data = data_dir()
    with Window.start(data) as window:
        window.click("link", FIRST)
        window.wait_for("document.querySelectorAll('.message').length === 2")
        assert window.evaluate(ANSWER).strip() == HELLO.strip()
        assert window.evaluate(f"{COMPOSER}.value") == "half a thought"
        assert "Water the ferns" in hearth(data, "search", "ferns")
        window.click("link", "Settings")
        window.click("link", "Backups")
        shows(window, "Before an update")
        window.go("/")
        ask(window, scripted_gguf, SECOND)
        hearth(data, "note", "Feed the cat")
        assert window.quit() == 0


def test_the_older_one_reads_and_goes_back() -> None:
    data = data_dir()
    with Window.start(data) as window:
        assert "Feed the cat" in hearth(data, "search", "cat"), "it can be read"
        window.photograph("older-reads")
        window.click("link", "Go back…")
        for missing in ("1 conversation", "1 note"):
            shows(window, missing)
        window.photograph("older-goes-back")
        window.click("button", "Go back")
        shows(window, "Before you went back to an earlier version")
        window.photograph("older-went-back")
        assert "Feed the cat" not in hearth(data, "search", "cat")
        assert "Water the ferns" in hearth(data, "search", "ferns")
        hearth(data, "note", "Mend the roof")
        window.click("link", FIRST)
        window.wait_for("document.querySelectorAll('.message').length === 2")
        assert window.quit() == 0


def test_the_newer_one_shows_the_way_to_what_was_left() -> None:
    data = data_dir()
    with Window.start(data) as window:
        assert "Mend the roof" in hearth(data, "search", "roof")
        shows(window, WENT)
        window.click("link", "Look…")
        shows(window, "What would be missing")
        window.photograph("newer-looks")
        window.click("button", "Restore")
        shows(window, "Before a restore")
        assert "Feed the cat" in hearth(data, "search", "cat")
        window.click("link", SECOND)
        window.wait_for("document.querySelectorAll('.message').length === 2")
        window.photograph("newer-found")
        assert window.quit() == 0
