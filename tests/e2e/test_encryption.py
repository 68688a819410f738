"""A person encrypts with a passphrase, reads the rule first, and unlocks by it."""

from pathlib import Path

import pytest

from tests.helpers.window import Window

pytestmark = pytest.mark.e2e

WORDS = "correct horse battery"
TYPES = "[...document.querySelectorAll('#main form input[maxlength]')].map(i => i.type)"


def test_a_passphrase_is_chosen_and_asked_for(tmp_path: Path) -> None:
    with Window.start(tmp_path / "data") as window:
        window.write("textbox", "Message", "kept")
        window.wait_for(
            "fetch('/drafts/new').then(r => r.text()).then(t => t === 'kept')"
        )
        window.click("link", "Settings")
        window.click("link", "Encryption")
        window.wait_for("location.pathname === '/encryption'")
        window.find("textbox", "Passphrase")
        shown = window.evaluate("document.querySelector('#main').innerText")
        assert "At least 8 characters" in shown
        keyring = "[...document.querySelectorAll('button')].find(b => b.innerText === "
        assert window.evaluate(f"{keyring}'Use the keyring').disabled") is True
        weight = f"{keyring}'Use this passphrase').classList.contains('primary')"
        assert window.evaluate(weight) is True
        window.photograph("encryption")
        window.write("textbox", "Passphrase", WORDS)
        window.press("Tab")
        window.write("textbox", "Repeat the passphrase", WORDS)
        assert window.evaluate(TYPES) == ["password", "password"]
        window.press("Tab")
        window.press(" ")
        assert window.evaluate(TYPES) == ["text", "text"]
        window.press("Tab")
        window.press("Enter")
        window.wait_for("document.body.innerText.includes('Encrypted with your')")
        quiet = f"{keyring}'Do not encrypt').classList.contains('quiet')"
        assert window.evaluate(quiet) is True
        window.photograph("encrypted")
        assert window.quit() == 0
    with Window.start(tmp_path / "data") as window:
        window.wait_for("location.pathname === '/unlock'")
        window.find("textbox", "Passphrase or recovery code")
        for role, name in (
            ("link", "New conversation"),
            ("link", "Notes"),
            ("searchbox", "Search"),
            ("button", "Ask the keyring again"),
        ):
            assert not window.has(role, name), name
        window.photograph("locked")
        window.wait_for("document.activeElement.name === 'secret'")
        window.write("textbox", "Passphrase or recovery code", "wrong words")
        window.press("Tab")
        window.press(" ")
        assert window.evaluate(TYPES) == ["text"]
        window.press("Tab")
        window.press("Enter")
        window.wait_for("document.querySelector('#unlock-problem') !== null")
        window.write("textbox", "Passphrase or recovery code", WORDS)
        window.press("Enter")
        window.wait_for("location.pathname === '/'")
        window.find("link", "Notes")
        window.wait_for("document.querySelector('.composer textarea').value === 'kept'")
