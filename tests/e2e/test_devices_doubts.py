"""A computer that has gone on in two ways is named on the page, until it is mended."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.store.conversations import ConversationStore
from backend.sync.folder import ROOT
from tests.helpers.axe import choose_theme, violations
from tests.helpers.keyboard import Keyboard
from tests.helpers.synced import Computer, carry, grouped, settle, state_of, write
from tests.helpers.window import Window

pytestmark = pytest.mark.e2e

ALARM = "document.querySelector('#devices .row .note.warning')"
METRICS = {"deviceScaleFactor": 1, "mobile": False}


def copied(computer: Computer) -> None:
    """Keep a copy of what a computer and its folder have."""
    computer.database.checkpoint()
    shutil.copy(computer.database.path, computer.home / "kept.db")
    shutil.copytree(computer.shared, computer.home / "kept")


def set_back(computer: Computer) -> None:
    computer.close()
    shutil.copy(computer.home / "kept.db", computer.database.path)
    for end in ("-wal", "-shm"):
        Path(f"{computer.database.path}{end}").unlink(missing_ok=True)
    shutil.rmtree(computer.shared)
    shutil.copytree(computer.home / "kept", computer.shared)
    computer.open()


def deliver(giver: Computer, taker: Computer, is_wanted: Callable[[str], bool]) -> None:
    """Copy some streams of one folder to another."""
    for file in (giver.shared / ROOT).rglob("*.hs"):
        if is_wanted(file.parent.name):
            target = taker.shared / file.relative_to(giver.shared)
            target.parent.mkdir(exist_ok=True)
            shutil.copy(file, target)


@pytest.fixture
def three(tmp_path: Path) -> Iterator[list[Computer]]:
    """Three computers, of which the first was set back and has written on."""
    names = ["Laptop", "Desk", "מחשב נייד"]
    a, b, c = three = grouped(tmp_path, names)
    write(a, "before")
    ConversationStore(a.database).create(title="Hello")
    settle(three)
    copied(a)
    write(a, "shown to the desk")
    a.sync(3)
    carry(a, b)
    b.sync(3)
    set_back(a)
    write(a, "shown to the other one")
    a.sync(3)
    carry(a, c)
    c.sync(3)
    write(c, "of the other one")
    c.sync(3)
    deliver(c, b, lambda stream: stream == state_of(c).stream)
    b.sync(5)
    b.close()
    yield three
    a.close()
    c.close()


def says(window: Window, words: str) -> None:
    said = "document.querySelector('#devices').innerText.replace(/\\s+/g, ' ')"
    window.wait_for(f"{said}.includes({words!r})")


def test_a_fork_is_told_until_it_is_mended_and_read(three: list[Computer]) -> None:
    a, b, c = three
    with Window.start(b.home / "data") as window:
        keys = Keyboard(window)
        keys.open("/devices")
        says(window, "Laptop has written two different things in one place")
        for theme in ("light", "dark"):
            choose_theme(window, theme)
            keys.open("/devices")
            says(window, "Start Hearth on Laptop and let it sync")
            keys.rest()
            assert violations(window) == []
            window.screenshot(f"devices-fork-{theme}")
        for width, height in ((720, 480), (450, 300)):
            size = {"width": width, "height": height}
            window.send("Emulation.setDeviceMetricsOverride", **size, **METRICS)
            window.evaluate(f"{ALARM}.scrollIntoView({{block: 'center'}}); 0")
            keys.rest()
            assert window.evaluate("document.body.scrollWidth <= innerWidth")
            window.photograph(f"devices-fork-{width}")
        window.evaluate("document.documentElement.dir = 'rtl'; 0")
        keys.rest()
        assert window.evaluate("document.body.scrollWidth <= innerWidth")
        window.photograph("devices-fork-rtl")
        window.send("Emulation.clearDeviceMetricsOverride")
        # The writer hears of it, begins again, and all get all.
        others = {state_of(a).stream, state_of(c).stream}
        deliver(b, a, lambda stream: stream not in others)
        a.rounds.look_again()
        a.sync(20)
        deliver(a, b, lambda stream: stream == state_of(a).stream)
        says(window, "Two versions of what Laptop wrote were put together")
        keys.open("/devices")
        says(window, "nothing is lost")
        keys.rest()
        assert violations(window) == []
        window.screenshot("devices-mended")
        keys.focus("#devices [hx-post='/devices/noted']")
        keys.press("Enter")
        window.wait_for(
            "!document.querySelector('#devices').innerText.includes('put together')"
        )
