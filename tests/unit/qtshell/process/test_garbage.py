"""Where the shell's cyclic garbage is collected."""

import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from qtshell.process.garbage import GarbageCollector, due_generation


@pytest.mark.parametrize(
    ("counts", "thresholds", "due"),
    [
        ((0, 0, 0), (700, 10, 10), None),
        ((700, 10, 10), (700, 10, 10), None),
        ((701, 0, 0), (700, 10, 10), 0),
        ((701, 11, 0), (700, 10, 10), 1),
        ((5, 11, 11), (700, 10, 10), 2),
        ((9999, 11, 99), (700, 10, 0), 1),
        ((9999, 99, 99), (0, 0, 0), None),
    ],
)
def test_the_oldest_full_generation_is_due(
    counts: tuple[int, ...], thresholds: tuple[int, ...], due: int | None
) -> None:
    assert due_generation(counts, thresholds) == due


def test_a_thread_takes_no_window_apart(qtbot: QtBot) -> None:
    gc.collect()
    gc.enable()
    parent = QObject()
    GarbageCollector(parent, every_ms=1)
    died_in = list[int]()
    garbage = QObject()
    weakref.finalize(garbage, lambda: died_in.append(threading.get_ident()))
    garbage.itself = garbage  # type: ignore[attr-defined]
    del garbage

    thread = threading.Thread(target=lambda: [[] for _ in range(100_000)])
    thread.start()
    thread.join()
    assert died_in == []
    kept: list[list[int]] = [[] for _ in range(100_000)]
    qtbot.waitUntil(lambda: bool(died_in))

    assert died_in == [threading.get_ident()]
    assert kept
    parent.deleteLater()
