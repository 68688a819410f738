"""A tray host and a notification server on the session bus; run as a program.

`python -m tests.helpers.fake_notifications CAPABILITY…` prints "ready", then answers
which capabilities it has until the bus ends.
"""

import sys

from jeepney import MessageType, message_bus, new_method_return
from jeepney.io.blocking import Proxy, open_dbus_connection

NAMES = ("org.kde.StatusNotifierWatcher", "org.freedesktop.Notifications")


def main(capabilities: list[str]) -> None:
    """Answer until the bus ends."""
    connection = open_dbus_connection("SESSION")
    for name in NAMES:
        Proxy(message_bus, connection).RequestName(name)
    print("ready", flush=True)  # noqa: T201 for the test
    while True:
        call = connection.receive()
        if call.header.message_type is MessageType.method_call:
            connection.send(new_method_return(call, "as", (capabilities,)))


if __name__ == "__main__":
    main(sys.argv[1:])
