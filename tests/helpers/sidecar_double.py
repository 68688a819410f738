"""A server in place of the sidecar: answers each path as a test says, or badly."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl

from PySide6.QtCore import QObject

from backend.protocol import LOOPBACK
from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.origin import Origin
from qtshell.sidecar.supervisor import Trust


@dataclass
class SidecarDouble:
    """What is answered, and what was posted.

    Attributes:
        answers: Status, body and how many bytes more than it has are announced.
        posted: Paths and forms.
    """

    client: SidecarClient
    answers: dict[str, tuple[int, bytes, int]] = field(default_factory=dict)
    posted: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def answer(
        self, path: str, body: bytes = b"", *, status: int = 200, missing: int = 0
    ) -> None:
        """Answer a path with this from now on."""
        self.answers[path] = (status, body, missing)


@contextmanager
def sidecar_double(parent: QObject) -> Iterator[SidecarDouble]:
    """Serve, and lend it with a client that trusts it."""
    with ThreadingHTTPServer((LOOPBACK, 0), BaseHTTPRequestHandler) as server:
        origin = Origin("http", LOOPBACK, server.server_address[1])
        trust = Trust(origin=origin, token="secret")
        double = SidecarDouble(SidecarClient(lambda: trust, parent))
        server.RequestHandlerClass = _handler(double)
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield double
        finally:
            server.shutdown()


def _handler(double: SidecarDouble) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, missing = double.answers.get(self.path, (404, b"", 0))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) + missing))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            double.posted.append((self.path, dict(parse_qsl(form))))
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
