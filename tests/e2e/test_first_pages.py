"""Pages before anything is kept, and of a store that is locked: focus and axe-core."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.helpers.axe import choose_theme, violations
from tests.helpers.keyboard import Keyboard
from tests.helpers.window import Window

pytestmark = pytest.mark.e2e

WORDS: Final = "a long enough passphrase"
EMPTY: Final = ("/", "/notes", "/trash", "/settings", "/imports", "/backups")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyboard]:
    data_dir = tmp_path_factory.mktemp("first") / "data"
    with Window.start(data_dir) as window:
        yield Keyboard(window)


def show(keys: Keyboard, path: str) -> None:
    """Open a page of a window that lists no conversation."""
    keys.window.go(path)
    keys.window.wait_for("document.querySelector('.empty-list') !== null")
    keys.rest()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_empty_page_has_a_violation(keys: Keyboard, theme: str) -> None:
    choose_theme(keys.window, theme)
    found = {}
    for path in EMPTY:
        show(keys, path)
        found[path] = violations(keys.window)
    assert found == {path: [] for path in EMPTY}


def test_the_way_to_a_model_leads_to_the_settings(keys: Keyboard) -> None:
    show(keys, "/")
    keys.focus(".composer .model a")
    keys.press("Enter")
    keys.window.wait_for("location.pathname === '/settings'")
    keys.expect("#main h1")
    assert not keys.rest().startswith("BODY")


def test_an_import_keeps_the_focus_until_it_is_done(
    keys: Keyboard, tmp_path: Path
) -> None:
    exported = tmp_path / "chat.json"
    message = {"role": "user", "content": "Hello"}
    exported.write_text(json.dumps([{"title": "Old", "messages": [message]}]))
    show(keys, "/imports")
    form = f"new URLSearchParams({{path: {json.dumps(str(exported))}}})"
    keys.window.evaluate(f"fetch('/imports', {{method: 'POST', body: {form}}})")
    keys.window.wait_for("document.querySelector('.import-card .button') !== null")
    keys.rest()
    last = "document.querySelector('.import-card .button').textContent"
    for _ in range(2):
        before = keys.window.evaluate(last)
        keys.focus(".import-card .button")
        keys.press("Enter")
        keys.window.wait_for(
            f"document.querySelector('.import-card .button')"
            f"?.textContent !== {json.dumps(before)}"
        )
        assert not keys.rest().startswith("BODY")
        if not keys.window.evaluate("document.querySelector('.import-card') !== null"):
            break


def test_a_locked_store_is_opened_by_keyboard(keys: Keyboard) -> None:
    show(keys, "/encryption")
    for name in ("passphrase", "again"):
        keys.focus(f"input[name={name}]")
        keys.window.send("Input.insertText", text=WORDS)
    keys.press("Enter")
    keys.window.wait_for("document.querySelector('#recovery button') !== null")
    assert not keys.rest().startswith("BODY")
    keys.focus("#recovery button")
    keys.press("Enter")
    keys.window.wait_for("document.getElementById('recovery-code') !== null")
    keys.expect("#recovery h3")
    assert violations(keys.window) == []
    keys.focus("#recovery a")
    keys.press("Enter")
    keys.window.wait_for("document.getElementById('recovery-code') === null")
    assert not keys.rest().startswith("BODY")

    keys.window.sidecar.kill()
    keys.window.wait_for("document.querySelector('.unlock') !== null")
    keys.expect(".unlock input[name=secret]")
    for theme in ("light", "dark"):
        choose_theme(keys.window, theme)
        assert violations(keys.window) == []
    keys.focus(".unlock input[name=secret]")
    keys.window.send("Input.insertText", text="wrong words")
    keys.press("Enter")
    keys.window.wait_for("document.getElementById('unlock-problem') !== null")
    keys.expect(".unlock input[name=secret]")
    assert violations(keys.window) == []
    keys.window.evaluate("document.activeElement.value = ''")
    keys.window.send("Input.insertText", text=WORDS)
    keys.press("Enter")
    keys.window.wait_for("location.pathname === '/'")
    keys.expect(".composer textarea")


def test_no_process_waits_for_helpers_that_are_never_started(keys: Keyboard) -> None:
    commands = [process.cmdline() for process in keys.window.children]
    assert [c for c in commands if "--type=zygote" in c]
    assert not [c for c in commands if "--no-zygote-sandbox" in c]
