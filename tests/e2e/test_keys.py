"""What keys do in the window: undo, F6, menus, lists, the drawer, scrolling, back."""

from collections.abc import Iterator

import pytest

from tests.helpers.dictation import Dictation
from tests.helpers.keyboard import Keyboard
from tests.helpers.library import open_library
from tests.helpers.tray import xdotool
from tests.helpers.window import Window

pytestmark = pytest.mark.e2e

TALKS = 20
TALK_LINKS = "[...document.querySelectorAll('#conversations li a')].map(a => a.title)"
TOAST = "document.querySelector('#toasts .toast')"
STOPS = "[...document.querySelectorAll('#conversations :is(a, button)')].filter({})"
SCROLLED = "document.querySelector('.log-scroll').scrollTop"


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, model: Dictation
) -> Iterator[Keyboard]:
    data_dir = tmp_path_factory.mktemp("keys") / "data"
    with open_library(data_dir) as library:
        library.notes.create("A note", "A note")
        for number in range(TALKS):
            library.talk(f"Talk {number}", ("Why?", "Because."))
        long = [(f"Ask {n}", f"Reply {n}.\n\nAnd more.") for n in range(30)]
        library.talk("The long one", *long)
    with Window.start(data_dir) as window:
        model.serve(window)
        yield Keyboard(window)


@pytest.fixture
def keys(whole: Keyboard) -> Keyboard:
    """The window at a new conversation, whatever was done before."""
    whole.open("/")
    return whole


def open_long(keys: Keyboard) -> None:
    """Open the conversation with many messages, by keyboard."""
    keys.focus("#conversations a[title='The long one']")
    keys.press("Enter")
    keys.window.wait_for("document.querySelectorAll('.message').length > 20")
    keys.expect(".composer textarea")
    keys.rest()


def delete_one(keys: Keyboard) -> str:
    """Delete a conversation in the list and return its title."""
    keys.focus("#conversations li:nth-child(4) a")
    title = str(keys.window.evaluate("document.activeElement.title"))
    keys.press("Delete")
    keys.window.wait_for(f"{TOAST} !== null && !{TALK_LINKS}.includes('{title}')")
    keys.rest()
    return title


def test_the_last_change_is_taken_back_and_done_again(keys: Keyboard) -> None:
    first, second = delete_one(keys), delete_one(keys)
    keys.press("z", "Control")
    keys.window.wait_for(f"{TALK_LINKS}.includes('{second}')")
    keys.rest()
    keys.press("z", "Control")
    keys.window.wait_for(f"{TALK_LINKS}.includes('{first}')")
    keys.rest()
    keys.press("Z", "Control", "Shift")
    keys.window.wait_for(f"!{TALK_LINKS}.includes('{first}')")
    keys.rest()
    keys.press("z", "Control")
    keys.window.wait_for(f"{TALK_LINKS}.includes('{first}')")


def test_a_change_is_taken_back_when_its_message_has_left(keys: Keyboard) -> None:
    title = delete_one(keys)
    keys.window.evaluate(f"{TOAST}.remove()")
    keys.press("z", "Control")
    keys.window.wait_for(f"{TALK_LINKS}.includes('{title}')")


def test_the_desktop_s_own_keys_take_a_change_back(keys: Keyboard) -> None:
    title = delete_one(keys)
    name = xdotool("search", "--onlyvisible", "--name", "Hearth$").split()[-1]
    xdotool("windowactivate", "--sync", name)
    xdotool("key", "ctrl+z")
    keys.window.wait_for(f"{TALK_LINKS}.includes('{title}')")


def test_in_a_text_the_keys_are_about_the_text(keys: Keyboard) -> None:
    title = delete_one(keys)
    keys.focus(".composer textarea")
    keys.window.send("Input.insertText", text="some words")
    keys.press("z", "Control")
    keys.rest()
    assert title not in keys.window.evaluate(TALK_LINKS)
    keys.window.evaluate("document.querySelector('.composer textarea').value = ''")
    keys.focus("#conversations li a")
    keys.press("z", "Control")
    keys.window.wait_for(f"{TALK_LINKS}.includes('{title}')")


