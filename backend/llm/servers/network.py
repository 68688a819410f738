"""Tells servers on this computer and in its network from those far away."""

import asyncio
import contextlib
import ipaddress
import socket
from typing import Final
from urllib.parse import urlsplit

_LOOKUP_S: Final = 2.0
_NEAR_SUFFIXES: Final = (
    ".localhost",
    ".local",
    ".lan",
    ".home",
    ".internal",
    ".intranet",
    ".localdomain",
    ".home.arpa",
    ".fritz.box",
)
_NEAR_NETWORKS: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "127.0.0.0/8",
            "0.0.0.0/32",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",
            # Private networks over the internet, such as Tailscale's.
            "100.64.0.0/10",
            "::1/128",
            "::/128",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)


def is_near_address(address: str) -> bool:
    """Whether an IP address is of this computer or of a private network."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip in network for network in _NEAR_NETWORKS)


def is_near_name(host: str) -> bool:
    """Whether a name or address says by itself that it is near."""
    name = host.lower().rstrip(".")
    if is_near_address(name) or name.endswith(_NEAR_SUFFIXES):
        return True
    # Only a private network resolves a name without a dot.
    return bool(name) and "." not in name and ":" not in name


async def is_near(url: str) -> bool:
    """Whether the server of an address is near, asking for the address of its name."""
    host = urlsplit(url).hostname or ""
    if is_near_name(host):
        return True
    found: list[str] = []
    with contextlib.suppress(OSError, UnicodeError, TimeoutError):
        async with asyncio.timeout(_LOOKUP_S):
            infos = await asyncio.get_running_loop().getaddrinfo(
                host, None, type=socket.SOCK_STREAM
            )
        found = [str(info[4][0]) for info in infos]
    return bool(found) and all(map(is_near_address, found))
