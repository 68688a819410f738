"""The tray icon and its menu in a real tray, by mouse, with a real clipboard."""

import json
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from backend.interface.stored_values import ActionKind
from backend.services.actions.text_actions import LOCAL
from tests.helpers.scripted_model import HELLO
from tests.helpers.tray import Tray, large_windows, screen_of, windows_of, xdotool
from tests.helpers.window import Window, until

pytestmark = [pytest.mark.gui, pytest.mark.e2e]

TEXT = "the  kettle costs 555 010, says ann@example.org"
SHOWN = ("Explain", "Summarise", "Translate", "Fix Grammar", "Count")
COPIED = {
    "Clean Text": "clean",
    "Upper Case": "upper",
    "Lower Case": "lower",
    "Title Case": "title",
    "Strip Formatting": "strip",
    "Redact E-mails and Numbers": "redact",
}


@pytest.fixture
def hidden(tmp_path: Path, scripted_gguf: Path) -> Iterator[Window]:
    """A Hearth with a model whose window was never opened."""
    with Window.start(tmp_path, "--hidden") as window:
        window.use_model(scripted_gguf)
        yield window


def copy(text: str) -> None:
    subprocess.run(
        ["xclip", "-selection", "clipboard"],
        input=text.encode(),
        check=True,
        timeout=10,
    )


def pasted() -> str:
    result = subprocess.run(
        ["xclip", "-selection", "clipboard", "-out"],
        capture_output=True,
        check=False,
        timeout=10,
    )
    return result.stdout.decode()


def is_pasted(text: str) -> bool:
    return pasted() == text


def fetch(window: Window, path: str) -> str:
    return str(window.evaluate(f"fetch({path!r}).then(answer => answer.text())"))


def actions_of(window: Window) -> tuple[str, ...]:
    data = json.loads(fetch(window, "/api/v1/actions"))["actions"]
    return tuple(action["name"] for action in data)


def put_all_into_the_tray(window: Window) -> None:
    put = "method: 'PUT', body: new URLSearchParams({in_tray: 'yes'})"
    script = f"""fetch('/api/v1/actions').then(r => r.json()).then(told => Promise.all(
      told.actions.map(a => fetch(`/actions/${{a.id}}/tray`, {{{put}}}))
    )).then(answers => answers.every(answer => answer.ok))"""
    assert window.evaluate(script)


def quick_window(window: Window) -> str:
    """Wait for the quick ask window and return it."""

    def found() -> str | None:
        pid = window.process.pid
        for each in windows_of(pid):
            if xdotool("getwindowname", each).startswith("Quick Ask"):
                return each
        return None

    return str(until(found, "quick ask"))


def close_quick_window(window: Window) -> None:
    quick = quick_window(window)
    until(lambda: xdotool("getwindowfocus") == quick, "quick ask to have the keyboard")
    xdotool("key", "Escape")
    until(lambda: quick not in windows_of(window.process.pid), "quick ask to close")


def test_every_action_of_the_menu_works_on_the_clipboard(hidden: Window) -> None:
    pid, tray = hidden.process.pid, Tray(hidden.process.pid)
    put_all_into_the_tray(hidden)
    names = actions_of(hidden)
    assert set(names) == {*SHOWN, *COPIED, "Save as Note"}
    for name in SHOWN:
        copy(TEXT)
        tray.choose("Quick Actions", name, among=names)
        quick_window(hidden)
        hidden.screenshot(f"tray-{name.lower().replace(' ', '-')}")
        close_quick_window(hidden)
    for name, kind in COPIED.items():
        copy(TEXT)
        tray.choose("Quick Actions", name, among=names)
        until(partial(is_pasted, LOCAL[ActionKind(kind)](TEXT)), name)
    copy(TEXT)
    tray.choose("Quick Actions", "Save as Note", among=names)
    until(lambda: "kettle" in fetch(hidden, "/notes"), "the note")
    data = json.loads(fetch(hidden, "/api/v1/conversations/recent"))["conversations"]
    asked = [title["title"].partition(":")[0] for title in data]
    assert sorted(asked) == sorted(set(SHOWN) - {"Count"})
    assert not large_windows(pid), "the window was opened"


def test_quick_ask_is_opened_from_the_tray_and_typed_into(hidden: Window) -> None:
    Tray(hidden.process.pid).choose("Quick Ask…")
    quick = quick_window(hidden)
    until(lambda: xdotool("getwindowfocus") == quick, "quick ask to have the keyboard")
    xdotool("type", "hello from the tray")
    hidden.screenshot("tray-quick-ask")
    xdotool("key", "Return")
    recent = "/api/v1/conversations/recent"
    until(lambda: "hello from the tray" in fetch(hidden, recent), "the question")
    conversation = json.loads(fetch(hidden, recent))["conversations"][0]["id"]
    page = f"/conversations/{conversation}"
    until(lambda: HELLO.split("👋")[0] in fetch(hidden, page), "the answer")
    hidden.screenshot("tray-quick-answer")
    close_quick_window(hidden)
    Tray(hidden.process.pid).choose(
        "Recent Conversations", "hello from the tray", among=("hello from the tray",)
    )
    hidden.wait_for(f"location.pathname === {page!r}")


def test_a_click_on_the_icon_shows_and_hides_the_window(hidden: Window) -> None:
    pid, tray = hidden.process.pid, Tray(hidden.process.pid)
    assert not large_windows(pid)
    tray.click()
    until(lambda: large_windows(pid), "the window")
    # Sooner, it would be a double click, which only shows.
    xdotool("sleep", 0.5)
    tray.click()
    until(lambda: not large_windows(pid), "the window to hide")
    tray.choose("Quit Hearth")
    assert hidden.process.wait(30) == 0


def test_without_a_tray_the_window_is_kept_and_it_is_said_once(
    tmp_path: Path,
) -> None:
    with (
        screen_of(1200, 900),
        subprocess.Popen(["openbox"], stderr=subprocess.DEVNULL) as desktop,
    ):
        try:
            with Window.start(tmp_path) as window:
                close_twice(window)
            with Window.start(tmp_path) as window:
                # The next Hearth knows that it was said.
                close(window)
                until(lambda: not windows_of(window.process.pid), "it to be minimised")
        finally:
            desktop.terminate()


def close(window: Window) -> None:
    [main] = until(lambda: large_windows(window.process.pid), "the window")
    xdotool("windowactivate", "--sync", main, "key", "alt+F4")


def close_twice(window: Window) -> None:
    pid = window.process.pid
    close(window)
    until(lambda: len(windows_of(pid)) == 2, "the words about the tray")
    xdotool("sleep", 0.5)  # for the photograph: until it is painted
    window.screenshot("no-tray")
    xdotool("key", "Return")
    until(lambda: len(windows_of(pid)) == 1, "the words to go")
    close(window)
    until(lambda: not windows_of(pid), "the window to be minimised")
    assert window.process.poll() is None
