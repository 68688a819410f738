"""Tells the sidecar whether the system says that the connection is metered.

Asked of NetworkManager itself: Qt's own plugin for it says "not metered" after it was
loaded, whatever is true, until something changes. Where there is none, nobody tells.
"""

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import SLOT, QObject, Slot

from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.last_word import LastWord
from qtshell.sidecar.supervisor import SidecarSupervisor

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection, QDBusPendingCallWatcher

_NAME: Final = "org.freedesktop.NetworkManager"
_PATH: Final = "/org/freedesktop/NetworkManager"
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_METERED: Final = frozenset({1, 3})
"""NMMetered: yes, and guessed yes; the others are unknown, no and guessed no."""


def is_metered(said: object) -> bool:
    """Return whether what NetworkManager says means that every byte counts."""
    return said in _METERED


class ConnectionWatch(QObject):
    """Follows NetworkManager from when the sidecar is first ready."""

    def __init__(
        self, client: SidecarClient, supervisor: SidecarSupervisor, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._word = LastWord(client, "/api/v1/sync/metered", "metered")
        self._supervisor = supervisor
        self._bus: QDBusConnection | None = None
        supervisor.ready.connect(self._on_ready)

    def _on_ready(self) -> None:
        # What was heard since it was begun is told; what it was begun with is not.
        self._word.begun_with(word=self._supervisor.began_metered)
        if self._bus is None:
            self._follow()
        else:
            self._word.tell(word=self._supervisor.is_metered)

    def _follow(self) -> None:
        from PySide6.QtDBus import QDBusConnection  # noqa: PLC0415 slow to import

        self._bus = bus = QDBusConnection.systemBus()
        slot = SLOT("ask()")
        # The stub wants bytes, which Qt refuses.
        bus.connect(  # type: ignore[call-overload]
            _NAME, _PATH, _PROPERTIES, "PropertiesChanged", self, slot
        )
        self.ask()

    @Slot()
    def ask(self) -> None:
        """Ask for the word itself: PySide6 cannot read the one in the signal."""
        from PySide6.QtDBus import (  # noqa: PLC0415 slow to import
            QDBusMessage,
            QDBusPendingCallWatcher,
        )

        if self._bus is None:
            return
        call = QDBusMessage.createMethodCall(_NAME, _PATH, _PROPERTIES, "Get")
        call.setArguments([_NAME, "Metered"])
        call.setAutoStartService(False)
        asked = QDBusPendingCallWatcher(self._bus.asyncCall(call), self)
        asked.finished.connect(self._heard)

    def _heard(self, asked: "QDBusPendingCallWatcher") -> None:
        asked.deleteLater()
        found = asked.reply().arguments()
        said = found[0].variant() if not asked.isError() and found else 0
        self._supervisor.is_metered = is_metered(said)
        self._word.tell(word=is_metered(said))
