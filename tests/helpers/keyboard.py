"""Uses the page of the real program by keyboard, and asks where the focus is."""

import json
from typing import Any

from tests.helpers.htmx import SETTLED
from tests.helpers.window import Window

QUIET = f"{SETTLED} && document.querySelector('.htmx-request') === null"


class Keyboard:
    """A window whose page is used without a mouse."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def open(self, path: str) -> None:
        """Load a page anew and wait until all of it is there."""
        self.window.evaluate("window.isOld = true")
        self.window.evaluate(f"location.assign({json.dumps(path)})")
        self.window.wait_for("!window.isOld && document.readyState === 'complete'")
        self.window.wait_for("document.querySelector('#conversations li') !== null")
        self.window.wait_for(QUIET)

    def focus(self, selector: str) -> None:
        """Put the focus where it would be after some Tabs."""
        self.window.wait_for(f"document.querySelector({json.dumps(selector)}) !== null")
        self.window.wait_for(QUIET)
        self.window.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        self.expect(selector)

    def press(self, key: str, *held: str) -> None:
        """Press a key and wait for what it caused."""
        self.window.press(key, *held)

    def expect(self, selector: str) -> None:
        """Wait until the focus is on an element of this kind."""
        self.window.wait_for(f"document.activeElement.matches({json.dumps(selector)})")

    def rest(self) -> str:
        """Wait until nothing moves, and return what has the focus."""
        self.window.wait_for(QUIET)
        frames = (
            "new Promise(d => requestAnimationFrame(() => requestAnimationFrame(d)))"
        )
        self.window.evaluate(f"{frames}.then(() => 1)")
        return str(self.active())

    def active(self) -> Any:  # noqa: ANN401 whatever the page answers
        """Return the tag and the name of what has the focus."""
        return self.window.evaluate(
            "(e => `${e.tagName} ${e.id || e.ariaLabel || e.textContent.trim()}`)"
            "(document.activeElement)"
        )
