"""The page of devices in the window: a server is chosen by keyboard, a code shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.axe import choose_theme, violations
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
