"""What the tray says of the exchange with the person's other computers."""

from PySide6.QtCore import QObject

from backend.interface.api_types import SyncSummary
from qtshell.sidecar.client import SidecarClient
from qtshell.window.tray import TrayIcon


class SyncMenu(QObject):
    """Keeps the lines of the tray's menu as they are, and pauses when asked."""

    def __init__(self, client: SidecarClient, tray: TrayIcon) -> None:
        super().__init__(tray)
        self._client = client
        self._tray = tray
        tray.opening.connect(self.refresh)
        tray.sync_paused.connect(self._pause)

    def refresh(self) -> None:
        """Ask how it is now; while nobody answers, nothing is shown."""
        self._client.get(
            "/api/v1/sync",
            SyncSummary,
            self._show,
            refused=lambda _: self._show(SyncSummary()),
            unreachable=lambda: self._show(SyncSummary()),
        )

    def _show(self, summary: SyncSummary) -> None:
        self._tray.set_sync(summary.words, is_paused=summary.is_paused)

    def _pause(self, is_paused: bool) -> None:  # noqa: FBT001 what a signal carries
        form = {"paused": "yes" if is_paused else ""}
        self._client.post(
            "/api/v1/sync/paused",
            form,
            SyncSummary,
            self._show,
            refused=lambda _: self.refresh(),
        )
