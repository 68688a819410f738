"""A proxy for tests, as offices have one: it may want a name and a password."""

import base64
import re
import socket
import threading

from tests.helpers.model_server import Exchange, FakeModelServer


class OfficeProxy:
    """Passes requests on.

    Attributes:
        login: "name:password" it wants; "" for nobody's.
        asked: What it was asked for.
    """

    def __init__(self, login: str = "") -> None:
        self.login = login
        self.asked: list[str] = []

    def serve(self) -> FakeModelServer:
        """Return the server, which starts as a context."""
        return FakeModelServer(self._play)

    def _play(self, exchange: Exchange) -> None:
        self.asked.append(f"{exchange.method} {exchange.path}")
        wanted = base64.b64encode(self.login.encode()).decode()
        if self.login and f"Proxy-Authorization: Basic {wanted}" not in exchange.head:
            exchange.answer(407, "", "Proxy-Authenticate: Basic")
        elif exchange.method == "CONNECT":
            self._tunnel(exchange)
        else:
            self._pass_on(exchange)

    def _tunnel(self, exchange: Exchange) -> None:
        host, _, port = exchange.path.rpartition(":")
        with socket.create_connection((host, int(port))) as far:
            exchange.send(b"HTTP/1.1 200 OK\r\n\r\n")
            up = threading.Thread(target=_copy, args=(exchange.connection, far))
            up.start()
            _copy(far, exchange.connection)
            up.join()

    def _pass_on(self, exchange: Exchange) -> None:
        found = re.match(r"http://([^/:]+):(\d+)(/.*)", exchange.path)
        assert found is not None
        lines = exchange.head.split("\r\n")
        lines[0] = f"{exchange.method} {found[3]} HTTP/1.1"
        with socket.create_connection((found[1], int(found[2]))) as far:
            far.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + exchange.body)
            while piece := far.recv(65536):
                exchange.send(piece)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
