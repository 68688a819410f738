"""When Hearth says that its files were replaced."""

import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QThreadPool
from pytestqt.qtbot import QtBot

from qtshell import updates
from qtshell.updates import UpdateWatch

pytestmark = pytest.mark.gui


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "LOOK_EVERY_MS", 1)
    monkeypatch.setattr(updates, "SETTLED_MS", 1)


def reading(*found: str) -> tuple[UpdateWatch, list[str]]:
    """A watch that finds these, one after the other, and then the last for good."""
    left, reads = iter(found), list[str]()

    def read() -> str:
        reads.append(next(left, found[-1]))
        return reads[-1]

    return UpdateWatch(read), reads


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "found",
    [
        ("old", "new", "new"),
        ("old", "old", "half", "new", "new"),
        ("old", "", "new", "new"),
        ("", "old", "new", "new"),
    ],
)
def test_an_update_is_said_once_nothing_changes_any_more(
    qtbot: QtBot, found: tuple[str, ...]
) -> None:
    watch, reads = reading(*found)
    with qtbot.waitSignal(watch.updated):
        watch.look()
    assert tuple(reads) == found


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "found",
    [("old", "old"), ("old", "other", "old"), ("old", "", "", "old"), ("",)],
)
def test_what_is_no_update_is_not_said(qtbot: QtBot, found: tuple[str, ...]) -> None:
    watch, reads = reading(*found)
    said: list[str] = []
    watch.updated.connect(lambda: said.append("updated"))
    watch.look()
    qtbot.waitUntil(lambda: len(reads) > len(found) + 3)
    assert said == []


def test_a_watch_that_goes_while_it_reads_goes_in_its_own_thread(qtbot: QtBot) -> None:
    goes_on, gone = threading.Event(), list[threading.Thread]()

    def read() -> str:
        goes_on.wait(5)
        return "old"

    watch = UpdateWatch(read)
    weakref.finalize(watch, lambda: gone.append(threading.current_thread()))
    watch.look()
    del watch
    gc.collect()
    goes_on.set()
    QThreadPool.globalInstance().waitForDone()
    qtbot.waitUntil(lambda: gone == [threading.main_thread()])
