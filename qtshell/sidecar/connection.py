"""Tells the sidecar whether the system says that the connection is metered.

Asked of NetworkManager itself: Qt's own plugin for it says "not metered" after it was
loaded, whatever is true, until something changes. Where there is none, nobody tells.
"""

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import SLOT, QObject, Slot

from backend.interface.api_types import Done
from qtshell.sidecar.client import SidecarClient
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
        self._client = client
        self._supervisor = supervisor
        self._bus: QDBusConnection | None = None
        self._is_telling = False
        supervisor.ready.connect(self._on_ready)

    def _on_ready(self) -> None:
        if self._bus is None:
            self._follow()
        else:
            # It may be another word than the one it was begun with.
            self._tell()

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
        if is_metered(said) != self._supervisor.is_metered:
            self._supervisor.is_metered = is_metered(said)
            self._tell()

    def _tell(self) -> None:
        """Tell the word; one that changes meanwhile is told after it, not beside it."""
        if self._is_telling:
            return
        said, self._is_telling = self._supervisor.is_metered, True

        def go_on(_: object = None) -> None:
            self._is_telling = False
            if said != self._supervisor.is_metered:
                self._tell()

        def stop() -> None:
            # The next sidecar is begun with the word of then.
            self._is_telling = False

        form = {"metered": "yes" if said else ""}
        self._client.post(
            "/api/v1/sync/metered",
            form,
            Done,
            go_on,
            refused=go_on,
            unreachable=stop,
        )
