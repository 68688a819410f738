"""Decides where the page may go: pure, and refusing by default.

Standard library only. URLs are matched as strings against one narrow grammar, because
two parsers that disagree about a URL are how a foreign page gets taken for ours.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from backend.protocol import LOOPBACK

COMMAND_PREFIX: Final = "/shell/"

_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<rest>[/?#].*)?",
    re.IGNORECASE,
)
_MAILTO = re.compile(r"mailto:[^\s@<>\"%?&]+@[a-z0-9.-]+", re.IGNORECASE)
_PRINTABLE = re.compile(r"[!-\[\]-~]+")
_COMMAND = re.compile(r"/shell/([a-z][a-z-]{0,40})(?:[?#].*)?")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MAX_PORT: Final = 65_535
_MAX_EXTERNAL: Final = 2_048


class Verdict(Enum):
    """What the shell does with a URL the page wants to go to."""

    IN_VIEW = "in view"
    COMMAND = "command"
    EXTERNAL = "external"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port, always all three."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    @classmethod
    def of(cls, url: str) -> "Origin | None":
        """Return the origin of an http(s) URL; None for anything unusual."""
        match = _URL.fullmatch(url) if _PRINTABLE.fullmatch(url) else None
        if match is None:
            return None
        scheme = match["scheme"].lower()
        port = int(match["port"] or _DEFAULT_PORTS[scheme])
        return cls(scheme, match["host"].lower(), port) if port <= _MAX_PORT else None

    @classmethod
    def of_sidecar(cls, port: int) -> "Origin":
        """Return the origin of a sidecar that listens on a port."""
        return cls("http", LOOPBACK, port)


def classify_navigation(url: str, trusted: Origin | None) -> Verdict:
    """Say what to do with a fully encoded URL."""
    origin = Origin.of(url)
    if origin is not None and origin == trusted:
        if not _path_of(url).startswith(COMMAND_PREFIX):
            return Verdict.IN_VIEW
        return Verdict.COMMAND if command_of(url) else Verdict.BLOCK
    if len(url) > _MAX_EXTERNAL or not _PRINTABLE.fullmatch(url):
        return Verdict.BLOCK
    if origin is not None or _MAILTO.fullmatch(url):
        return Verdict.EXTERNAL
    return Verdict.BLOCK


def command_of(url: str) -> str | None:
    """Return the name in `/shell/<name>`; None when there is none."""
    match = _COMMAND.fullmatch(_path_of(url))
    return match[1] if match else None


def _path_of(url: str) -> str:
    match = _URL.fullmatch(url)
    return (match["rest"] or "/") if match else ""
