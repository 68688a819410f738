"""Presses and writes in the page without the tree that screen readers are given.

The window's own `click` and `write` look into that tree. From then on Chromium keeps it
up to date with every frame, and it grows: both would be measured as Hearth's.
"""

import json

from tests.helpers.htmx import SETTLED
from tests.helpers.window import Window


def press(window: Window, words: str) -> None:
    """Press the link or button that says this, once it does what it is for."""
    found = f"""[...document.querySelectorAll('a, button')]
        .find(one => one.textContent.includes({json.dumps(words)}))"""
    window.wait_for(f"{found} !== undefined && {SETTLED}")
    window.evaluate(f"{found}.click(); 0")


def write(window: Window, question: str) -> None:
    """Write into the composer."""
    window.wait_for(f"document.querySelector('.composer textarea') && {SETTLED}")
    window.evaluate("document.querySelector('.composer textarea').focus(); 0")
    window.send("Input.insertText", text=question)


def ask(window: Window, question: str) -> None:
    """Write a question and send it."""
    write(window, question)
    window.press("Enter")
