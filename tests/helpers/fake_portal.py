"""A portal that gives or refuses shortcuts and screenshots; run as a program.

`python -m tests.helpers.fake_portal gives|gives-one|refuses [picture]` prints a line
per call. A call of `Press` presses the keys of a shortcut.
"""

import sys
from collections.abc import Iterator

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    message_bus,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SESSION = f"{PATH}/session/1"


def given(behaviour: str, asked: list[tuple[str, object]]) -> list[object]:
    """Return the shortcuts that are given, and how their keys are called."""
    names = [name for name, _ in asked][: 1 if behaviour == "gives-one" else None]
    return [(name, {"trigger_description": ("s", "Ctrl")}) for name in names]


def signal(
    path: str, interface: str, member: str, kinds: str, *body: object
) -> Message:
    """Return a signal of the portal."""
    return new_signal(DBusAddress(path, interface=interface), member, kinds, body)


def calls(connection: DBusConnection) -> Iterator[Message]:
    """Yield who calls."""
    while True:
        call = connection.receive()
        if call.header.message_type is MessageType.method_call:
            yield call


def activated(name: str) -> Message:
    """Return what tells that the keys of a shortcut were pressed."""
    interface = "org.freedesktop.portal.GlobalShortcuts"
    pressed = (SESSION, name, 1, dict[str, object]())
    return signal(PATH, interface, "Activated", "osta{sv}", *pressed)


def main(behaviour: str, picture: str = "/shown/A%20picture.png") -> None:
    """Answer until the bus ends."""
    connection = open_dbus_connection("SESSION")
    Proxy(message_bus, connection).RequestName(NAME)
    print("ready", flush=True)  # noqa: T201 for the test
    count = 0

    def respond(call: object, code: int, results: dict[str, object]) -> None:
        nonlocal count
        count += 1
        handle = f"{PATH}/request/{count}"
        # The answer comes first, as a fast portal's may.
        request = "org.freedesktop.portal.Request"
        said = signal(handle, request, "Response", "ua{sv}", code, results)
        connection.send(said)
        connection.send(new_method_return(call, "o", (handle,)))

    for call in calls(connection):
        member = call.header.fields[HeaderFields.member]
        print(member, call.body, flush=True)  # noqa: T201 for the test
        match member:
            case "CreateSession":
                respond(call, 0, {"session_handle": ("s", SESSION)})
            case "BindShortcuts" | "Screenshot" if behaviour == "refuses":
                respond(call, 1, {})
            case "Screenshot":
                respond(call, 0, {"uri": ("s", f"file://{picture}")})
            case "BindShortcuts":
                shortcuts = given(behaviour, call.body[1])
                respond(call, 0, {"shortcuts": ("a(sa{sv})", shortcuts)})
                connection.send(activated("quick-ask"))
            case "Press":
                connection.send(activated(call.body[0]))
                connection.send(new_method_return(call))
            case _:
                connection.send(new_method_return(call))


if __name__ == "__main__":
    main(*sys.argv[1:])
