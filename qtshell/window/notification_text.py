"""Makes text fit for desktop notifications, which some servers read as markup."""

import sys
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection, QDBusMessage

_NAME: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"
_TRAY_HOST: Final = "org.kde.StatusNotifierWatcher"
_ANSWER_MS: Final = 1_000


def notification_text(words: str) -> str:
    """Return the words so that the desktop shows them as they are."""
    if not sys.platform.startswith("linux"):
        return words
    # Slow to import, and needed with the first notification only.
    from PySide6.QtDBus import QDBusConnection  # noqa: PLC0415 slow to import

    is_markup = renders_markup(QDBusConnection.sessionBus())
    return escape(words, quote=False) if is_markup else words


def renders_markup(bus: "QDBusConnection") -> bool:
    """Whether Qt's notifications go to a server that reads their text as markup.

    Qt 6.12 sends them over this bus where the tray is on it, and otherwise shows a
    balloon of its own, as plain text.
    """
    from PySide6.QtDBus import QDBusInterface  # noqa: PLC0415 slow to import

    services = bus.interface() if bus.isConnected() else None
    if services is None or not _has(services.call("NameHasOwner", _TRAY_HOST)):
        return False
    server = QDBusInterface(_NAME, _PATH, _NAME, bus)
    server.setTimeout(_ANSWER_MS)
    capabilities = server.call("GetCapabilities").arguments()
    return bool(capabilities) and "body-markup" in capabilities[0]


def _has(answer: "QDBusMessage") -> bool:
    names = answer.arguments()
    return bool(names) and names[0] is True
