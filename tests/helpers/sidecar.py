"""Starts a real sidecar and speaks to it as the shell and the page do."""

import contextlib
import http.client
import json
import os
import re
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

from backend.interface.api_types import AnswerPiece, decode
from backend.interface.protocol import (
    HEALTH_PATH,
    LOOPBACK,
    TOKEN_HEADER,
    Handshake,
    Hello,
    new_token,
)

ROOT = Path(__file__).parents[2]
BOOT_S = 20.0


@dataclass(frozen=True)
class Answer:
    """One whole response; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, in which a template's line breaks are spaces."""
        return re.sub(r"\n {2,}(?! )", " ", self.body.decode())


def program_command() -> list[str]:
    """Return what starts Hearth: this source, or the program that is to be tested."""
    if program := os.environ.get("HEARTH_PROGRAM"):
        return [program]
    return [sys.executable, "-m", "qtshell"]


def module_command(module: str) -> list[str]:
    """Return what runs a module, by the tested program when it is one of its own."""
    program = os.environ.get("HEARTH_PROGRAM")
    if program and module.startswith("backend"):
        return [program, "-m", module]
    return [sys.executable, "-u", "-m", module]


@dataclass(frozen=True)
class SentEvent:
    """One event of the stream."""

    seq: int | None
    name: str
    data: str


