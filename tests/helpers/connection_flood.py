"""Many connections that ask nothing.

Run as `python -m tests.helpers.connection_flood PORT COUNT`. A third is idle, a third
dribbles
the head of a request, a third its body. They are held until stdin ends.
"""

import contextlib
import itertools
import resource
import select
import socket
import sys
from typing import Final

from backend.interface.protocol import LOOPBACK

READY: Final = "there"
_PACE_S: Final = 5.0
_STARTS: Final = (
    b"",
    b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ",
    b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n",
)


def main(port: int, count: int) -> None:
    """Open them, say so, and dribble."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    slow = []
    with contextlib.ExitStack() as stack:
        for start in itertools.islice(itertools.cycle(_STARTS), count):
            connection = socket.create_connection((LOOPBACK, port), 30)
            stack.enter_context(connection)
            connection.setblocking(False)
            if start:
                connection.send(start)
                slow.append(connection)
        sys.stdout.write(f"{READY}\n")
        sys.stdout.flush()
        while not select.select([sys.stdin], [], [], _PACE_S)[0]:
            for connection in slow:
                with contextlib.suppress(OSError):
                    connection.send(b"a")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