def test_f6_goes_to_the_message_at_the_edge_and_back(keys: Keyboard) -> None:
    title = delete_one(keys)
    before = keys.active()
    keys.press("F6")
    keys.expect("#toasts [data-undo]")
    states = f"{TOAST}.getAnimations().map(a => a.playState)"
    assert "paused" in keys.window.evaluate(states)
    keys.press("F6")
    keys.expect(".composer textarea")
    keys.press("F6")
    keys.press("Enter")
    keys.window.wait_for(f"{TALK_LINKS}.includes('{title}')")
    keys.window.wait_for("!document.activeElement.closest('#toasts')")
    assert keys.rest() in (before, "TEXTAREA Message")


def test_messages_come_before_the_page(keys: Keyboard) -> None:
    delete_one(keys)
    keys.window.evaluate("document.getElementById('skip').focus()")
    keys.press("Tab")
    keys.expect("#toasts [data-undo]")
    keys.press("z", "Control")


def test_a_message_under_the_mouse_stays(keys: Keyboard) -> None:
    delete_one(keys)
    box = f"{TOAST}.getBoundingClientRect()"
    middle = f"(b => [b.x + b.width / 2, b.y + b.height / 2])({box})"
    keys.window.wait_for(f"{TOAST}.getAnimations().length === 1")
    x, y = keys.window.evaluate(middle)
    keys.window.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    keys.window.wait_for(f"{TOAST}.getAnimations().some(a => a.playState === 'paused')")
    keys.window.send("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
    keys.press("z", "Control")


def test_a_menu_is_gone_through_by_keys(keys: Keyboard) -> None:
    keys.focus("#conversations li [popovertarget]")
    opener = keys.active()
    keys.press("Enter")
    keys.expect("[role=menuitem]:first-child")
    for key, name in (
        ("ArrowDown", "Pin"),
        ("End", "Delete"),
        ("ArrowDown", "Rename"),
        ("ArrowUp", "Delete"),
        ("Home", "Rename"),
        ("e", "Export…"),
    ):
        keys.press(key)
        assert name in keys.active()
    keys.press("Escape")
    assert keys.rest() == opener
    keys.press("ArrowDown")
    keys.expect("[role=menuitem]:first-child")
    keys.press("Tab")
    keys.rest()
    assert keys.window.evaluate("document.querySelector(':popover-open') === null")


def test_the_list_is_one_stop_and_its_entries_are_reached_by_arrows(
    keys: Keyboard,
) -> None:
    keys.window.wait_for(f"{TALK_LINKS}.length > {TALKS}")
    stops = STOPS.format(
        "e => e.tabIndex === 0 && !e.closest('[popover]') && e.checkVisibility()"
    )
    assert keys.window.evaluate(f"{stops}.length") == 2
    assert keys.window.evaluate(f"new Set({stops}.map(e => e.closest('li'))).size") == 1
    keys.focus("#conversations li:nth-child(1) a")
    keys.press("ArrowDown")
    keys.expect("#conversations li:nth-child(2) a")
    keys.press("End")
    keys.expect("#conversations li:last-child a")
    keys.press("Home")
    keys.expect("#conversations li:first-child a")
    keys.press("ArrowRight")
    keys.expect("#conversations li:first-child > button")
    keys.press("ArrowLeft")
    keys.expect("#conversations li:first-child a")
    keys.press("ArrowDown")
    keys.expect("#conversations li:nth-child(2) a")
    keys.press("Tab")
    keys.expect("#conversations li:nth-child(2) > button")
    keys.press("Tab")
    keys.expect("#sidebar .sidebar-foot a")


def narrow(keys: Keyboard, *, width: int) -> None:
    metrics = {"height": 700, "deviceScaleFactor": 1, "mobile": False}
    keys.window.send("Emulation.setDeviceMetricsOverride", width=width, **metrics)
    keys.window.wait_for(f"innerWidth === {width}")


@pytest.mark.parametrize("width", [600, 1100], ids=["narrow", "wide"])
def test_the_button_of_the_list_says_what_it_does_and_shows_its_ring(
    keys: Keyboard, width: int
) -> None:
    narrow(keys, width=width)
    try:
        is_open = width > 760
        for _ in range(2):
            keys.focus("#sidebar-toggle")
            keys.press("Enter")
            is_open = not is_open
            button = "document.getElementById('sidebar-toggle')"
            keys.window.wait_for(f"{button}.ariaExpanded === '{is_open}'.toLowerCase()")
            shown = "getComputedStyle(document.getElementById('sidebar')).visibility"
            keys.window.wait_for(f"({shown} === 'visible') === {str(is_open).lower()}")
            box = f"{button}.getBoundingClientRect()"
            assert keys.window.evaluate(f"{box}.width >= 24 && {box}.x >= 0")
            ring = f"getComputedStyle({button}).outlineStyle"
            assert keys.window.evaluate(ring) == "solid"
            keys.expect("#sidebar-toggle")
    finally:
        keys.window.send("Emulation.clearDeviceMetricsOverride")


def test_the_drawer_keeps_the_focus_closes_by_escape_and_gives_it_back(
    keys: Keyboard,
) -> None:
    narrow(keys, width=600)
    try:
        keys.focus(".composer textarea")
        keys.window.evaluate(
            "document.dispatchEvent(new CustomEvent('hearth:command',"
            " { detail: 'toggle-sidebar' }))"
        )
        keys.expect("#sidebar a")
        for _ in range(14):
            keys.press("Tab")
            assert keys.window.evaluate(
                "document.activeElement.closest("
                "'#sidebar, #sidebar-toggle, #toasts') !== null"
                " || document.activeElement === document.body"
            )
        keys.focus("#sidebar a")
        keys.press("Escape")
        keys.expect(".composer textarea")
        assert keys.window.evaluate("!document.getElementById('stage').inert")
    finally:
        keys.window.send("Emulation.clearDeviceMetricsOverride")


def test_the_list_is_made_wide_by_mouse_and_keys_and_stays_so(keys: Keyboard) -> None:
    window = keys.window
    edge = "document.getElementById('sidebar')?.getBoundingClientRect().right"
    kept = "document.documentElement.dataset.listWidth"

    def mouse(kind: str, x: int, clicks: int = 1) -> None:
        button = {"button": "left", "clickCount": clicks}
        window.send("Input.dispatchMouseEvent", type=kind, x=x, y=400, **button)

    mouse("mousePressed", 260)
    mouse("mouseMoved", 300)
    mouse("mouseMoved", 400)
    mouse("mouseReleased", 400)
    window.wait_for(f"{edge} === 400 && {kept} === '400'")
    keys.focus("#list-width")
    keys.press("ArrowLeft")
    window.wait_for(f"{edge} === 390 && {kept} === '390'")
    try:
        narrow(keys, width=780)
        window.wait_for(f"{edge} === 350")
        narrow(keys, width=600)
        window.wait_for(f"{edge} <= 0")
    finally:
        window.send("Emulation.clearDeviceMetricsOverride")
    window.go()
    window.wait_for(f"{edge} === 390")
    for clicks in (1, 2):
        mouse("mousePressed", 390, clicks)
        mouse("mouseReleased", 390, clicks)
    window.wait_for(f"{edge} === 260 && {kept} === '260'")


def test_the_first_stop_skips_to_the_page(keys: Keyboard) -> None:
    keys.window.evaluate("document.getElementById('skip').focus()")
    clip = "getComputedStyle(document.getElementById('skip')).clipPath"
    assert keys.window.evaluate(clip) == "none"
    keys.press("Enter")
    keys.expect("#main h1")


def test_an_empty_composer_edits_the_last_question_and_scrolls(keys: Keyboard) -> None:
    open_long(keys)
    assert keys.window.evaluate(SCROLLED) == 0
    keys.press("PageUp")
    keys.window.wait_for(f"{SCROLLED} < -100")
    keys.press("Home")
    keys.window.wait_for(f"{SCROLLED} < -1000")
    keys.press("End")
    keys.window.wait_for(f"{SCROLLED} === 0")
    keys.press("ArrowUp")
    keys.expect(".editing textarea")
    assert keys.window.evaluate("document.activeElement.value").strip() == "Ask 29"
    keys.press("Escape")
    keys.expect("#log .question [aria-label='Edit question']")


def test_alt_and_an_arrow_go_back_and_forward(keys: Keyboard) -> None:
    keys.focus("#sidebar a[href='/notes']")
    keys.press("Enter")
    keys.window.wait_for("location.pathname === '/notes'")
    keys.rest()
    keys.press("ArrowLeft", "Alt")
    keys.window.wait_for("location.pathname === '/'")
    keys.window.wait_for("document.querySelector('.composer textarea') !== null")
    assert not keys.rest().startswith("BODY")
    keys.press("ArrowRight", "Alt")
    keys.window.wait_for("location.pathname === '/notes'")
    keys.window.wait_for("document.querySelector('#notes') !== null")
    assert not keys.rest().startswith("BODY")


@pytest.mark.parametrize(
    ("path", "up"),
    [
        ("/imports", "/settings"),
        ("/backups", "/settings"),
        ("/encryption", "/settings"),
        ("/actions/new", "/actions"),
        ("/notes/new", "/notes"),
        ("/nowhere", "/"),
    ],
)
def test_a_page_below_another_leads_back_to_it(
    keys: Keyboard, path: str, up: str
) -> None:
    keys.open(path)
    keys.focus(f"#main a[href='{up}']")
    keys.press("Enter")
    keys.window.wait_for(f"location.pathname === '{up}'")
    assert not keys.rest().startswith("BODY")


@pytest.mark.parametrize("path", ["/", "/notes", "/trash", "/actions", "/settings"])
def test_every_stop_can_be_seen(keys: Keyboard, path: str) -> None:
    keys.open(path)
    keys.window.evaluate("document.getElementById('skip').focus()")
    seen: list[str] = []
    while (stop := keys.active()) not in seen and not stop.startswith("BODY"):
        seen.append(stop)
        unseen = keys.window.evaluate(
            """(() => {
              const stop = document.activeElement;
              const shown = stop.closest("label") ?? stop;
              const { width, height } = shown.getBoundingClientRect();
              const ring = (each) => getComputedStyle(each).outlineStyle === "solid";
              const isMarked = ring(stop) || ring(shown) || stop.matches("textarea");
              return !(width > 15 && height > 11 && isMarked) && stop.outerHTML;
            })()"""
        )
        assert not unseen
        keys.press("Tab")
    assert len(seen) > 5


def test_enter_while_an_answer_is_written_says_why_nothing_is_sent(
    keys: Keyboard, model: Dictation
) -> None:
    keys.window.wait_for("document.querySelector('.model [name=choice]') !== null")
    keys.window.ask("Tell me")
    keys.window.wait_for("document.querySelector('#log [aria-busy=true]') !== null")
    model.say("Once")
    keys.expect(".composer textarea")
    keys.window.send("Input.insertText", text="And then?")
    keys.press("Enter")
    keys.window.wait_for(f"{TOAST}?.innerText.includes('Esc stops it')")
    value = "document.querySelector('.composer textarea').value"
    assert keys.window.evaluate(value) == "And then?"
    model.end()
    keys.window.wait_for("document.querySelector('#log [aria-busy=true]') === null")


def test_the_window_is_named_after_what_is_open(keys: Keyboard) -> None:
    open_long(keys)
    assert xdotool("search", "--sync", "--name", "^The long one — Hearth$")
