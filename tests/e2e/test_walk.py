"""A walk over the whole window with a full store, by wheel and by keys alone.

Three windows, small and zoomed, light and dark; each place is photographed into the
artifacts folder and looked at by axe-core.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from qtshell.display.theme import Theme
from qtshell.settings import ShellSettings
from tests.helpers.axe import violations
from tests.helpers.htmx import SETTLED
from tests.helpers.library import open_library
from tests.helpers.tray import xdotool
from tests.helpers.window import Window, is_still, until

pytestmark = pytest.mark.e2e

CONVERSATIONS: Final = 200
NOTES: Final = 200
EXCHANGES: Final = 1_000
SIDEBAR: Final = ".sidebar-list"
LISTED: Final = "document.querySelectorAll('.conversation-item').length"
NOTED: Final = "document.querySelectorAll('.note-item').length"
HEADING: Final = "document.querySelector('#main h1')?.innerText"
FIRST: Final = "document.querySelector('.message .bubble')?.innerText"
IN_LIST: Final = "document.activeElement.matches('.conversation-item > a')"
IN_LOG: Final = "document.activeElement.matches('.log-scroll')"
IN_NOTES: Final = "document.activeElement.closest('.note-item') !== null"
PLACES: Final = {
    "/": "New conversation",
    "/notes": "Notes",
    "/trash": "Trash",
    "/actions": "Quick actions",
    "/settings": "Settings",
    "/search?q=answer": "Search for “answer”",
    "/imports": "Import",
    "/backups": "Backups",
    "/encryption": "Encryption",
}


@dataclass(frozen=True)
class View:
    """How a window is looked at: its size in pixels, theme and zoom."""

    width: int
    height: int
    theme: Theme
    zoom: float

    @property
    def name(self) -> str:
        """Return what its photographs are called."""
        zoom = f"{self.zoom:.0%}".rstrip("%")
        return f"walk-{self.width}x{self.height}-{self.theme.value}-{zoom}"


VIEWS: Final = (
    View(720, 480, Theme.DARK, 1.0),
    View(900, 600, Theme.LIGHT, 1.0),
    View(900, 600, Theme.DARK, 2.0),
)


@pytest.fixture(scope="module")
def full_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder of somebody who has used Hearth for long."""
    data_dir = tmp_path_factory.mktemp("walk") / "data"
    with open_library(data_dir) as library:
        said = ((f"Question {i}", f"The answer {i}.") for i in range(EXCHANGES))
        library.talk("A long talk", *said)
        for number in range(CONVERSATIONS - 1):
            library.conversations.create(title=f"Talk {number}")
        for number in range(NOTES):
            library.notes.create(body=f"Note {number}\nwith a second line")
        gone, _ = library.talk("Thrown away", ("Keep it?", "No."))
        library.conversations.delete(gone.id)
    return data_dir


@pytest.fixture(scope="module", params=VIEWS, ids=lambda view: view.name)
def walk(
    request: pytest.FixtureRequest,
    full_store: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Window, View]]:
    """Open a window of this view on a copy of the store."""
    view: View = request.param
    data_dir = tmp_path_factory.mktemp("view") / "data"
    shutil.copytree(full_store, data_dir)
    settings = ShellSettings(data_dir)
    settings.theme, settings.zoom = view.theme, view.zoom
    settings.save()
    with Window.start(data_dir) as window:
        xdotool("windowsize", "--sync", window_id(), view.width, view.height)
        window.wait_for(f"innerWidth <= {view.width / view.zoom + 1}")
        window.wait_for(f"{LISTED} >= 50 && {SETTLED}")
        yield window, view


def window_id() -> str:
    """Return the number of the window on its display."""
    return xdotool("search", "--onlyvisible", "--name", "Hearth$").split()[-1]


def tab_to(window: Window, condition: str) -> None:
    """Press Tab until a condition holds of what has the focus."""
    for _ in range(60):
        if window.evaluate(condition):
            return
        window.press("Tab")
    pytest.fail(f"60 Tabs did not lead to {condition}")


def press_until(window: Window, key: str, condition: str) -> None:
    """Press a key, each time what it did is there, until a condition holds."""
    for _ in range(100):
        if window.evaluate(condition):
            return
        window.press(key)
        window.evaluate(is_still("document.scrollingElement"))
        window.wait_for(SETTLED)
    pytest.fail(f"{key} did not lead to {condition}")


def show_list(window: Window) -> None:
    """Open the drawer where the window is too narrow for the list."""
    visible = "checkVisibility({visibilityProperty: true})"
    shown = f"document.querySelector('{SIDEBAR}').{visible}"
    if not window.evaluate(shown):
        # A shortcut of the window itself, so a key of the desktop.
        xdotool("windowactivate", "--sync", window_id())
        xdotool("key", "ctrl+b")
        window.wait_for(shown)


def look(window: Window, view: View, place: str) -> None:
    """Photograph a place and let axe-core look at it."""
    window.wait_for(SETTLED)
    window.photograph(f"{view.name}-{place}")
    assert violations(window) == [], place
    wider = "document.documentElement.scrollWidth > innerWidth"
    assert not window.evaluate(wider), f"{place} is wider than the window"


def go(window: Window, path: str, heading: str) -> None:
    """Load a page and wait until it and its lists are there."""
    window.go(path)
    window.wait_for(f"{HEADING} === {heading!r} && {SETTLED}")


def test_every_place_is_seen(walk: tuple[Window, View]) -> None:
    window, view = walk
    for path, heading in PLACES.items():
        go(window, path, heading)
        look(window, view, path.strip("/").partition("?")[0] or "new-chat")


def test_the_oldest_things_are_reached_by_the_wheel(walk: tuple[Window, View]) -> None:
    window, view = walk
    go(window, "/notes", "Notes")
    window.wheel_until(".sheet-scroll", 800, f"{NOTED} === {NOTES}")
    look(window, view, "oldest-notes")
    show_list(window)
    window.wheel_until(SIDEBAR, 800, f"{LISTED} === {CONVERSATIONS}")
    last = "[...document.querySelectorAll('.conversation-item')].at(-1)"
    window.wheel_until(
        SIDEBAR, 800, f"{last}.getBoundingClientRect().top < innerHeight"
    )
    look(window, view, "oldest-conversations")
    window.click("link", "A long talk")
    window.wait_for(f"{HEADING} === 'A long talk'")
    if view.zoom > 1:
        return  # by keys below
    window.wheel_until(".log-scroll", -8_000, f"{FIRST} === 'Question 0'")
    window.photograph(f"{view.name}-first-message")


def test_the_oldest_things_are_reached_by_keys(walk: tuple[Window, View]) -> None:
    window, view = walk
    go(window, "/", "New conversation")
    show_list(window)
    tab_to(window, IN_LIST)
    press_until(window, "End", f"{LISTED} === {CONVERSATIONS}")
    press_until(window, "End", "document.activeElement.innerText === 'A long talk'")
    look(window, view, "by-keys-conversations")
    window.press("Enter")
    window.wait_for(f"{HEADING} === 'A long talk'")
    tab_to(window, IN_LOG)
    if view.zoom > 1:
        press_until(window, "Home", f"{FIRST} === 'Question 0'")
    window.photograph(f"{view.name}-by-keys-messages")
    go(window, "/notes", "Notes")
    tab_to(window, IN_NOTES)
    press_until(window, "End", f"{NOTED} === {NOTES}")
    until(lambda: window.evaluate(IN_NOTES), "the focus in the list of notes")
