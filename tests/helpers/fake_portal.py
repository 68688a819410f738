"""A GlobalShortcuts portal that gives, refuses, and presses; run as a program.

`python -m tests.helpers.fake_portal gives|gives-one|refuses` prints a line per call.
"""

import sys

from jeepney import (
    DBusAddress,
    HeaderFields,
    MessageType,
    message_bus,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import Proxy, open_dbus_connection

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SESSION = f"{PATH}/session/1"


def main(behaviour: str) -> None:
    """Answer until the bus ends."""
    connection = open_dbus_connection("SESSION")
    Proxy(message_bus, connection).RequestName(NAME)
    print("ready", flush=True)  # noqa: T201 for the test
    count = 0

    def signal(
        path: str, interface: str, member: str, kinds: str, *body: object
    ) -> None:
        emitter = DBusAddress(path, interface=interface)
        connection.send(new_signal(emitter, member, kinds, body))

    def respond(call: object, code: int, results: dict[str, object]) -> None:
        nonlocal count
        count += 1
        handle = f"{PATH}/request/{count}"
        # The answer comes first, as a fast portal's may.
        signal(
            handle,
            "org.freedesktop.portal.Request",
            "Response",
            "ua{sv}",
            code,
            results,
        )
        connection.send(new_method_return(call, "o", (handle,)))

    while True:
        call = connection.receive()
        if call.header.message_type is not MessageType.method_call:
            continue
        member = call.header.fields[HeaderFields.member]
        print(member, call.body, flush=True)  # noqa: T201 for the test
        match member:
            case "CreateSession":
                respond(call, 0, {"session_handle": ("s", SESSION)})
            case "BindShortcuts" if behaviour == "refuses":
                respond(call, 1, {})
            case "BindShortcuts":
                names = [name for name, _ in call.body[1]]
                given = names[:1] if behaviour == "gives-one" else names
                shortcuts = [(n, {"trigger_description": ("s", "Ctrl")}) for n in given]
                respond(call, 0, {"shortcuts": ("a(sa{sv})", shortcuts)})
                interface = "org.freedesktop.portal.GlobalShortcuts"
                pressed = (SESSION, "quick-ask", 1, dict[str, object]())
                signal(PATH, interface, "Activated", "osta{sv}", *pressed)
            case _:
                connection.send(new_method_return(call))


if __name__ == "__main__":
    main(sys.argv[1])
