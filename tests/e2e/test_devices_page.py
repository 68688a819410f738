"""The page of devices in the window: a server is chosen by keyboard, a code shown."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from backend.keys.api_keys import KeyStore
from backend.services.sync.devices import DeviceService
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.history.joins import JoinStore
from backend.store.notes import NoteStore
from backend.store.sync.sync import SyncStore
from tests.helpers.axe import choose_theme, violations
from tests.helpers.heard import Heard
from tests.helpers.keyboard import Keyboard
from tests.helpers.library import open_library
from tests.helpers.sqld import Sqld
from tests.helpers.window import Window

pytestmark = pytest.mark.e2e


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    with open_library(tmp_path / "data") as library:
        library.talk("Hello", ("Who are you?", "A program."))
    with Window.start(tmp_path / "data") as window:
        yield window


def there(window: Window, selector: str) -> None:
    """Wait for something on the page."""
    window.wait_for(f"document.querySelector({selector!r}) !== null")


def enter(window: Window, keys: Keyboard, url: str, token: str) -> None:
    """Type an address and a token, and press Enter."""
    for name, typed in (("url", url), ("token", token)):
        keys.focus(f"form[hx-post='/devices/server'] [name={name}]")
        keys.press("a", "Control")
        window.send("Input.insertText", text=typed)
    keys.press("Enter")


def test_a_server_is_chosen_and_a_code_shown_by_keyboard(
    window: Window, tmp_path: Path
) -> None:
    keys = Keyboard(window)
    with Sqld(tmp_path, asks=True) as server:
        keys.open("/devices")
        enter(window, keys, "http://192.0.2.1:8080", "secret")
        there(window, "[role=alert] button")
        keys.rest()
        assert violations(window) == []
        window.screenshot("devices-asked")
        window.click("button", "Cancel")
        there(window, "form[hx-post='/devices/server']")
        enter(window, keys, server.url, "garbage")
        window.wait_for("document.body.textContent.includes('not accept the token')")
        enter(window, keys, server.url, server.token())
        there(window, "[hx-post='/devices/begin']")
        window.click("button", "Start here")
        there(window, "#own-device-heading")
        window.wait_for(
            "document.body.textContent.includes('from here is on the server')"
        )
        window.click("button", "Add a computer")
        there(window, "#pairing-code")
        code = window.evaluate("document.querySelector('#pairing-code').innerText")
        assert code.startswith("hearth1.")
        there(window, "svg.qr-code[role=img]")
        for theme in ("light", "dark"):
            choose_theme(window, theme)
            keys.open("/devices")
            there(window, "#pairing-code")
            keys.rest()
            assert violations(window) == []
            window.screenshot(f"devices-{theme}")
        window.click("button", "Change server…")
        there(window, "#change-server:popover-open [name=token]")
        keys.rest()
        assert violations(window) == []
        window.screenshot("devices-change")


def test_who_has_something_is_asked_and_can_take_joining_back(
    window: Window, tmp_path: Path
) -> None:
    keys = Keyboard(window)
    other = Database.open(tmp_path / "other" / "hearth.db")
    NoteStore(other).create("Of the other computer", "")
    forget = partial(ChangeStore(other).forget_all, is_shared=False)
    a = DeviceService(
        SyncStore(other),
        Heard(),
        "Desk",
        KeyStore(lambda: None),
        forget,
        take_back=JoinStore(other).take_back,
    )
    with Sqld(tmp_path) as server, closing(a), closing(other):
        a.choose_server(server.url, "")
        a.begin()
        a.offer_code()
        keys.open("/devices")
        keys.focus("form[hx-post='/devices/join'] [name=code]")
        window.send("Input.insertText", text=a.overview().full_code)
        keys.press("Enter")
        there(window, "strong.code-words")
        a.step()
        a.accept()
        there(window, "#join-heading")
        shown = window.evaluate("document.querySelector('#devices').innerText")
        assert "1 conversation and 0 notes" in shown
        assert "0 conversations and 1 note." in shown
        keys.rest()
        assert violations(window) == []
        window.screenshot("devices-join")
        window.click("button", "Put together")
        there(window, "#other-devices-heading")
        window.click("button", "Undo joining…")
        there(window, "#unjoin:popover-open")
        keys.rest()
        assert violations(window) == []
        window.screenshot("devices-undo")
        window.click("button", "Undo joining")
        there(window, "form[hx-post='/devices/server']")
