"""A person scrolls through long lists, by wheel and by keys, and keeps the place."""

from collections.abc import Iterator
from typing import Final

import pytest

from backend.ids import new_id
from tests.helpers.dictation import Dictation
from tests.helpers.htmx import SETTLED
from tests.helpers.library import open_library
from tests.helpers.window import Window, is_still

pytestmark = pytest.mark.e2e

SIDEBAR: Final = "document.querySelector('.sidebar-list')"
LISTED: Final = "document.querySelectorAll('.conversation-item').length"
PICKED: Final = "document.querySelectorAll('.pick:checked').length"
LOG: Final = "document.querySelectorAll('.message').length"
COUNT: Final = 130
PLACE: Final = "document.querySelector('.sidebar-list [name=place]').value"
WRITTEN: Final = "Written meanwhile"
IS_KEPT: Final = f"!r.innerText.includes('{WRITTEN}')"
SLOW_TRASH: Final = """(() => {
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (verb, path, ...more) {
    this.isHeld = path.startsWith("/trash");
    open.call(this, verb, path, ...more);
  };
  XMLHttpRequest.prototype.send = function (body) {
    if (!this.isHeld) return send.call(this, body);
    window.goOn = () => new Promise((ended) => {
      this.addEventListener("loadend", () => setTimeout(() => ended(true), 100));
      send.call(this, body);
    });
  };
})()"""
"""The page of the trash is asked for when a test calls `goOn`, which waits for it."""


@pytest.fixture(scope="module")
def window(
    tmp_path_factory: pytest.TempPathFactory, model: Dictation
) -> Iterator[Window]:
    data_dir = tmp_path_factory.mktemp("lists") / "data"
    with open_library(data_dir) as library:
        library.talk(
            "Long", *((f"Q {i}", f"A {i}. " + "word " * 40) for i in range(150))
        )
        for number in range(COUNT):
            library.conversations.create(title=f"Talk {number}")
            library.notes.create(body=f"Note {number}")
            library.notes.delete(library.notes.create(body=f"Gone {number}").id)
    with Window.start(data_dir) as window:
        model.serve(window)
        window.wait_for(f"{LISTED} >= 50")
        yield window


@pytest.fixture
def fresh(window: Window) -> Window:
    """The window as it opens, with the first page of its lists."""
    window.send("Page.reload")
    window.attach()
    window.wait_for(f"{LISTED} === 50")
    return window


def test_the_wheel_reaches_the_oldest_conversation(fresh: Window) -> None:
    fresh.wheel_until(".sidebar-list", 400, f"{LISTED} === {COUNT + 1}")
    titles = fresh.evaluate(
        "[...document.querySelectorAll('.conversation-item > a')].map(a => a.innerText)"
    )
    assert titles == [f"Talk {i}" for i in reversed(range(COUNT))] + ["Long"]
    days = "document.querySelectorAll('.sidebar-list .day h3').length"
    assert fresh.evaluate(days) == 1
    assert not fresh.has("button", "Show older conversations")


def test_keys_reach_the_oldest_conversation(fresh: Window) -> None:
    fresh.evaluate("document.querySelector('.conversation-item > a').focus()")
    for page in (100, COUNT + 1):
        fresh.press("End")
        fresh.wait_for(f"{LISTED} >= {page}")


def test_the_button_loads_older_ones_and_keeps_the_focus(fresh: Window) -> None:
    # As if nothing could tell what is in view.
    button = "document.querySelector('.sidebar-list [data-more]')"
    fresh.evaluate(f"{button}.focus({{preventScroll: true}})")
    fresh.press("Enter")
    fresh.wait_for(f"{LISTED} >= 100")
    fresh.wait_for("document.activeElement.innerText === 'Talk 79'")


