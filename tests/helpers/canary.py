"""A server that must hear nothing: every connection and every packet is remembered."""

import contextlib
import socket
import threading
from typing import Self

from backend.interface.protocol import LOOPBACK


class Canary:
    """Listens on a TCP and a UDP port, and sings when anybody comes."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._tcp = socket.create_server((LOOPBACK, 0))
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((LOOPBACK, 0))
        self.port: int = self._tcp.getsockname()[1]
        self.udp_port: int = self._udp.getsockname()[1]
        self.url = f"http://{LOOPBACK}:{self.port}"
        self._threads = [
            threading.Thread(target=listen, daemon=True)
            for listen in (self._accept, self._receive)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._tcp.shutdown(socket.SHUT_RDWR)
        self._tcp.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"end", (LOOPBACK, self.udp_port))
        for thread in self._threads:
            thread.join(5)
        self._udp.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(1)
                self.heard.append(b"connected")
                with contextlib.suppress(OSError):
                    self.heard.append(connection.recv(4096))
                    connection.sendall(b"HTTP/1.1 204 Heard\r\n\r\n")

    def _receive(self) -> None:
        while (packet := self._udp.recv(4096)) != b"end":
            self.heard.append(packet)
