"""Collects cyclic garbage in the thread of the windows alone."""

import gc
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject, QTimer

LOOK_EVERY_MS: Final = 5_000


class GarbageCollector(QObject):
    """Stands in for Python's own collections, which run in whatever thread allocates.

    A window that became garbage would be taken apart there, and Qt ends the program
    when a timer or a widget is deleted in another thread than its own.
    """

    def __init__(self, parent: QObject, every_ms: int = LOOK_EVERY_MS) -> None:
        """Take over from now on, until the program ends."""
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=every_ms)
        self._timer.timeout.connect(collect_due)
        self._timer.start()


def collect_due() -> None:
    """Collect what Python would have collected by now."""
    generation = due_generation(gc.get_count(), gc.get_threshold())
    if generation is not None:
        gc.collect(generation)


def due_generation(counts: Sequence[int], thresholds: Sequence[int]) -> int | None:
    """Return the oldest generation that is full, None when none is.

    Args:
        counts: How full each is, the youngest first, as `gc.get_count` says.
        thresholds: Beyond which it is collected; 0 means never.
    """
    full = [
        generation
        for generation, (count, threshold) in enumerate(
            zip(counts, thresholds, strict=True)
        )
        if 0 < threshold < count
    ]
    return max(full, default=None)