@pytest.mark.parametrize(
    ("place", "rows"), [("Notes", ".note-item"), ("Trash", "#trash .row")]
)
def test_notes_and_trash_load_on_and_stay(fresh: Window, place: str, rows: str) -> None:
    count = f"document.querySelectorAll('{rows}').length"
    # Without what an earlier run of this test wrote.
    kept = f"[...document.querySelectorAll('{rows}')].filter(r => {IS_KEPT}).length"
    fresh.click("link", place)
    fresh.wait_for(f"{count} === 50")
    fresh.press("PageDown")
    fresh.wait_for("document.querySelector('.sheet-scroll').scrollTop > 0")
    fresh.wheel_until(".sheet-scroll", 600, f"{kept} === {COUNT}")
    there = fresh.evaluate(count)
    fresh.evaluate(f"document.querySelectorAll('{rows} a')[60].focus()")
    top = "document.activeElement.getBoundingClientRect().top"
    name = fresh.evaluate("document.activeElement.innerText")
    before = fresh.evaluate(top)
    fresh.evaluate(
        "window.came = 0; document.addEventListener('htmx:afterSettle', (event) =>"
        f" {{ came += event.detail.elt.id === '{place.lower()}'; }}); 0"
    )
    write_a_note(fresh, is_deleted=place == "Trash")
    fresh.wait_for("window.came > 0")
    # As many rows as before: the new one is on top, the oldest below the end.
    assert fresh.evaluate(count) == there
    assert fresh.evaluate("document.activeElement.innerText") == name
    assert fresh.evaluate(top) == pytest.approx(before, abs=1)


def write_a_note(window: Window, *, is_deleted: bool = False) -> None:
    """Let another page write one, and delete it."""
    form = f"new URLSearchParams({{body: '{WRITTEN}'}})"
    path = f"/notes/{new_id()}"
    window.evaluate(f"fetch('{path}', {{method: 'PUT', body: {form}}})")
    if is_deleted:
        window.evaluate(f"fetch('{path}', {{method: 'DELETE'}})")


def test_the_sidebar_stays_where_it_is_when_something_changes(fresh: Window) -> None:
    fresh.wheel_until(".sidebar-list", 400, f"{LISTED} === {COUNT + 1}")
    fresh.evaluate(
        "document.querySelectorAll('.conversation-item > a')[70].focus();"
        "window.last = document.querySelectorAll('.conversation-item')[120].id; 0"
    )
    fresh.evaluate(is_still(SIDEBAR))
    top = "document.activeElement.getBoundingClientRect().top"
    name, before = fresh.evaluate(f"[document.activeElement.innerText, {top}]")
    form = "new URLSearchParams({title: 'Renamed elsewhere'})"
    path = "`/conversations/${last.slice(13)}/title`"
    fresh.evaluate(f"fetch({path}, {{method: 'PUT', body: {form}}})")
    fresh.wait_for("document.getElementById(last).innerText === 'Renamed elsewhere'")
    assert fresh.evaluate(LISTED) == COUNT + 1
    assert fresh.evaluate("document.activeElement.innerText") == name
    assert fresh.evaluate(top) == pytest.approx(before, abs=1)
    assert fresh.evaluate(f"{SIDEBAR}.querySelectorAll('.day').length") == 1


def test_a_title_being_typed_stays_when_something_changes(fresh: Window) -> None:
    fresh.click("button", "Actions for Talk 128")
    fresh.click("menuitem", "Rename")
    fresh.write("textbox", "Title", " and more")
    typed = "document.querySelector('.renaming input').value"
    form = "new URLSearchParams({title: 'Changed'})"
    first = "document.querySelector('.conversation-item').id.slice(13)"
    path = f"'/conversations/' + {first} + '/title'"
    fresh.evaluate(f"fetch({path}, {{method: 'PUT', body: {form}}})")
    fresh.find("link", "Changed")
    assert fresh.evaluate(typed) == " and more"
    fresh.press("Escape")
    fresh.find("link", "Talk 128")


def test_earlier_messages_come_by_wheel_and_keys_and_move_nothing(
    fresh: Window,
) -> None:
    log = "document.querySelector('.log-scroll')"
    open_the_long_one(fresh)
    fresh.wheel(".log-scroll", -900)
    fresh.evaluate(is_still(log))
    fresh.evaluate(
        "window.read = [...document.querySelectorAll('.message')].at(-6);"
        "document.querySelector('#log [data-more]').focus({preventScroll: true})"
    )
    top = "window.read.getBoundingClientRect().top"
    before = fresh.evaluate(top)
    fresh.evaluate(
        "window.swaps = 0;"
        " document.addEventListener('htmx:afterSwap', () => window.swaps++); 0"
    )
    fresh.press("Enter")
    fresh.wait_for(f"{LOG} === 200")
    assert fresh.evaluate("window.swaps") == 1, "told once for every message"
    assert fresh.evaluate(top) == pytest.approx(before, abs=1)
    assert fresh.evaluate("document.activeElement.closest('.message') !== null")
    fresh.wheel_until(".log-scroll", -2000, f"{LOG} === 300")


