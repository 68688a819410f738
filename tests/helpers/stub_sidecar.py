"""A sidecar of the standard library that keeps, or breaks, the contract on demand.

Run as a program with one behaviour: obey, crash, silent, garbled, deaf, wrong-port,
wrong-pid, impostor, noisy, ignores-quit, shakes-again, ends, last-words.
"""

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from backend.interface.protocol import (  # noqa: E402  run as a program, the path comes first
    HEALTH_PATH,
    LOOPBACK,
    TOKEN_HEADER,
    Handshake,
    Hello,
    SidecarEnd,
    prove,
)
from qtshell.sidecar.launch import Launch  # noqa: E402 after the path is set


def stub_launch(behaviour: str) -> Launch:
    """Return the command that runs the stub."""
    return Launch(sys.executable, ("-u", str(Path(__file__).resolve()), behaviour))


class StubHandler(BaseHTTPRequestHandler):
    """Serves the proof, and pages to who knows the token.

    /page?html=… is that page, /go?to=… a redirect, /events a stream that stays open,
    /seen what was asked; anything else is a page with its path as the title.
    """

    token: ClassVar[str] = ""
    honest: ClassVar[bool] = True
    says_again: ClassVar[int] = 0
    beats_left: ClassVar[int] = -1
    seen: ClassVar[list[dict[str, object]]] = []

    def do_GET(self) -> None:
        """Answer the proof to everybody and pages to who knows the token."""
        parts = urlsplit(self.path)
        if parts.path == HEALTH_PATH:
            nonce = parse_qs(parts.query).get("nonce", [""])[0]
            proof = prove(self.token if self.honest else "guess", nonce)
            body = {"status": "healthy", "database": "connected", "proof": proof}
            self._answer(200, json.dumps(body), "application/json")
            StubHandler.beats_left -= 1
            if self.beats_left == 0:
                end_with_words()
            if self.says_again:
                shake(self.says_again)
                sys.stderr.write("said again\n")
            return
        self._note("GET")
        if self.headers.get_all(TOKEN_HEADER) != [self.token]:
            self._answer(401, "no")
        else:
            self._show(parts.path, parse_qs(parts.query))

    def do_POST(self) -> None:
        """Take a form and tell it back."""
        size = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(size).decode()
        self._note("POST", body)
        known = self.headers.get_all(TOKEN_HEADER) == [self.token]
        self._answer(200 if known else 401, body if known else "no")

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""

    def _show(self, path: str, query: dict[str, list[str]]) -> None:
        match path:
            case "/seen":
                self._answer(200, json.dumps(self.seen), "application/json")
            case "/page":
                self._answer(200, query["html"][0])
            case "/go":
                self.send_response(302)
                self.send_header("Location", query["to"][0])
                self.send_header("Set-Cookie", "taken=yes")
                self.end_headers()
            case "/events":
                self._stream()
            case _:
                self._answer(200, f"<title>{path}</title><h1>{path}</h1>")

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"retry: 50\ndata: hello\n\n")
        self.wfile.flush()
        threading.Event().wait()

    def _note(self, method: str, body: str = "") -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append(
            {"method": method, "path": self.path, "headers": headers, "body": body}
        )

    def _answer(self, status: int, body: str, kind: str = "text/html") -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class StubServer(ThreadingHTTPServer):
    """Takes the last port again at once, and leaves no thread behind."""

    daemon_threads = True
    allow_reuse_address = True


def serve(hello: Hello, *, honest: bool = True) -> int:
    """Serve in a thread and return the port."""
    StubHandler.token, StubHandler.honest = hello.token, honest
    try:
        server = StubServer((LOOPBACK, hello.port), StubHandler)
    except OSError:
        server = StubServer((LOOPBACK, 0), StubHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])


def shake(port: int, pid: int | None = None) -> None:
    """Say the handshake."""
    sys.stdout.write(Handshake(port=port, pid=pid or os.getpid()).to_line())
    sys.stdout.flush()


def garble() -> None:
    """Say many things that are no handshake."""
    sys.stdout.write("hearth/2 listening on: 127.0.0.1:80 pid: 1\n")
    sys.stdout.write("hearth/1 listening on: 0.0.0.0:8080 pid: 1\n")
    sys.stdout.write("hearth/1 listening on: 127.0.0.1:99999 pid: 1\n")
    sys.stdout.write("\x00\xff\x1b[31m half a line")
    sys.stdout.flush()


def listen_only() -> int:
    """Accept connections in the backlog and never answer."""
    silent = socket.create_server((LOOPBACK, 0))
    port = int(silent.getsockname()[1])
    StubHandler.seen.append({"held": silent})
    return port


def crash() -> None:
    """Say why on stderr and exit."""
    sys.stderr.write("the stub cannot open its database\n")
    sys.exit(3)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server((LOOPBACK, 0)) as gone:
        return int(gone.getsockname()[1])


def make_noise(hello: Hello) -> None:
    """Drown the handshake, on both streams."""
    sys.stderr.write("x" * 100_000 + "\nfine after all\n")
    for _ in range(10):
        sys.stdout.write("noise " * 30_000 + "\n")
    shake(serve(hello))
    sys.stdout.write("and more\n" * 1_000)


def stay(hello: Hello) -> None:
    """Serve, and hear neither the end of the leash nor a polite signal."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    shake(serve(hello))


def shake_again(hello: Hello) -> None:
    """Name another port after each proof."""
    StubHandler.says_again = free_port()
    shake(serve(hello))


def end_before_serving() -> None:
    """Be a fork server whose sidecar dies at once."""
    sys.stdout.write(SidecarEnd(code=1).to_line())
    sys.stdout.flush()


def end_with_words() -> None:
    """Be a fork server whose sidecar dies of too little memory, and says so."""
    sys.stderr.write("memory allocation of 8 bytes failed\n")
    sys.stderr.flush()
    sys.stdout.write(SidecarEnd(code=-6).to_line())
    sys.stdout.flush()


def serve_one_beat(hello: Hello) -> None:
    """Die after the proof, at the first heartbeat."""
    StubHandler.beats_left = 2
    shake(serve(hello))


BEHAVIOURS: dict[str, Callable[[Hello], None]] = {
    "obey": lambda hello: shake(serve(hello)),
    "crash": lambda _: crash(),
    "silent": lambda _: None,
    "garbled": lambda _: garble(),
    "deaf": lambda _: shake(listen_only()),
    "wrong-port": lambda _: shake(free_port()),
    "wrong-pid": lambda hello: shake(serve(hello), pid=1),
    "impostor": lambda hello: shake(serve(hello, honest=False)),
    "noisy": make_noise,
    "ignores-quit": stay,
    "shakes-again": shake_again,
    "ends": lambda _: end_before_serving(),
    "last-words": serve_one_beat,
}


def main() -> None:
    """Read the hello, behave, and end with the leash."""
    behaviour = sys.argv[1]
    BEHAVIOURS[behaviour](Hello.from_line(sys.stdin.readline()))
    sys.stdin.read()
    if behaviour == "ignores-quit":
        threading.Event().wait()


if __name__ == "__main__":
    main()
