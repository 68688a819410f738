"""The settings page holds the settings, and the list says where one is."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from qtshell.display.theme import Theme
from qtshell.ipc.instance import running
from qtshell.settings import ShellSettings
from tests.helpers.window import PATIENCE_S, Window, until

pytestmark = pytest.mark.e2e

ROOT = "document.documentElement"
DARK = "getComputedStyle(document.body).backgroundColor.includes('0.205')"
SHOWS_UPDATE = """(banner => banner.checkVisibility()
  && banner.getAnimations().length === 0)(document.querySelector('.banner.updated'))"""
CURRENT = (
    "[...document.querySelectorAll('.sidebar [aria-current]')].map(a => a.innerText)"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@contextmanager
def opened(home: Path) -> Iterator[Window]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        for name in ("CONFIG", "DATA", "STATE", "CACHE"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
        with Window.start(home / "hearth") as window:
            yield window


@pytest.fixture(scope="module")
def window(home: Path) -> Iterator[Window]:
    with opened(home) as window:
        yield window


def open_settings(window: Window) -> None:
    window.click("link", "Settings")
    window.wait_for("document.querySelector('#appearance-heading') !== null")


def test_the_theme_is_chosen_on_the_page(window: Window, home: Path) -> None:
    open_settings(window)
    window.wait_for(f"{ROOT}.dataset.themeChoice === 'system'")
    window.click("link", "Dark")
    window.wait_for(f"{ROOT}.dataset.themeChoice === 'dark'")
    window.wait_for(DARK)
    window.find("link", "Dark (chosen)")
    assert not window.has("link", "Light (chosen)")
    window.click("link", "Light")
    window.wait_for(f"!{DARK}")


def test_how_code_looks_is_chosen_and_kept(window: Window, home: Path) -> None:
    open_settings(window)
    window.click("button", "Turn on Number the lines of code")
    window.wait_for(f"{ROOT}.dataset.codeNumbers === 'yes'")
    assert window.evaluate(f"{ROOT}.dataset.codeWrap") == "no"
    until(lambda: ShellSettings(home / "hearth").numbers_code, "it is kept")
    window.click("button", "Turn off Number the lines of code")
    window.wait_for(f"{ROOT}.dataset.codeNumbers === 'no'")


def test_the_text_is_made_larger_on_the_page(window: Window) -> None:
    open_settings(window)
    before = window.evaluate("devicePixelRatio")
    window.click("link", "Larger")
    window.wait_for(f"devicePixelRatio > {before}")
    window.click("link", "Actual size")
    window.wait_for(f"devicePixelRatio === {before}")


def test_hearth_starts_at_log_in_when_told_so_on_the_page(
    window: Window, home: Path
) -> None:
    open_settings(window)
    entries = home / "config" / "autostart"
    window.click("link", "Turn on")
    window.wait_for(f"{ROOT}.dataset.atLogin === 'yes'")
    assert list(entries.iterdir())
    window.click("link", "Turn off")
    window.wait_for(f"{ROOT}.dataset.atLogin === 'no'")
    assert not list(entries.iterdir())


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("/settings", "Settings"),
        ("/imports", "Settings"),
        ("/backups", "Settings"),
        ("/encryption", "Settings"),
        ("/actions/new", "Quick actions"),
        ("/notes/0198c0de-0000-7000-8000-000000000001", "Notes"),
        ("/trash", "Trash"),
        ("/", ""),
    ],
)
def test_the_list_says_where_one_is(window: Window, path: str, entry: str) -> None:
    window.go(path)
    window.wait_for("document.querySelector('#main h1, #main textarea') !== null")
    window.wait_for(f"{CURRENT}.join() === '{entry}'")


def is_shown_again(window: Window, path: str) -> bool:
    with suppress(OSError):  # between the two
        return any(page["url"].endswith(path) for page in window.pages())
    return False


def end_follower(data: Path) -> None:
    """End the Hearth that was started in the place of another."""
    follower = running(data)
    assert follower
    psutil.Process(follower).terminate()
    until(lambda: running(data) is None, "its end")


def test_an_updated_hearth_restarts_with_page_and_choices(tmp_path: Path) -> None:
    def kept() -> Theme:
        return ShellSettings(tmp_path / "hearth").theme

    # Its own window: this one ends, and a second try needs another.
    with opened(tmp_path) as window:
        open_settings(window)
        window.click("link", "Dark")
        window.wait_for(DARK)
        window.click("link", "Notes")
        window.wait_for("location.pathname === '/notes'")
        window.evaluate(f"{ROOT}.dataset.update = 'installed'")
        window.wait_for(SHOWS_UPDATE)
        said = window.evaluate("document.querySelector('.banner .offer').innerText")
        assert said.startswith("Hearth was updated. Restart it"), "it is one version"
        window.photograph("updated")
        window.click("link", "Restart")
        assert window.process.wait(PATIENCE_S) == 0
        assert kept() is Theme.DARK
        until(lambda: is_shown_again(window, "/notes"), "the page of before")
        end_follower(tmp_path / "hearth")


def test_an_answer_is_finished_before_an_updated_hearth_restarts(
    tmp_path: Path, scripted_gguf: Path
) -> None:
    with opened(tmp_path) as window:
        window.use_model(scripted_gguf)
        window.wait_for("document.querySelector('.model [name=choice]') !== null")
        window.ask("Go on forever")
        window.find("button", "Stop")
        place = window.wait_for("location.pathname !== '/' && location.pathname")
        window.evaluate(f"{ROOT}.dataset.update = 'installed'")
        window.click("link", "Restart")
        awaited = "document.querySelector('.banner.updated .awaited')"
        window.wait_for(f"{awaited}.checkVisibility()")
        length = "document.querySelector('#log').innerText.length"
        before = window.evaluate(length)
        window.wait_for(f"{length} > {before} + 50")
        assert window.process.poll() is None, "it waits"
        window.click("button", "Stop")
        assert window.process.wait(PATIENCE_S) == 0
        until(lambda: is_shown_again(window, place), "the conversation of before")
        end_follower(tmp_path / "hearth")