def test_the_key_home_reaches_the_first_message(fresh: Window) -> None:
    open_the_long_one(fresh)
    fresh.evaluate("document.querySelector('.log-scroll').focus()")
    for _ in range(200):
        fresh.press("Home")
        fresh.evaluate(is_still("document.querySelector('.log-scroll')"))
        if fresh.evaluate(LOG) == 300:
            return
    pytest.fail("Home did not reach the first message")


def open_the_long_one(window: Window, around: str = "") -> None:
    found = "fetch('/search?q=A+75').then(r => r.text())"
    path = window.evaluate(
        f"{found}.then(t => /conversations.[0-9a-f-]+.around=[0-9a-f-]+/.exec(t)[0])"
    )
    shown = path if around else path.partition("?")[0]
    window.send("Page.navigate", url=f"http://127.0.0.1:{window.port}/{shown}")
    window.attach()
    window.wait_for(f"{LOG} >= 100")


def test_later_messages_come_by_the_wheel_up_to_the_newest(fresh: Window) -> None:
    open_the_long_one(fresh, "found")
    fresh.wheel_until(".log-scroll", 900, f"{LOG} > 101")
    # What came is below, and not jumped over.
    last = "[...document.querySelectorAll('.answer .prose')].at(-1).innerText"
    fresh.wheel_until(".log-scroll", 900, f"{last}.startsWith('A 149.')")
    scroll = "document.querySelector('.log-scroll').scrollTop"
    fresh.wheel_until(".log-scroll", 900, f"{scroll} === 0")
    assert not fresh.has("link", "Jump to latest")


def test_several_go_into_a_folder_in_one_act_and_come_back(fresh: Window) -> None:
    fresh.wheel_until(".sidebar-list", 400, f"{LISTED} === {COUNT + 1}")
    fresh.evaluate("document.querySelector('.conversation-item > a').focus()")
    fresh.press("ArrowDown", "Shift")
    fresh.wait_for(f"{PICKED} === 2")
    fresh.press("Escape")
    fresh.wait_for(f"{PICKED} === 0")
    fresh.press("a", "Control")
    fresh.press("m")
    fresh.wait_for("document.activeElement.name === 'folder'")
    fresh.press("End")
    fresh.press("Tab")
    fresh.press("Enter")
    # It may leave before the end on a slow machine.
    fresh.find("button", "Undo")
    undo = fresh.evaluate(
        "document.querySelector('[data-undo]').getAttribute('hx-post')"
    )
    fresh.click("button", f"New folder {COUNT + 1} conversations")
    fresh.wait_for(f"{PLACE} !== '' && {LISTED} === 50")
    fresh.wheel_until(".sidebar-list", 400, f"{LISTED} === {COUNT + 1}")
    fresh.wheel(".sidebar-list", -900)
    fresh.evaluate(is_still(SIDEBAR))
    top = fresh.evaluate(f"{SIDEBAR}.scrollTop")
    fresh.click("button", "All conversations")
    fresh.click("button", f"New folder {COUNT + 1} conversations")
    fresh.wait_for(f"{LISTED} === {COUNT + 1}")
    assert fresh.evaluate(f"{SIDEBAR}.scrollTop") == pytest.approx(top, abs=1)
    fresh.evaluate(f"fetch('{undo}', {{method: 'POST'}})")
    fresh.wait_for(f"{PLACE} === '' && {LISTED} >= 50")
    assert not fresh.has("heading", "Folders")


def test_keys_and_the_mouse_pin_archive_and_file_a_conversation(fresh: Window) -> None:
    first = "document.querySelector('.conversation-item > a')"
    title = fresh.evaluate(f"{first}.innerText")
    fresh.evaluate(f"{first}.focus()")
    fresh.press("p")
    fresh.find("list", "Pinned")
    fresh.wait_for(f"document.activeElement.innerText === {title!r}")
    fresh.press("a")
    fresh.click("button", "Archive")
    fresh.find("link", title)
    fresh.click("button", f"Actions for {title}")
    fresh.click("menuitem", "Take out of the archive")
    fresh.wait_for(f"{LISTED} === 0")
    fresh.click("button", "All conversations")
    fresh.find("list", "Pinned")
    fresh.evaluate("fetch('/folders', {method: 'POST'})")
    fresh.find("button", "New folder 0 conversations")
    fresh.evaluate(f"""(() => {{
        const drag = (type, on) => on.dispatchEvent(
            new DragEvent(type, {{bubbles: true, dataTransfer: new DataTransfer()}}));
        drag("dragstart", {first});
        drag("dragover", document.querySelector(".folder-item"));
        drag("drop", document.querySelector(".folder-item"));
        drag("dragend", {first});
    }})()""")
    fresh.click("button", "New folder 1 conversation")
    fresh.wait_for(f"{PLACE} !== '' && {LISTED} === 1")
    fresh.wait_for(SETTLED)
    fresh.press("Escape")
    fresh.find("button", "Actions for the folder New folder")
    fresh.evaluate("document.querySelector('.folder-item .place').focus()")
    fresh.press("Delete")
    fresh.wait_for("document.querySelector('.folder-item') === null")
    fresh.find("list", "Pinned")
    fresh.evaluate(f"{first}.focus()")
    fresh.press("p")
    fresh.wait_for("document.querySelector('[aria-label=Pinned]') === null")


