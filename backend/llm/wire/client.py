"""Builds the HTTP client that speaks to a model server."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from backend.llm.options import EngineOptions
from backend.llm.providers import headers_for
from backend.llm.wire.system_proxy import SYSTEM, system_proxy

if TYPE_CHECKING:
    import ssl

    import httpx2

USER_AGENT: Final = "Hearth"
"""Some providers refuse the one of a library."""
_SECRET_CHARS: Final = 4
"""What is shorter is no secret, and would be found in many words."""
_KEEPALIVE: Final = {
    "SO_KEEPALIVE": (socket.SOL_SOCKET, 1),
    "TCP_KEEPIDLE": (socket.IPPROTO_TCP, 30),
    "TCP_KEEPALIVE": (socket.IPPROTO_TCP, 30),
    "TCP_KEEPINTVL": (socket.IPPROTO_TCP, 15),
    "TCP_KEEPCNT": (socket.IPPROTO_TCP, 6),
}
"""Ends the wait for a computer that vanished, within two minutes, and for no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRoute:
    """The way to a server.

    Attributes:
        proxy: By whom it is reached, with name and password if it wants them; "" for
            nobody, `SYSTEM` for whom the system has.
        ca_file: Who may vouch for it beside those the system trusts; "" for nobody.
        headers: What it is told beside the usual.
    """

    proxy: str = ""
    ca_file: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, options: EngineOptions) -> Self:
        """Return the way a person set."""
        known = {name: value for name, value in options.headers.items() if value}
        return cls(proxy=options.proxy, ca_file=options.ca_file, headers=known)

    def proxy_for(self, url: str) -> str:
        """Return the address of the proxy by which an address is reached."""
        return system_proxy(url) if self.proxy == SYSTEM else self.proxy

    def with_login(self, login: str) -> "ServerRoute":
        """Return it with a name and password for the proxy, as in "name:password"."""
        if not login or self.proxy in ("", SYSTEM):
            return self
        parts = urlsplit(self.proxy)
        return replace(
            self, proxy=parts._replace(netloc=f"{login}@{parts.netloc}").geturl()
        )

    def hidden(self, words: str, key: str) -> str:
        """Return words of the server without what it was told in confidence."""
        for secret in (key, *self.headers.values()):
            if len(secret) >= _SECRET_CHARS:
                words = words.replace(secret, "…")
        return words


DIRECT: Final = ServerRoute()


def new_client(
    base_url: str, api_key: str, connect_s: float, route: ServerRoute = DIRECT
) -> "httpx2.AsyncClient":
    """Return a client for one server; call it in a thread, as it loads for 0.1 s.

    The key is sent to this server only: redirects are not followed, and a proxy is
    taken from the environment only where the route says so.

    Raises:
        OSError: The file of certificates cannot be read.
    """
    import httpx2  # noqa: PLC0415 costs 0.1 s, which the start has not got

    headers = {
        "User-Agent": USER_AGENT,
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        # llama.cpp closes after a stream; a pooled connection would race that.
        "Connection": "close",
    }
    headers |= headers_for(urlsplit(base_url).hostname or "", api_key)
    sent = httpx2.Headers(headers)
    sent.update(route.headers)  # whatever the case of their names
    transport = httpx2.AsyncHTTPTransport(
        # Certificates are loaded (30 ms) only where there is one to check.
        verify=_trust(route) if base_url.startswith("https:") else False,
        trust_env=False,
        proxy=route.proxy_for(base_url) or None,
        socket_options=[
            (level, getattr(socket, name), value)
            for name, (level, value) in _KEEPALIVE.items()
            if hasattr(socket, name)
        ],
    )
    return httpx2.AsyncClient(
        headers=sent,
        timeout=httpx2.Timeout(None, connect=connect_s),
        transport=transport,
        trust_env=False,
        follow_redirects=False,
    )


def _trust(route: ServerRoute) -> "ssl.SSLContext | bool":
    """Return who is trusted; True for those of the system alone."""
    if not route.ca_file:
        return True
    import ssl  # noqa: PLC0415 with its certificates it costs 30 ms

    context = ssl.create_default_context()
    context.load_verify_locations(route.ca_file)
    return context


def native_base(base: str) -> str:
    """Return where a server answers in its own way, beside that of OpenAI."""
    return base.partition("?")[0].removesuffix("/v1")


def endpoint(base: str, path: str) -> str:
    """Return an address below a base address."""
    address, mark, version = base.partition("?")
    return f"{address}{path}{mark}{version}"
