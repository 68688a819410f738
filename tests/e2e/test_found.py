"""A person finds words in a long conversation: by the search and in what is open."""

from collections.abc import Iterator

import pytest

from tests.helpers.library import open_library
from tests.helpers.tray import xdotool
from tests.helpers.window import Window

pytestmark = pytest.mark.e2e

FIELD = "document.getElementById('search-field')"
HITS = "document.querySelectorAll('#main .hit')"
FOUND = "document.querySelector('.message[data-found]')"
MARKED = "[...CSS.highlights.get('found') ?? []].map(String)"


def answer(number: int) -> str:
    ember = "- an **em**ber and **one** more *Ember*" if number % 5 == 0 else ""
    return f"Answer {number}.\n\n{ember}\n\nThat is **all**."


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    data_dir = tmp_path_factory.mktemp("found") / "data"
    with open_library(data_dir) as library:
        library.talk("Short", ("How?", "An ember in **another** one."))
        many = [(f"Question {n}", answer(n)) for n in range(150)]
        library.talk("A long one", *many)
        library.notes.create("Shopping", "Shopping\n- Milk\n- Bread *ember*")
    with Window.start(data_dir) as started:
        yield started


def look_for(window: Window, words: str) -> None:
    window.click("link", "Notes")
    window.wait_for("location.pathname === '/notes'")
    window.evaluate(
        "document.dispatchEvent(new CustomEvent('hearth:command',"
        " { detail: 'search' }))"
    )
    window.wait_for(f"document.activeElement === {FIELD}")
    window.write("searchbox", "Search", words)
    window.wait_for(f"document.querySelector('#main h1').innerText.includes('{words}')")


def test_hits_of_one_conversation_stand_under_its_title(window: Window) -> None:
    look_for(window, "ember")
    titles = "[...document.querySelectorAll('#main .hit-title')].map(e => e.innerText)"
    assert window.evaluate(titles) == ["Shopping", "A long one"]
    group = "[...document.querySelectorAll('.found-talk .hit')]"
    assert window.evaluate(f"{group}.length") == 30
    assert window.evaluate("document.querySelector('.hit-snippet').innerText") == (
        "Milk Bread ember"
    )
    shown = window.evaluate("document.querySelector('#main .found-column').innerText")
    assert "Milk" in shown
    assert not [sign for sign in ("**", "*", "- ") if sign in shown]
    window.photograph("search-hits")


def test_the_words_are_marked_in_the_message_that_has_the_focus(
    window: Window,
) -> None:
    look_for(window, "ember")
    window.press("Enter")
    window.wait_for("document.activeElement.matches('.hit')")
    window.press("ArrowDown")
    window.press("Enter")
    window.wait_for(f"{FOUND}?.innerText.includes('Answer 145')")
    window.wait_for(f"document.activeElement === {FOUND}")
    assert window.evaluate(MARKED) == ["ember", "Ember"]
    window.photograph("search-found")
    window.click("link", "Notes")
    window.wait_for("location.pathname === '/notes'")
    window.wait_for("!CSS.highlights.has('found')")


NOW = "[...CSS.highlights.get('match') ?? []]"


def at(window: Window, number: int, nth: int) -> None:
    """Wait until one of the words in this answer is the one that is marked."""
    window.wait_for(
        f"{NOW}.length === 1 && (([range]) => {{"
        " const message = range.startContainer.parentElement.closest('.message');"
        " const box = range.getBoundingClientRect();"
        f" return message.innerText.includes('Answer {number}.')"
        " && [...CSS.highlights.get('matches')]"
        ".filter(r => message.contains(r.startContainer))"
        f".findIndex(r => r.compareBoundaryPoints(0, range) === 0) === {nth}"
        f" && box.top > 0 && box.bottom < innerHeight; }})({NOW})"
    )


def test_find_goes_through_the_whole_conversation(window: Window) -> None:
    window.click("link", "A long one")
    window.wait_for("document.querySelectorAll('.message').length === 100")
    window.wait_for("document.activeElement.matches('.composer textarea')")
    shell = xdotool("search", "--onlyvisible", "--name", "Hearth$").split()[-1]
    xdotool("windowactivate", "--sync", shell)
    xdotool("key", "ctrl+f")
    xdotool("type", "ember")
    # Nothing follows what is read at the end: the last one is marked.
    at(window, 145, 1)
    xdotool("key", "shift+F3")
    at(window, 145, 0)
    xdotool("key", "F3")
    at(window, 145, 1)
    # From the last to the first, which is not loaded.
    window.screenshot("find-last")
    xdotool("key", "F3")
    at(window, 0, 0)
    xdotool("key", "Return")
    at(window, 0, 1)
    window.screenshot("find-first")
    # Every one of them, over both edges of what is loaded.
    for number in range(5, 150, 5):
        xdotool("key", "F3", "F3")
        at(window, number, 1)
    xdotool("key", "shift+F3")
    at(window, 145, 0)
    xdotool("key", "Escape")
    window.wait_for("document.activeElement.matches('.message.answer')")
    active = window.evaluate("document.activeElement.innerText")
    assert "Answer 145." in active
    assert not window.evaluate("CSS.highlights.has('match')")