def test_a_conversation_that_answers_or_has_answered_is_marked(
    fresh: Window, model: Dictation
) -> None:
    fresh.click("button", "New conversation")
    fresh.wait_for("document.querySelector('.model [name=choice]') !== null")
    fresh.ask("Take your time")
    fresh.find("image", "An answer is being written")
    fresh.click("link", "Talk 127")
    fresh.wait_for("document.querySelector('#head h1').innerText === 'Talk 127'")
    model.say("Done at last.")
    model.end()
    fresh.find("image", "New answer")
    assert not fresh.has("image", "An answer is being written")
    fresh.evaluate(
        "document.querySelector('.mark').parentElement.querySelector('a').click()"
    )
    fresh.wait_for("document.querySelector('.mark') === null")


@pytest.mark.parametrize("then", ["a link", "back"])
def test_a_slow_page_does_not_take_the_place_of_what_was_asked_for_later(
    fresh: Window, then: str
) -> None:
    fresh.click("link", "Talk 120")
    fresh.wait_for("document.querySelector('#main [data-title=\"Talk 120\"]') !== null")
    fresh.click("link", "Notes")
    fresh.wait_for("document.querySelector('#notes') !== null")
    fresh.evaluate(SLOW_TRASH)
    fresh.click("link", "Trash")
    fresh.wait_for("window.goOn !== undefined")

    fresh.evaluate(
        "history.back()"
        if then == "back"
        else "[...document.links].find(a => a.innerText === 'Talk 120').click()"
    )
    shown = "document.querySelector('#main [data-title=\"Talk 120\"]') !== null"
    fresh.wait_for(shown)
    assert fresh.evaluate("goOn()")

    assert fresh.evaluate(shown)
    assert "/conversations/" in fresh.evaluate("location.pathname")


def test_a_link_pressed_twice_does_not_take_the_place_of_what_was_asked_for_later(
    fresh: Window,
) -> None:
    fresh.click("link", "Notes")
    fresh.wait_for("document.querySelector('#notes') !== null")
    fresh.evaluate(SLOW_TRASH)
    trash = "[...document.links].find((one) => one.innerText === 'Trash')"
    fresh.evaluate(f"{trash}.click(), {trash}.click(), 0")
    fresh.wait_for("window.goOn !== undefined")
    fresh.click("link", "Talk 120")
    shown = "document.querySelector('#main [data-title=\"Talk 120\"]') !== null"
    fresh.wait_for(shown)

    # What is asked for by the second press would be held as well.
    fresh.evaluate("window.first = goOn; 0")
    assert fresh.evaluate("first()")
    assert fresh.evaluate("goOn === first || goOn()")

    assert fresh.evaluate(shown)
    assert "/conversations/" in fresh.evaluate("location.pathname")


def test_a_page_one_went_back_to_does_not_take_the_place_of_a_later_one(
    fresh: Window,
) -> None:
    fresh.click("link", "Talk 120")
    fresh.wait_for("document.querySelector('#main [data-title=\"Talk 120\"]') !== null")
    fresh.click("link", "Notes")
    fresh.wait_for("document.querySelector('#notes') !== null")
    trash = "[...document.links].find((one) => one.innerText === 'Trash').click()"
    asked = f"addEventListener('popstate', () => setTimeout(() => {trash}))"
    fresh.evaluate(f"{asked}; history.back()")
    fresh.wait_for("document.querySelector('#main h1')?.innerText === 'Trash'")
    fresh.wait_for(f"location.pathname === '/trash' && {SETTLED}")
    assert fresh.evaluate("document.querySelector('#main h1').innerText") == "Trash"