@dataclass
class Sidecar:
    """A running sidecar, holding its leash.

    Attributes:
        log: Everything it wrote to stderr so far.
    """

    process: "subprocess.Popen[bytes]"
    token: str
    port: int
    _stderr: list[bytes] = field(default_factory=list)
    _reader: threading.Thread | None = None

    @classmethod
    def start(
        cls,
        data_dir: Path,
        *,
        token: str = "",
        port: int = 0,
        module: str = "backend",
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        folder: Path = ROOT,
        umask: int = -1,
        database_key: str | None = None,
        version: str = "",
        drain: bool = True,
    ) -> Self:
        """Start one with `python -m module`; return it once it has shaken hands.

        `environment` is added to ours; `drain` says whether its stderr is read.
        """
        process = subprocess.Popen(
            [*module_command(module), *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            umask=umask,
        )
        token = token or new_token()
        hello = Hello(
            token=token,
            data_dir=str(data_dir),
            port=port,
            database_key=database_key,
            version=version,
        )
        sidecar = cls(process, token, 0)
        if drain:
            sidecar._drain()
        assert process.stdin is not None
        try:
            process.stdin.write(hello.to_line().encode())
            process.stdin.flush()
            sidecar.port = sidecar._read_handshake().port
        except BaseException:
            # A pipe that is left open would fail whichever test comes to collect it.
            sidecar.__exit__()
            raise
        return sidecar

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def host(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def log(self) -> str:
        return b"".join(self._stderr).decode("utf-8", "replace")

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        token: bool = True,
        timeout: float = 10.0,
    ) -> Answer:
        """Send one request over a connection of its own."""
        sent = {TOKEN_HEADER: self.token} if token else {}
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body or None, {**sent, **(headers or {})})
            response = connection.getresponse()
            data = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, data, response.read())

    def get(self, path: str) -> Answer:
        """Fetch a path with the token."""
        return self.request("GET", path)

    def post(self, path: str, body: bytes = b"") -> Answer:
        """Send a form with the token."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return self.request("POST", path, headers=headers, body=body)

    def send_raw(self, data: bytes, timeout: float = 3.0) -> bytes:
        """Send bytes as they are; return what came until the end or the timeout."""
        with socket.create_connection((LOOPBACK, self.port), timeout) as connection:
            received = b""
            with contextlib.suppress(OSError):
                connection.sendall(data)
                while piece := connection.recv(65536):
                    received += piece
            return received

    def ask(
        self, method: str, target: str, *lines: str, timeout: float = 3.0
    ) -> Answer:
        """Send a request made of exactly these header lines."""
        head = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "connection: close"])
        received = self.send_raw(f"{head}\r\n\r\n".encode("latin-1"), timeout)
        start, _, body = received.partition(b"\r\n\r\n")
        status, *reply = start.decode("latin-1").split("\r\n")
        pairs = (line.split(": ", 1) for line in reply)
        return Answer(
            int(status.split()[1]), {name.lower(): value for name, value in pairs}, body
        )

    @contextlib.contextmanager
    def open_events(
        self, since: int | None = None, timeout: float = 10.0
    ) -> Iterator[Iterator[SentEvent]]:
        """Open the event stream and yield its events as they come."""
        path = "/events" if since is None else f"/events?since={since}"
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={TOKEN_HEADER: self.token})
            response = connection.getresponse()
            assert response.status == 200, response.read()
            yield read_events(response)

    def follow(
        self, message_id: str, timeout: float = 20.0
    ) -> Iterator[tuple[str, AnswerPiece]]:
        """Yield an answer as it grows, with each of its pieces; the last ends it."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=timeout)
        with contextlib.closing(connection):
            path = f"/api/v1/messages/{message_id}/pieces"
            connection.request("GET", path, headers={TOKEN_HEADER: self.token})
            response = connection.getresponse()
            assert response.status == 200, response.read()
            text = ""
            for line in filter(bytes.strip, response):
                piece = decode(AnswerPiece, line)
                text = text[: piece.at] + piece.text
                yield text, piece

    def wait_for_log(self, text: str, timeout: float = 10.0) -> None:
        """Return once it has logged a text."""
        deadline = time.monotonic() + timeout
        while text not in self.log:
            assert time.monotonic() < deadline, f"{text!r} is not in:\n{self.log}"
            time.sleep(0.01)

    def wait_for_database(self, timeout: float = 10.0) -> str:
        """Return the database's state once it is opened, or cannot be."""
        deadline = time.monotonic() + timeout
        while True:
            state = str(json.loads(self.get(HEALTH_PATH).body)["database"])
            if state not in {"opening", "swapping"} or time.monotonic() > deadline:
                return state
            time.sleep(0.02)

    def is_listening(self) -> bool:
        """Whether anything accepts a connection on the port."""
        with socket.socket() as probe:
            return probe.connect_ex((LOOPBACK, self.port)) == 0

    def stop(self, timeout: float = 10.0) -> int:
        """Let go of the leash and return the exit code."""
        if self.process.stdin and not self.process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        return self._wait(timeout)

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self._wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.kill()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _wait(self, timeout: float) -> int:
        code = self.process.wait(timeout)
        if self._reader is not None:
            self._reader.join(5)
        return code

    def _drain(self) -> None:
        def read() -> None:
            assert self.process.stderr is not None
            with self.process.stderr as stderr:
                self._stderr.extend(stderr)

        self._reader = threading.Thread(target=read, daemon=True)
        self._reader.start()

    def _read_handshake(self) -> Handshake:
        stdout = self.process.stdout
        assert stdout is not None
        ready, _, _ = select.select([stdout], [], [], BOOT_S)
        handshake = Handshake.from_line(stdout.readline().decode()) if ready else None
        if handshake is None or self.pid not in _with_parent(handshake.pid):
            self.kill()
            raise AssertionError(f"no handshake of {self.pid}:\n{self.log}")
        return handshake


def _with_parent(pid: int) -> tuple[int, int]:
    """Return a process id, and that of the process which may have forked it."""
    return pid, psutil.Process(pid).ppid()


def read_events(lines: "http.client.HTTPResponse") -> Iterator[SentEvent]:
    """Read events from a response, leaving out comments."""
    seq: int | None = None
    name, data = "message", list[str]()
    for raw in lines:
        line = raw.decode().rstrip("\n")
        key, _, value = line.partition(": ")
        match key:
            case "id":
                seq = int(value)
            case "event":
                name = value
            case "data" | "data:":
                data.append(value)
            case "" if not line and (data or name != "message"):
                yield SentEvent(seq, name, "\n".join(data))
                name, data = "message", []
            case _:
                pass
