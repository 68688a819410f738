"""The keys of the user's quick actions, held for every program."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from backend.interface.api_types import Done, QuickAction
from qtshell.hotkeys.base import Shortcut
from qtshell.hotkeys.registry import Hotkeys
from qtshell.sidecar.client import SidecarClient

_PREFIX: Final = "action-"


class ActionShortcuts(QObject):
    """Holds them; those the desktop refuses work in Hearth's own windows.

    The sidecar learns why, because its page shows the actions.
    """

    def __init__(
        self,
        hotkeys: Hotkeys,
        client: SidecarClient,
        window: QWidget,
        run: Callable[[str], None],
    ) -> None:
        super().__init__(window)
        self._hotkeys = hotkeys
        self._client = client
        self._window = window
        self._run = run
        self._held: dict[str, Shortcut] = {}
        self._refused: dict[str, str] = {}
        self._own: dict[str, QAction] = {}
        self._telling = QTimer(self, singleShot=True, interval=0)
        self._telling.timeout.connect(self.tell)
        hotkeys.pressed.connect(self._on_hotkeys_pressed)
        hotkeys.refused.connect(self._on_hotkeys_refused)

    def hold(self, actions: Sequence[QuickAction]) -> None:
        """Hold the keys of these actions, and no others any more."""
        wanted = {a.id: Shortcut(a.shortcut, a.name) for a in actions if a.shortcut}
        if wanted == self._held:
            return
        # First all that go: two actions may have changed places.
        for action_id in [
            i for i, shortcut in self._held.items() if wanted.get(i) != shortcut
        ]:
            self._let_go(action_id)
        for action_id, shortcut in wanted.items():
            if action_id not in self._held:
                self._held[action_id] = shortcut
                self._hotkeys.hold(
                    _PREFIX + action_id, shortcut.keys, shortcut.description
                )
        self._telling.start()

    def tell(self) -> None:
        """Tell the sidecar which keys were refused, and why."""
        self._client.post("/api/v1/actions/shortcuts", self._refused, Done)

    def _let_go(self, action_id: str) -> None:
        del self._held[action_id]
        self._refused.pop(action_id, None)
        if own := self._own.pop(action_id, None):
            self._window.removeAction(own)
            own.deleteLater()
        self._hotkeys.hold(_PREFIX + action_id, "", "")

    def _on_hotkeys_pressed(self, name: str) -> None:
        if name.startswith(_PREFIX):
            self._run(name.removeprefix(_PREFIX))

    def _on_hotkeys_refused(self, name: str, why: str) -> None:
        action_id = name.removeprefix(_PREFIX)
        if not name.startswith(_PREFIX) or action_id not in self._held:
            return
        self._refused[action_id] = why
        own = QAction(self._window)
        own.setShortcut(QKeySequence(self._held[action_id].keys))
        own.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
        own.triggered.connect(lambda _: self._run(action_id))
        self._window.addAction(own)
        self._own[action_id] = own
        self._telling.start()
