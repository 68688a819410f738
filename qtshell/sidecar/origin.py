"""An origin of the web, read from a URL by one narrow grammar.

Standard library only. URLs are matched as strings, because two parsers that disagree
about a URL are how a foreign page gets taken for ours.
"""

import re
from dataclasses import dataclass
from typing import Final

from backend.interface.protocol import LOOPBACK

HTTP_URL: Final = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<rest>[/?#].*)?",
    re.IGNORECASE,
)
PRINTABLE: Final = re.compile(r"[!-\[\]-~]+")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MAX_PORT: Final = 65_535


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
        match = HTTP_URL.fullmatch(url) if PRINTABLE.fullmatch(url) else None
        if match is None:
            return None
        scheme = match["scheme"].lower()
        port = int(match["port"] or _DEFAULT_PORTS[scheme])
        return cls(scheme, match["host"].lower(), port) if port <= _MAX_PORT else None

    @classmethod
    def of_sidecar(cls, port: int) -> "Origin":
        """Return the origin of a sidecar that listens on a port."""
        return cls("http", LOOPBACK, port)
