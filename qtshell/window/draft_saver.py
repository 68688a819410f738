"""Waits until what was typed a moment ago is stored, before the program ends."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from qtshell.web.view import WebView

_PATIENCE_MS: Final = 3_000
"""For a page or a sidecar that hangs; on a busy machine a hidden page takes 1 s."""

_LOOK_AGAIN_MS: Final = 10
_KEEP: Final = "window.hearthDrafts?.keep()"
_IS_STORED: Final = "window.hearthDrafts?.isStored() ?? true"

Keeper = Callable[[Callable[..., object]], object]
"""Stores what it shows, and calls what it is given when that is done or in vain."""


class DraftSaver(QObject):
    """Asks all places where something is typed to store it.

    Signals:
        kept: All did, or took too long. Emitted once.
    """

    kept = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting = 0
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._patience.timeout.connect(self.kept)

    def keep(self, *keepers: Keeper) -> None:
        """Ask them all."""
        self._waiting = len(keepers)
        self._patience.start()
        for store in keepers:
            store(self._on_stored)

    def _on_stored(self, *_: object) -> None:
        self._waiting -= 1
        if not self._waiting and self._patience.isActive():
            # Not inside the answer of a page or a sidecar that is let go of.
            self._patience.start(0)


def keep_page(view: "WebView", kept: Callable[..., object]) -> None:
    """Let a page store what was typed into it, and tell when it has."""

    def look() -> None:
        view.ask(_IS_STORED, go_on)

    def go_on(is_stored: object) -> None:
        if is_stored:
            kept()
        else:
            QTimer.singleShot(_LOOK_AGAIN_MS, view, look)

    view.run(_KEEP)
    look()
