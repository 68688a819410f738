"""NetworkManager's word on the connection, on the system bus; run as a program.

`python -m tests.helpers.fake_network_manager METERED` prints "ready", then answers an
NMMetered until the bus ends; each line of its input is a new one, sent as a signal.
"""

import sys
import threading
from typing import Final

from jeepney import DBusAddress, MessageType, message_bus, new_method_return, new_signal
from jeepney.io.blocking import Proxy, open_dbus_connection

_NAME: Final = "org.freedesktop.NetworkManager"
_PROPERTIES: Final = DBusAddress(
    "/org/freedesktop/NetworkManager", interface="org.freedesktop.DBus.Properties"
)


def main(metered: int) -> None:
    """Answer until the bus ends."""
    said = [metered]
    connection = open_dbus_connection("SYSTEM")
    Proxy(message_bus, connection).RequestName(_NAME)

    def change() -> None:
        for line in sys.stdin:
            said[0] = int(line)
            body: tuple[object, ...] = (_NAME, {"Metered": ("u", said[0])}, [])
            changed = new_signal(_PROPERTIES, "PropertiesChanged", "sa{sv}as", body)
            connection.send(changed)

    threading.Thread(target=change, daemon=True).start()
    print("ready", flush=True)  # noqa: T201 for the test
    while True:
        call = connection.receive()
        if call.header.message_type is MessageType.method_call:
            connection.send(new_method_return(call, "v", (("u", said[0]),)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
