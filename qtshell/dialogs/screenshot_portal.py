"""Has the desktop take a picture of the screen: the Screenshot portal over D-Bus."""

import logging
from typing import Any, Final

from jeepney import DBusAddress, HeaderFields, MatchRule, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection
from jeepney.wrappers import DBusErrorResponse
from PySide6.QtCore import QUrl

from qtshell.dialogs.screenshots import ScreenshotError

log = logging.getLogger("hearth.shell")

_PORTAL: Final = DBusAddress(
    "/org/freedesktop/portal/desktop",
    "org.freedesktop.portal.Desktop",
    interface="org.freedesktop.portal.Screenshot",
)
_ANSWERS: Final = MatchRule(
    type="signal", interface="org.freedesktop.portal.Request", member="Response"
)
_ASK_S: Final = 10.0
_DIALOG_S: Final = 300.0
"""The desktop may ask the user first."""
_NOT_ALLOWED: Final = "It was cancelled, or the desktop did not allow it."


def ask_portal() -> str:
    """Have the desktop take a picture; return where it put that.

    Raises:
        ScreenshotError: The user, or the desktop, did not want it, or there is none.
    """
    try:
        with open_dbus_connection("SESSION") as connection:
            return _ask(connection)
    except (OSError, KeyError, DBusErrorResponse, TimeoutError) as exc:
        log.info("the desktop takes no screenshots: %s", exc)
        raise ScreenshotError from exc


def _ask(connection: DBusConnection) -> str:
    Proxy(message_bus, connection).AddMatch(_ANSWERS)
    options = {"interactive": ("b", True)}
    call = new_method_call(_PORTAL, "Screenshot", "sa{sv}", ("", options))
    # From before the call on: the answer may come before the call returns.
    with connection.filter(_ANSWERS, bufsize=16) as answers:
        reply: Any = connection.send_and_get_reply(call, timeout=_ASK_S)
        if reply.header.message_type.name == "error":
            raise DBusErrorResponse(reply)
        (handle,) = reply.body
        answer: Any = None
        while not answer or answer.header.fields[HeaderFields.path] != handle:
            answer = connection.recv_until_filtered(answers, timeout=_DIALOG_S)
    code, results = answer.body
    if code:
        raise ScreenshotError(_NOT_ALLOWED)
    return QUrl(str(results["uri"][1])).toLocalFile()
