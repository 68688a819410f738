"""Model servers for tests: a fake one that plays a script, and the real llama.cpp."""

import contextlib
import gzip
import json
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from backend.installation import module_command
from backend.llm.builtin.engine_child import ChildConfig, ChildReply

Script = Callable[["Exchange"], None]

_ROOT = Path(__file__).parents[2]
_TLS_HELLO = b"\x16\x03"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


class Exchange:
    """One request to the fake server, and the raw socket to answer it on."""

    def __init__(self, connection: socket.socket, head: str, body: bytes) -> None:
        self.method, self.path = head.split(" ", 2)[:2]
        self.head = head
        self.body = body
        self.gone = threading.Event()
        self._connection = connection

    @property
    def messages(self) -> list[dict[str, str]]:
        """The conversation that was sent."""
        messages: list[dict[str, str]] = json.loads(self.body)["messages"]
        return messages

    @property
    def connection(self) -> socket.socket:
        """The socket itself, for what is no HTTP any more."""
        return self._connection

    def send(self, data: bytes) -> None:
        """Write raw bytes."""
        self._connection.sendall(data)

    def answer(self, status: int, body: str, *headers: str) -> None:
        """Send a whole answer."""
        lines = [f"HTTP/1.1 {status} Whatever", *headers]
        lines += [f"Content-Length: {len(body.encode())}", "", body]
        self.send("\r\n".join(lines).encode())

    def say(self, *pieces: str, finish: str | None = "stop", done: bool = True) -> None:
        """Stream an answer; without finish and done it just breaks off."""
        self.send(HEAD)
        for piece in pieces:
            self.send(event({"content": piece}))
        if finish is not None:
            self.send(event({}, finish))
        if done:
            self.send(b"data: [DONE]\n\n")

    def reset(self) -> None:
        """End the connection with an RST."""
        linger = struct.pack("ii", 1, 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._connection.close()

    def hang(self) -> None:
        """Say nothing more until the client lets go."""
        with contextlib.suppress(OSError):
            while self._connection.recv(1024):
                pass
        self.gone.set()

    def send_for_ever(self, data: bytes) -> None:
        """Repeat the data until the client lets go."""
        try:
            while True:
                self.send(data)
        except OSError:
            self.gone.set()


def event(delta: dict[str, str], finish: str | None = None) -> bytes:
    """Return one event of a streamed answer."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps({'choices': [choice]})}\n\n".encode()


def listing(*ids: str) -> Script:
    """Answer everything with a list of models."""
    body = json.dumps({"object": "list", "data": [{"id": model} for model in ids]})
    return lambda exchange: exchange.answer(200, body)


def refuse(status: int, error: dict[str, Any], *headers: str) -> Script:
    """Answer with an error object."""
    return lambda exchange: exchange.answer(
        status, json.dumps({"error": error}), *headers
    )


def stream(*data: bytes) -> Script:
    """Send a good head and these bytes, then close."""

    def script(exchange: Exchange) -> None:
        exchange.send(HEAD + b"".join(data))

    return script


def stall_after(*data: bytes) -> Script:
    """Send these bytes, then nothing."""

    def script(exchange: Exchange) -> None:
        exchange.send(b"".join(data))
        exchange.hang()

    return script


def in_turn(*scripts: Script) -> Script:
    """Play one script per request; the last one is repeated."""
    left = list(scripts)

    def script(exchange: Exchange) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(exchange)

    return script


def keep_open(*data: bytes) -> Script:
    """Send a good head and these bytes, and keep the connection open."""
    return stall_after(HEAD, *data)


def not_streamed(body: object, status: int = 200) -> Script:
    """Answer with JSON although a stream was asked for."""
    return lambda exchange: exchange.answer(
        status, json.dumps(body), "Content-Type: application/json"
    )


def without_system_role(exchange: Exchange) -> None:
    """Refuse a turn of the system, as templates of Gemma and Mistral do."""
    if any(message["role"] == "system" for message in exchange.messages):
        refuse(500, {"message": "Jinja Exception: System role not supported"})(exchange)
    else:
        exchange.say("Hi")


def alternating(exchange: Exchange) -> None:
    """Refuse turns that do not go user, assistant, user, as some templates do."""
    roles = [message["role"] for message in exchange.messages]
    if roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]:
        exchange.say("Hi")
    else:
        words = "Conversation roles must alternate user/assistant/user/assistant/..."
        refuse(400, {"message": words})(exchange)


def reset_after(*data: bytes) -> Script:
    """Send these bytes, then an RST."""

    def script(exchange: Exchange) -> None:
        exchange.send(b"".join(data))
        exchange.reset()

    return script


def endless(data: bytes) -> Script:
    """Stream these bytes until the client lets go."""

    def script(exchange: Exchange) -> None:
        exchange.send(HEAD)
        exchange.send_for_ever(data)

    return script


def gzip_bomb(exchange: Exchange) -> None:
    """Send a little that would unfold to much."""
    bomb = gzip.compress(b"\0" * 20_000_000)
    exchange.send(HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"))
    exchange.send(bomb)


class FakeModelServer:
    """Plays one script per request; the last script is repeated."""

    def __init__(
        self,
        *scripts: Script,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.requests: list[Exchange] = []
        self._scripts = scripts
        self._tls = tls
        self._host = f"[{host}]" if ":" in host else host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, 0), family=family)
        self._open: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        """The address without a version."""
        return f"http{'s' if self._tls else ''}://{self._host}:{self.port}"

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._socket.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._accepting.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(
                target=self._serve, args=(connection,), daemon=True
            ).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), ExitStack() as stack:
            stack.enter_context(connection)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                stack.enter_context(connection)
            exchange = _read_request(connection)
            if exchange is None:
                return
            number = min(len(self.requests), len(self._scripts) - 1)
            self.requests.append(exchange)
            self._scripts[number](exchange)


def _read_request(connection: socket.socket) -> Exchange | None:
    read = b""
    while b"\r\n\r\n" not in read:
        if not (piece := connection.recv(65536)):
            return None
        read += piece
        if read.startswith(_TLS_HELLO):
            connection.sendall(b"HTTP/1.1 400 This is plain HTTP\r\n\r\n")
            return None
    raw_head, _, body = read.partition(b"\r\n\r\n")
    head = raw_head.decode("latin-1")
    length = _content_length(head.lower().splitlines())
    while len(body) < length:
        body += connection.recv(65536)
    return Exchange(connection, head, body)


def _content_length(lines: Iterable[str]) -> int:
    values = [line.split(":")[1] for line in lines if line.startswith("content-length")]
    return int(values[0]) if values else 0


@contextlib.contextmanager
def refusing_port() -> Iterator[int]:
    """Give a port on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@contextlib.contextmanager
def llama_server(model: Path, api_key: str = "") -> Iterator[str]:
    """Run the real llama.cpp on a port, as a server Hearth knows nothing of."""
    config = ChildConfig(
        model=str(model),
        api_key=api_key,
        threads=1,
        context_tokens=2048,
        sleep_idle_s=900,
        data_limit_bytes=0,
    )
    command = module_command("backend.llm.builtin.engine_child")
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(config.to_line())
        process.stdin.flush()
        replies = (ChildReply.from_line(line.decode()) for line in process.stdout)
        reply = next(filter(None, replies))
        try:
            assert reply.url, reply.error
            yield reply.url
        finally:
            process.kill()
