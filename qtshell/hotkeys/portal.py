"""The global shortcuts on Wayland: the GlobalShortcuts portal over D-Bus.

With jeepney, which the keyring brings along: QtDBus of PySide6 cannot say the nested
types of this portal. It waits in a thread of its own.
"""

import contextlib
import logging
import os
import threading
from collections.abc import Mapping
from typing import Any, Final

from jeepney import DBusAddress, HeaderFields, MatchRule, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection
from jeepney.wrappers import DBusErrorResponse
from PySide6.QtCore import QObject, Qt, Signal

from qtshell.hotkeys.base import Shortcut, parse_keys
from qtshell.identity import APP_ID

log = logging.getLogger("hearth.shell")

_BUS: Final = "org.freedesktop.portal.Desktop"
_PATH: Final = "/org/freedesktop/portal/desktop"
_SHORTCUTS: Final = DBusAddress(
    _PATH, _BUS, interface="org.freedesktop.portal.GlobalShortcuts"
)
_REGISTRY: Final = DBusAddress(
    _PATH, _BUS, interface="org.freedesktop.host.portal.Registry"
)
_REQUEST: Final = "org.freedesktop.portal.Request"
_NOT_GIVEN: Final = "The desktop assigned no keys to it."
_ASK_S: Final = 10.0
_DIALOG_S: Final = 300.0
"""The desktop may ask the user first."""

_NAMES: Final = {
    Qt.KeyboardModifier.ControlModifier: "CTRL",
    Qt.KeyboardModifier.AltModifier: "ALT",
    Qt.KeyboardModifier.ShiftModifier: "SHIFT",
    Qt.KeyboardModifier.MetaModifier: "LOGO",
}


class PortalRefusedError(Exception):
    """The portal, or the user, said no; the text says why."""


class PortalGrab(QObject):
    """Shortcuts the desktop gave, or gives once the user agreed.

    Signals:
        pressed: The name of the one that was pressed.
        refused: A name, and why there are no keys for it.
        described: A name, and how the desktop calls the keys it gave.
    """

    pressed = Signal(str)
    refused = Signal(str, str)
    described = Signal(str, str)

    def __init__(self, shortcuts: Mapping[str, Shortcut], parent: QObject) -> None:
        super().__init__(parent)
        self._shortcuts = dict(shortcuts)
        self._released = threading.Event()
        self._connection: DBusConnection | None = None
        self._thread = threading.Thread(target=self._run, name="portal", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Let the shortcuts go: the portal ends the session of who leaves."""
        self._released.set()
        if self._connection is not None:
            with contextlib.suppress(OSError):  # it has ended by itself
                self._connection.sock.shutdown(2)
        self._thread.join(_ASK_S)

    def _run(self) -> None:
        try:
            with open_dbus_connection("SESSION") as connection:
                self._connection = connection
                self._listen(_Portal(connection))
        except PortalRefusedError as exc:
            self._refuse(str(exc))
        except (OSError, KeyError, DBusErrorResponse, TimeoutError) as exc:
            if not self._released.is_set():
                log.info("no global shortcuts: %s", exc)
                self._refuse("This desktop offers no global shortcuts.")

    def _refuse(self, why: str) -> None:
        for name in self._shortcuts:
            self.refused.emit(name, why)

    def _listen(self, portal: "_Portal") -> None:
        session = portal.open_session()
        given = portal.bind(session, self._shortcuts)
        for name in self._shortcuts:
            if name in given:
                self.described.emit(name, given[name])
            else:
                self.refused.emit(name, _NOT_GIVEN)
        while not self._released.is_set():
            member, body = portal.next_signal()
            if member == "Activated" and body[0] == session and body[1] in given:
                self.pressed.emit(body[1])


class _Portal:
    """The calls of the portal, each waiting for its answer."""

    def __init__(self, connection: DBusConnection) -> None:
        self._connection = connection
        bus = Proxy(message_bus, connection)
        for interface in (_REQUEST, _SHORTCUTS.interface):
            bus.AddMatch(MatchRule(type="signal", interface=interface))
        self._introduce()

    def open_session(self) -> str:
        """Return the path of a new session."""
        options = {"session_handle_token": ("s", f"hearth{os.getpid()}")}
        results = self._request("CreateSession", "a{sv}", (options,), _ASK_S)
        return str(results["session_handle"][1])

    def bind(self, session: str, shortcuts: Mapping[str, Shortcut]) -> dict[str, str]:
        """Ask for the keys; return how the desktop calls what it gave, by name."""
        asked = [
            (
                name,
                {
                    "description": ("s", shortcut.description),
                    "preferred_trigger": ("s", trigger(*parse_keys(shortcut.keys))),
                },
            )
            for name, shortcut in shortcuts.items()
        ]
        options: dict[str, Any] = {}
        body = (session, asked, "", options)
        kinds = "oa(sa{sv})sa{sv}"
        results = self._request("BindShortcuts", kinds, body, _DIALOG_S)
        return {
            str(name): str(about.get("trigger_description", ("s", ""))[1])
            for name, about in results.get("shortcuts", ("", ()))[1]
        }

    def next_signal(self) -> tuple[str, tuple[Any, ...]]:
        """Wait for a signal and return its name and what it says."""
        message = self._connection.receive()
        return str(message.header.fields.get(HeaderFields.member, "")), message.body

    def _introduce(self) -> None:
        """Say who we are: a program outside a sandbox has no name by itself."""
        call = new_method_call(_REGISTRY, "Register", "sa{sv}", (APP_ID, {}))
        try:
            self._ask(call)
        except DBusErrorResponse as exc:
            # Older portals have no registry and give shortcuts without.
            log.info("the portal does not know us: %s", exc)

    def _request(
        self, method: str, kinds: str, body: tuple[Any, ...], wait_s: float
    ) -> dict[str, Any]:
        call = new_method_call(_SHORTCUTS, method, kinds, body)
        rule = MatchRule(type="signal", interface=_REQUEST, member="Response")
        # From before the call on: the answer may come before the call returns.
        with self._connection.filter(rule, bufsize=16) as answers:
            (handle,) = self._ask(call)
            while True:
                answer = self._connection.recv_until_filtered(answers, timeout=wait_s)
                if answer.header.fields[HeaderFields.path] == handle:
                    break
        data: tuple[int, dict[str, Any]] = answer.body
        code, results = data
        if code:
            raise PortalRefusedError("The desktop did not allow the shortcut.")
        return dict(results)

    def _ask(self, call: Any) -> tuple[Any, ...]:  # noqa: ANN401 jeepney's own type
        reply = self._connection.send_and_get_reply(call, timeout=_ASK_S)
        if reply.header.message_type.name == "error":
            raise DBusErrorResponse(reply)
        return tuple(reply.body)


def trigger(modifiers: Qt.KeyboardModifier, key: Qt.Key) -> str:
    """Return keys as the portals spell them: CTRL+ALT+space."""
    names = [name for modifier, name in _NAMES.items() if modifier & modifiers]
    name = key.name.removeprefix("Key_")
    return "+".join([*names, name if name[:1] == "F" and name[1:] else name.lower()])
