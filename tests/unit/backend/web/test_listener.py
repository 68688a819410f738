"""The socket is ours alone and on the loopback address alone."""

import contextlib
import socket
import sys

import pytest

from backend.interface.protocol import LOOPBACK
from backend.web.listener import bind_exclusively, listen

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX sockets")


def bind_beside(port: int, *options: int) -> None:
    with contextlib.closing(socket.socket()) as second:
        for option in options:
            second.setsockopt(socket.SOL_SOCKET, option, 1)
        second.bind((LOOPBACK, port))
        second.listen()


def test_a_free_port_is_found_and_told() -> None:
    listener = listen(0)
    with socket.create_connection((LOOPBACK, listener.port)) as connection:
        assert connection.getpeername() == (LOOPBACK, listener.port)


def test_the_wanted_port_is_taken() -> None:
    with bind_exclusively(0) as free:
        port = free.getsockname()[1]
    assert listen(port).port == port


def test_a_taken_port_is_given_up() -> None:
    with bind_exclusively(0) as taken:
        port = taken.getsockname()[1]
        assert listen(port).port not in {0, port}


@pytest.mark.parametrize(
    "options",
    [(), (socket.SO_REUSEADDR,), (socket.SO_REUSEPORT,)],
    ids=["plain", "reuse address", "reuse port"],
)
def test_robyn_shares_its_port_with_nobody(options: tuple[int, ...]) -> None:
    listener = listen(0)
    with pytest.raises(OSError, match="in use"):
        bind_beside(listener.port, *options)
