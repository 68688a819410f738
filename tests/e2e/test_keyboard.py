"""A person uses Hearth by keyboard alone: the focus is never nowhere."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.helpers.keyboard import Keyboard
from tests.helpers.library import Library, open_library
from tests.helpers.page import Parrot
from tests.helpers.window import Window

pytestmark = pytest.mark.e2e

TALKS = 24
TOASTS = "document.querySelectorAll('#toasts .toast').length"


@dataclass(frozen=True)
class Shelf:
    """What is kept when the tests begin."""

    talk: str
    long: str
    notes: list[str]


def fill(library: Library) -> Shelf:
    """Keep conversations, notes, and things in the trash."""
    for number in range(TALKS):
        library.talk(f"Talk {number}", (f"Question {number}", f"Answer {number}"))
    for number in range(6):
        gone, _ = library.talk(f"Gone {number}", ("Was it?", "It was."))
        library.conversations.delete(gone.id)
    exchanges = [(f"Ask {n}", f"Reply {n}.\n\nAnd more.") for n in range(12)]
    long, _ = library.talk("The long one", *exchanges)
    talk, _ = library.talk("The last one", ("What is new?", "Nothing."))
    notes = [library.notes.create(f"Note {n}", f"Note {n}\nmore").id for n in range(9)]
    return Shelf(talk.id, long.id, notes)


@pytest.fixture(scope="module")
def shelf_and_window(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Shelf, Window]]:
    data_dir = tmp_path_factory.mktemp("keyboard") / "data"
    with open_library(data_dir) as library:
        shelf = fill(library)
    parrot = Parrot()
    parrot.texts["What is new?"] = "Still nothing."
    with parrot.server, Window.start(data_dir) as window:
        form = (
            f"new URLSearchParams({{name: 'P', url: '{parrot.server.url}', key: ''}})"
        )
        window.evaluate(f"fetch('/engines', {{method: 'POST', body: {form}}})")
        yield shelf, window


@pytest.fixture
def shelf(shelf_and_window: tuple[Shelf, Window]) -> Shelf:
    return shelf_and_window[0]


@pytest.fixture
def keys(shelf_and_window: tuple[Shelf, Window]) -> Keyboard:
    return Keyboard(shelf_and_window[1])


@dataclass(frozen=True)
class Act:
    """Something after which what had the focus is gone.

    Attributes:
        path: Where it is done.
        on: What has the focus before.
        keys: What is pressed, one after the other.
        done: A script that is true when it was done.
        then: What has the focus afterwards.
    """

    path: Callable[[Shelf], str]
    on: str
    keys: tuple[str, ...]
    done: str
    then: str


def at(path: str) -> Callable[[Shelf], str]:
    return lambda _: path


def talk(shelf: Shelf) -> str:
    return f"/conversations/{shelf.talk}"


def long(shelf: Shelf) -> str:
    return f"/conversations/{shelf.long}"


LIST_LINK = "#conversations li a"
ACTS = {
    "a new name": Act(
        talk,
        LIST_LINK,
        ("F2", "N", "Enter"),
        "document.querySelector('#conversations li a')?.title === 'N'",
        "#conversations li:first-child a",
    ),
    "a new name given up": Act(
        talk,
        LIST_LINK,
        ("F2", "Escape"),
        "document.querySelector('.renaming') === null",
        "#conversations li:first-child a",
    ),
    "a conversation deleted": Act(
        talk,
        "#conversations li:nth-child(3) a",
        ("Delete",),
        f"{TOASTS} > 0",
        "#conversations li:nth-child(3) a",
    ),
    "a conversation deleted from its menu": Act(
        talk,
        "#conversations li:nth-child(3) > button",
        ("Enter", "End", "Enter"),
        f"{TOASTS} > 0",
        "#conversations li:nth-child(3) a",
    ),
    "the open conversation deleted": Act(
        lambda shelf: f"/conversations/{shelf.long}",
        "#conversations [aria-current]",
        ("Delete",),
        "location.pathname === '/'",
        ".composer textarea",
    ),
    "a note deleted": Act(
        at("/notes"),
        "#notes li:nth-child(2) button",
        ("Enter",),
        f"{TOASTS} > 0",
        "#notes li:nth-child(2) a",
    ),
    "the last note of the list deleted": Act(
        at("/notes"),
        "#notes li:last-child a",
        ("Delete",),
        f"{TOASTS} > 0",
        "#notes li:last-child a",
    ),
    "an open note deleted": Act(
        lambda shelf: f"/notes/{shelf.notes[0]}",
        "#main [hx-delete]",
        ("Enter",),
        "location.pathname === '/notes'",
        "#main h1",
    ),
    "restored from the trash": Act(
        at("/trash"),
        "#trash li:nth-child(2) [hx-post]",
        ("Enter",),
        f"{TOASTS} > 0",
        "#trash li:nth-child(2) a",
    ),
    "deleted for good": Act(
        at("/trash"),
        "#trash li:nth-child(2) a",
        ("Delete", "Tab", "Enter"),
        f"{TOASTS} > 0",
        "#trash li:nth-child(2) a",
    ),
    "a question deleted": Act(
        talk,
        "#log .question [popovertarget]",
        ("Enter", "End", "Enter"),
        f"{TOASTS} > 0",
        ".composer textarea, #main h1",
    ),
    "an answer written again": Act(
        talk,
        "#log .answer [aria-label=Retry]",
        ("Enter",),
        "document.querySelector('#log')?.innerText.includes('Still nothing')",
        "#log .answer, #log .answer *",
    ),
    "a quick action deleted": Act(
        at("/actions"),
        "#actions li:nth-child(2) [hx-delete]",
        ("Enter",),
        f"{TOASTS} > 0",
        "#actions li:nth-child(2) a",
    ),
    "a quick action moved to the top": Act(
        at("/actions"),
        "#actions li:nth-child(2) [data-move=up]",
        ("Enter",),
        "document.activeElement.closest('#actions li:first-child') !== null",
        "#actions li:first-child [data-move=down]",
    ),
    "a link in the page": Act(
        at("/settings"),
        "#main a[href='/imports']",
        ("Enter",),
        "location.pathname === '/imports'",
        "#main h1",
    ),
    "a link in the list": Act(
        at("/"),
        "#sidebar a[href='/trash']",
        ("Enter",),
        "location.pathname === '/trash'",
        "#main h1",
    ),
    "a filter of the search": Act(
        at("/search?q=Question"),
        "#main .filter a:nth-child(2)",
        ("Enter",),
        "document.querySelector('#main .filter a:nth-child(2)')?.ariaCurrent",
        "#main .filter a:nth-child(2)",
    ),
    "a message dismissed": Act(
        at("/notes"),
        "#notes li:nth-child(2) button",
        ("Enter", "F6", "Escape"),
        f"{TOASTS} === 0",
        "#notes li:nth-child(2) a",
    ),
    "the search left": Act(
        at("/notes"), "#search-field", ("Escape",), "true", "#main h1"
    ),
    "an answer history opened": Act(
        talk,
        "#log .answer [popovertarget]",
        ("Enter", "ArrowDown", "Enter"),
        "location.pathname.startsWith('/history')",
        "#main h1",
    ),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_the_focus_goes_on_when_what_had_it_goes(
    keys: Keyboard, shelf: Shelf, act: Act
) -> None:
    keys.open(act.path(shelf))
    keys.focus(act.on)
    for key in act.keys:
        keys.rest()
        keys.press(key)
    keys.window.wait_for(act.done)
    assert not keys.rest().startswith("BODY")
    keys.expect(act.then)
    if keys.window.evaluate(TOASTS):
        keys.press("z", "Control")
        keys.rest()
