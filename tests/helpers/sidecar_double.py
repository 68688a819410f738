"""A server in place of the sidecar: answers each path as a test says, or badly."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import parse_qsl

from PySide6.QtCore import QObject

from backend.interface.api_types import AnswerPiece, encode
from backend.interface.protocol import LOOPBACK
from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.origin import Origin
from qtshell.sidecar.supervisor import Trust


@dataclass
class SidecarDouble:
    """What is answered, and what was posted.

    Attributes:
        answers: Status, body and how many bytes more than it has are announced.
        posted: Paths and forms.
        fetched: Paths with their queries.
        held: Paths whose answers go on until all is over.
    """

    client: SidecarClient
    answers: dict[str, tuple[int, bytes, int]] = field(default_factory=dict)
    posted: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    is_over: Event = field(default_factory=Event)

    def answer(
        self,
        path: str,
        body: bytes = b"",
        *,
        status: int = 200,
        missing: int = 0,
        holds: bool = False,
    ) -> None:
        """Answer a path with this from now on; `holds` sends no end of it."""
        self.answers[path] = (status, body, missing)
        self.held |= {path} if holds else set()

    def answer_in_pieces(self, message_id: str, *pieces: AnswerPiece) -> None:
        """Let an answer grow by these pieces; who follows it may come back."""
        lines = "".join(f"{encode(piece)}\n" for piece in pieces)
        self.answer(f"/api/v1/messages/{message_id}/pieces", lines.encode())


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
            double.is_over.set()
            server.shutdown()


def _handler(double: SidecarDouble) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            double.fetched.append(self.path)
            status, body, missing = double.answers.get(path, (404, b"", 0))
            self.send_response(status)
            missing += path in double.held
            self.send_header("Content-Length", str(len(body) + missing))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
            if path in double.held:
                double.is_over.wait()

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            double.posted.append((self.path, dict(parse_qsl(form))))
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
