"""The contract between shell and sidecar: hello, handshake, proof, token, leash.

Standard library only, so that both sides can import it before anything heavy.
"""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass, fields
from typing import Final

PROTOCOL_VERSION: Final = 1
LOOPBACK: Final = "127.0.0.1"
HEALTH_PATH: Final = "/api/v1/health"
TOKEN_HEADER: Final = "X-Hearth-Token"  # noqa: S105 the header's name, no secret
COMMAND_PREFIX: Final = "/shell/"
MAX_LINE_BYTES: Final = 64 * 1024
MAX_TEXT_CHARS: Final = 200_000
"""How long a text may be that is sent in one go, in characters of any language."""
MAX_ENCODED_CHAR_BYTES: Final = 12
"""What a character takes at most in a form, percent-encoded, or escaped in JSON."""
LEASH_GRACE_S: Final = 5.0
"""Seconds the sidecar may take to save and exit once the leash has ended."""

_HANDSHAKE = re.compile(
    r"hearth/1 listening on: 127\.0\.0\.1:(\d{1,5}) pid: (\d{1,10})",
)
_ENDED = re.compile(r"hearth/1 ended with: (-?\d{1,3})")
_MAX_PORT: Final = 65_535


class ProtocolError(ValueError):
    """The other side does not speak this version of the contract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What the shell tells the sidecar: one JSON line on its stdin.

    Attributes:
        token: The secret of this run; every request but the proof carries it.
        data_dir: Absolute folder in which everything of this instance lives.
        port: The port to bind, 0 for any; falls back to 0 when it is taken.
        database_key: Opens an encrypted database; None for a plain one.
        dev: Whether developer logging is on.
        safe_mode: Start without opening engines and background work.
        command_key: Stands in the page's own links to the shell's commands: what an
            answer says cannot name them. The same for as long as the shell runs.
        is_metered: The system says that the connection costs by what goes over it.
        version: Of the program whose window this is. After an update it goes on as it
            was, while a sidecar that is started again is of the new one.
    """

    token: str
    data_dir: str
    port: int = 0
    database_key: str | None = None
    dev: bool = False
    safe_mode: bool = False
    command_key: str = ""
    is_metered: bool = False
    version: str = ""

    def to_line(self) -> str:
        """Return the line to write, with its line break."""
        return json.dumps({"protocol": PROTOCOL_VERSION, **asdict(self)}) + "\n"

    @classmethod
    def from_line(cls, line: str) -> "Hello":
        """Read a hello.

        Raises:
            ProtocolError: The line is no hello of this protocol version.
        """
        try:
            data = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise ProtocolError("the hello is not JSON") from exc
        if not isinstance(data, dict) or data.get("protocol") != PROTOCOL_VERSION:
            raise ProtocolError(f"the hello is not of protocol {PROTOCOL_VERSION}")
        known = {field.name for field in fields(cls)}
        hello = {name: value for name, value in data.items() if name in known}
        if not all(isinstance(hello.get(name), str) for name in ("token", "data_dir")):
            raise ProtocolError("the hello lacks its token or data_dir")
        if not hello["token"] or not _is_port(hello.get("port", 0)):
            raise ProtocolError("the hello has an empty token or a wrong port")
        return cls(**hello)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What the sidecar says once, on stdout, when its socket is bound."""

    port: int
    pid: int

    def to_line(self) -> str:
        """Return the line to print, with its line break."""
        return f"hearth/1 listening on: {LOOPBACK}:{self.port} pid: {self.pid}\n"

    @classmethod
    def from_line(cls, line: str) -> "Handshake | None":
        """Read a handshake; None for any other line."""
        match = _HANDSHAKE.fullmatch(line.rstrip("\r\n"))
        if match is None:
            return None
        port, pid = int(match[1]), int(match[2])
        return cls(port=port, pid=pid) if port and _is_port(port) and pid else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SidecarEnd:
    """What the fork server says, on stdout, when a sidecar has ended.

    It starts the next one when a hello comes.

    Attributes:
        code: The exit code, or the number of the signal that killed it, negative.
    """

    code: int

    def to_line(self) -> str:
        """Return the line to print, with its line break."""
        return f"hearth/1 ended with: {self.code}\n"

    @classmethod
    def from_line(cls, line: str) -> "SidecarEnd | None":
        """Read an end; None for any other line."""
        match = _ENDED.fullmatch(line.rstrip("\r\n"))
        return cls(code=int(match[1])) if match else None


class LineReader:
    """Cuts a byte stream into lines, whatever pieces it arrives in.

    A line longer than `MAX_LINE_BYTES` is noise and is dropped as it arrives, so
    that memory stays bounded.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._dropping = False

    def feed(self, data: bytes) -> list[str]:
        """Take what was read and return the lines it completed."""
        *whole, rest = (self._rest + data).split(b"\n")
        if whole and self._dropping:
            del whole[0]
            self._dropping = False
        if len(rest) > MAX_LINE_BYTES:
            rest, self._dropping = b"", True
        self._rest = rest
        return [
            line.decode("utf-8", "replace")
            for line in whole
            if len(line) <= MAX_LINE_BYTES
        ]


def new_token() -> str:
    """Return a fresh 256-bit token."""
    return secrets.token_hex(32)


def new_command_key() -> str:
    """Return what the links to the commands of one shell have in common."""
    return secrets.token_hex(16)


def command_path(key: str, name: str) -> str:
    """Return the path of a link that asks the shell for something."""
    return f"{COMMAND_PREFIX}{key}/{name}"


def prove(token: str, nonce: str) -> str:
    """Return the hex HMAC-SHA256 of the nonce under the token."""
    return hmac.new(token.encode(), nonce.encode(), hashlib.sha256).hexdigest()


def _is_port(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MAX_PORT
